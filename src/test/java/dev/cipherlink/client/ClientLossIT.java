package dev.cipherlink.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.client.RequestException.NotDoneException;
import dev.cipherlink.client.RequestException.OutcomeUnknownException;
import dev.cipherlink.command.Reply;
import dev.cipherlink.crypto.SharedKey;
import dev.cipherlink.message.Message.MessageType;
import dev.cipherlink.server.RawPeer;
import dev.cipherlink.server.TestServer;
import dev.cipherlink.session.CloseReason;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/// The client and a server that dies, falls silent or ends the session.
class ClientLossIT {

    private interface FakeServer {
        void serve(RawPeer peer) throws IOException;
    }

    /// Runs a server that does as it is told with its first connection and closes it, and only listens to others.
    private static ServerSocket fakeServer(SharedKey key, FakeServer behaviour) throws IOException {
        var listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().start(() -> {
            FakeServer next = behaviour;
            while (!listener.isClosed()) {
                try (var peer = new RawPeer(listener.accept(), key)) {
                    next.serve(peer.accept());
                } catch (IOException e) {
                    // The client sees it.
                }
                next = ClientLossIT::listen;
            }
        });
        return listener;
    }

    private static void listen(RawPeer peer) throws IOException {
        while (peer.receive() != null) {
            peer.flush();
        }
    }

    @Test
    void saysThatTheOutcomeIsUnknownWhenTheServerDiesBeforeTheAnswer() throws Exception {
        try (var key = SharedKey.generate(); var listener = fakeServer(key, RawPeer::receive);
             var client = Client.connect(ClientConfig.to("127.0.0.1", listener.getLocalPort(), key)
                .withReconnect(Duration.ZERO))) {
            assertThrows(OutcomeUnknownException.class, () -> client.request("INCR n"));
            assertThrows(NotDoneException.class, () -> client.request("INCR n"), "this one was not sent");
            assertThrows(NotDoneException.class, () -> client.increment("n", 1));
        }
    }

    /// Requests in flight when the server ended the session were never told: their futures waited for ever.
    @Test
    void saysThatTheOutcomeIsUnknownWhenTheServerEndsTheSessionBeforeTheAnswer() throws Exception {
        try (var key = SharedKey.generate(); var listener = fakeServer(key, peer -> {
            peer.receive();
            peer.send(MessageType.DISCONNECT, 1, "");
            peer.receive();
        }); var client = Client.connect(ClientConfig.to("127.0.0.1", listener.getLocalPort(), key)
                .withTimes(Duration.ofSeconds(5), Duration.ofSeconds(10)))) {
            CompletableFuture<Reply> answer = client.requestAsync("INCR n".getBytes(StandardCharsets.US_ASCII));
            var failure = assertThrows(ExecutionException.class, () -> answer.get(60, TimeUnit.SECONDS));
            assertInstanceOf(OutcomeUnknownException.class, failure.getCause());
        }
    }

    @Test
    void givesUpAServerThatFallsSilent() throws Exception {
        try (var key = SharedKey.generate(); var listener = fakeServer(key, ClientLossIT::listen);
             var client = Client.connect(ClientConfig.to("127.0.0.1", listener.getLocalPort(), key)
                .withTimes(Duration.ofSeconds(5), Duration.ofMillis(100)).withReconnect(Duration.ZERO))) {
            var failure = assertThrows(OutcomeUnknownException.class, () -> client.request("INCR n"));
            assertTrue(failure.getMessage().contains("does not answer any more"), failure.getMessage());
        }
    }

    @Test
    void closesAtOnceIfNothingIsUnderWay() throws Exception {
        try (var server = TestServer.start()) {
            long nanos = 0;
            for (int i = 0; i < 50; i++) {
                Client client = Client.connect(server.clientConfig());
                long start = System.nanoTime();
                client.close();
                client.close();
                nanos += System.nanoTime() - start;
            }
            assertTrue(nanos < TimeUnit.SECONDS.toNanos(50), "each waited for its thread's limit of 2 s");
            server.awaitConnections(0);
            assertEquals(50, server.ended(CloseReason.PEER_DISCONNECTED));
        }
    }
}
