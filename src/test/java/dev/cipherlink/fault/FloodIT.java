package dev.cipherlink.fault;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.client.Client;
import dev.cipherlink.client.ClientConfig;
import dev.cipherlink.command.Reply;
import dev.cipherlink.crypto.SharedKey;
import dev.cipherlink.message.Message;
import dev.cipherlink.message.Message.MessageType;
import dev.cipherlink.message.Message.Payload;
import dev.cipherlink.server.RawPeer;
import dev.cipherlink.server.TestServer;
import dev.cipherlink.session.CloseReason;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/// Cases 22, 39, 40 and 45 of the fault catalogue: a peer that says or asks the same over and over and reads nothing,
/// or begins what it never ends. It costs a bounded amount of memory, and then its connection.
class FloodIT {

    private static final Duration LONG = Duration.ofSeconds(30);
    private static final Duration INTERVAL = Duration.ofMillis(300);
    private static final long BOUND_BYTES = 64 << 20;

    /// As many as a flood has at most.
    private static final int MESSAGES = 300_000;

    /// One message of a flood.
    private interface Flood {
        void add(RawPeer peer) throws IOException;
    }

    /// Sends until the connection is gone, or so many that it would show.
    private static void flood(RawPeer peer, Flood flood) {
        try {
            for (int i = 0; i < MESSAGES; i++) {
                flood.add(peer);
                if (i % 100 == 99) {
                    peer.flush();
                }
            }
        } catch (IOException e) {
            // It was given up.
        }
    }

    private static long used() {
        System.gc();
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    /// A server that reads nothing of what a client with much in flight says, floods it, and leaves.
    private static void floodClient(Flood flood) throws Exception {
        try (var key = SharedKey.generate(); var listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            Thread.startVirtualThread(() -> {
                try (var peer = new RawPeer(listener.accept(), key).accept()) {
                    flood(peer, flood);
                } catch (IOException e) {
                    throw new IllegalStateException(e);
                }
            });
            try (var client = Client.connect(ClientConfig.to("127.0.0.1", listener.getLocalPort(), key)
                    .withTimes(LONG, INTERVAL).withReconnect(Duration.ZERO))) {
                var answers = new ArrayList<CompletableFuture<Reply>>();
                long before = used();
                fillWindow(client, answers);
                awaitWithinBound(before, () -> answers.getLast().isDone());
                for (CompletableFuture<Reply> answer : answers) {
                    assertThrows(ExecutionException.class, () -> answer.get(1, TimeUnit.MINUTES));
                }
            }
        }
    }

    private static void fillWindow(Client client, List<CompletableFuture<Reply>> answers) throws InterruptedException {
        try {
            for (int i = 0; i < 64; i++) {
                answers.add(client.requestAsync(("ECHO " + "x".repeat(60_000)).getBytes(StandardCharsets.US_ASCII)));
            }
        } catch (IOException e) {
            // It gave the server up already.
        }
    }

    private static void awaitWithinBound(long before, Callable<Boolean> condition) {
        await().pollInterval(Duration.ofMillis(200)).until(() -> {
            long more = used() - before;
            assertTrue(more < BOUND_BYTES, () -> more + " bytes are kept for the peer");
            return condition.call();
        });
    }

    /// All that is in flight, 4 MB, was sent again for each RESEND.
    @Test
    void aClientKeepsLittleForAServerThatAsksForTheSameOverAndOver() throws Exception {
        floodClient(peer -> peer.add(Message.of(MessageType.RESEND, 1, Payload.EMPTY)));
    }

    @Test
    void aClientKeepsLittleForAServerThatOnlyWantsToKnowWhetherItIsThere() throws Exception {
        floodClient(peer -> peer.add(Message.of(MessageType.KEEPALIVE, 0, Payload.of(new byte[64]))));
    }

    /// A flood from one client leaves the other clients of a server unharmed.
    private static void floodServer(Flood flood, CloseReason... reasons) throws Exception {
        try (var server = TestServer.start(TestServer.times(LONG, INTERVAL, LONG));
             var client = Client.connect(server.clientConfig().withTimes(LONG, LONG));
             var peer = server.rawPeer().establish(64)) {
            assertEquals("PONG", client.request("PING").text());
            long before = used();
            Thread.startVirtualThread(() -> flood(peer, flood));
            awaitWithinBound(before, () -> Arrays.stream(reasons).mapToLong(server::ended).sum() == 1);
            assertEquals("PONG", client.request("PING").text());
        }
    }

    /// Each question is answered, and a client that does not read the answers is not read from.
    @Test
    void aServerGivesUpAClientThatAsksWhetherItIsThereOverAndOver() throws Exception {
        floodServer(peer -> peer.add(Message.of(MessageType.KEEPALIVE, 0, Payload.of(new byte[64]))),
                CloseReason.PEER_STALLED);
    }

    /// A duplicate is answered from what is kept: the largest answers that are.
    @Test
    void aServerGivesUpAClientThatAsksTheSameOverAndOver() throws Exception {
        String large = "ECHO " + "x".repeat(900);
        floodServer(peer -> peer.add(Message.data(1, false, Payload.of(large.getBytes(StandardCharsets.US_ASCII)))),
                CloseReason.PEER_STALLED);
    }

    /// Each fragment is acknowledged, and nothing is kept of a request that has become too large. The numbers are used
    /// up at 65 MB, if it is not given up before.
    @Test
    void aServerKeepsNothingOfARequestThatNeverEnds() throws Exception {
        var sequence = new int[1];
        floodServer(peer -> {
            sequence[0]++;
            peer.add(Message.data(sequence[0], true, Payload.of(new byte[1_000])));
        }, CloseReason.PROTOCOL_ERROR, CloseReason.PEER_STALLED);
    }
}
