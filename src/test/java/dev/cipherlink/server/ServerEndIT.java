package dev.cipherlink.server;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.client.Client;
import dev.cipherlink.command.Reply;
import dev.cipherlink.message.Message;
import dev.cipherlink.message.Message.MessageType;
import dev.cipherlink.message.Message.Payload;
import dev.cipherlink.session.CloseReason;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/// Every way in which a connection that was established ends.
class ServerEndIT {

    private static final Duration LONG = Duration.ofMinutes(15);
    private static final Duration SHORT = Duration.ofMillis(150);

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void endsWhenTheClientDisconnects() throws Exception {
        try (var server = TestServer.start(); RawPeer peer = server.rawPeer().establish(5)) {
            assertEquals("PONG\n", peer.request(1, "PING"));
            peer.send(MessageType.DISCONNECT, 2, "");
            Message answer = peer.receive();
            assertEquals(MessageType.ACK, answer.type());
            assertEquals(2, answer.sequence());
            assertNull(peer.receive());
            peer.socket().close();
            server.awaitEnded(CloseReason.PEER_DISCONNECTED, 1);
            server.awaitConnections(0);
        }
    }

    @Test
    void endsWhenTheClientClosesWithoutAWord() throws Exception {
        try (var server = TestServer.start()) {
            server.rawPeer().establish(5).close();
            server.awaitEnded(CloseReason.PEER_CLOSED, 1);
            server.awaitConnections(0);
        }
    }

    @Test
    void endsWhenTheClientResetsTheConnection() throws Exception {
        try (var server = TestServer.start(); RawPeer peer = server.rawPeer().establish(5)) {
            peer.socket().setSoLinger(true, 0);
            peer.socket().close();
            server.awaitEnded(CloseReason.PEER_LOST, 1);
            server.awaitConnections(0);
        }
    }

    @Test
    void tellsAClientThatExceedsItsWindowAndCloses() throws Exception {
        try (var server = TestServer.start(); RawPeer peer = server.rawPeer().establish(5)) {
            for (int i = 1; i <= 6; i++) {
                peer.add(Message.data(i, false, Payload.of(bytes("INCR n"))));
            }
            peer.flush();
            Message last = null;
            for (Message next = peer.receive(); next != null; next = peer.receive()) {
                last = next;
            }
            assertEquals(MessageType.ERROR, last.type());
            assertEquals(0, last.sequence());
            assertEquals("ERROR more than 5 messages are unacknowledged\n", last.payload().text());
            peer.socket().close();
            server.awaitEnded(CloseReason.PROTOCOL_ERROR, 1);
            try (var client = Client.connect(server.clientConfig())) {
                assertEquals("5", client.request("GET n").text());
            }
        }
    }

    @Test
    void asksAClientToSendWhatIsMissing() throws Exception {
        try (var server = TestServer.start(); RawPeer peer = server.rawPeer().establish(5)) {
            peer.send(MessageType.DATA, 2, "INCR n");
            Message answer = peer.receive();
            assertEquals(MessageType.RESEND, answer.type());
            assertEquals(1, answer.sequence());
            assertEquals("1\n", peer.request(1, "INCR n"));
            assertEquals("2\n", peer.request(2, "INCR n"));
            assertEquals("2\n", peer.request(2, "INCR n"), "a duplicate is answered and does not run");
        }
    }

    @Test
    void givesUpAClientThatNeverAnswersItsKeepalives() throws Exception {
        try (var server = TestServer.start(TestServer.times(LONG, SHORT, LONG));
             RawPeer peer = server.rawPeer().establish(5)) {
            for (int i = 0; i < 3; i++) {
                assertEquals(MessageType.KEEPALIVE, peer.receive().type());
            }
            assertNull(peer.receive());
            server.awaitEnded(CloseReason.KEEPALIVE_TIMEOUT, 1);
            server.awaitConnections(0);
        }
    }

    @Test
    void keepsAnIdleClientForAsLongAsItAnswers() throws Exception {
        try (var server = TestServer.start(TestServer.times(LONG, Duration.ofMillis(400), LONG));
             var client = Client.connect(server.clientConfig())) {
            await().during(Duration.ofMillis(2_400)).until(() -> server.connections() == 1);
            assertEquals("PONG", client.request("PING").text());
        }
    }

    /// A client that asks for much and reads nothing: its answers are bounded, and then it is given up.
    @Test
    void givesUpAClientThatNeverReadsAndKeepsLittleForIt() throws Exception {
        try (var server = TestServer.start(TestServer.times(LONG, Duration.ofMillis(300), LONG));
             var client = Client.connect(server.clientConfig())) {
            client.request(("SET large " + "x".repeat(4 << 20)).getBytes(StandardCharsets.US_ASCII));
            long before = used();
            var peers = new ArrayList<RawPeer>();
            for (int i = 0; i < 4; i++) {
                RawPeer peer = server.rawPeer();
                peer.socket().setReceiveBufferSize(8_192);
                peers.add(peer.establish(64));
                for (int sequence = 1; sequence <= 64; sequence++) {
                    peer.add(Message.data(sequence, false, Payload.of(bytes("GET large"))));
                }
                peer.flush();
            }
            await().until(() -> {
                assertTrue(used() - before < 256L << 20, "64 answers of 4 MiB for each of four would be 1 GiB");
                return server.ended(CloseReason.PEER_STALLED) == 4;
            });
            assertEquals("PONG", client.request("PING").text());
            for (RawPeer peer : peers) {
                peer.close();
            }
        }
    }

    private static long used() {
        System.gc();
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    @Test
    void tellsItsClientsWhenItStopsAndEndsAtOnce() throws Exception {
        try (var server = TestServer.start(TestServer.times(LONG, LONG, LONG))) {
            List<String> events = Collections.synchronizedList(new ArrayList<>());
            var clients = new ArrayList<Client>();
            for (int i = 0; i < 20; i++) {
                clients.add(Client.connect(server.clientConfig().withReconnect(Duration.ZERO)));
                clients.getLast().onEvent(event -> events.add(new String(event, StandardCharsets.UTF_8)));
                clients.getLast().request("PING");
            }
            // Does not wait for the grace period.
            server.stop();
            assertEquals(Collections.nCopies(20, "EVENT notice the server is stopping\n"), events);
            assertEquals(20, server.ended(CloseReason.SERVER_STOPPED));
            for (Client client : clients) {
                assertThrows(IOException.class, () -> client.request("PING"));
                client.close();
            }
        }
    }

    @Test
    void answersTheRequestsThatAreInFlightWhenItStops() throws Exception {
        try (var server = TestServer.start(); var client = Client.connect(server.clientConfig())) {
            client.request(("SET v " + "x".repeat(200_000)).getBytes(StandardCharsets.US_ASCII));
            var answers = new ArrayList<CompletableFuture<Reply>>();
            for (int i = 0; i < 200; i++) {
                answers.add(client.requestAsync(bytes("GET v")));
            }
            await().pollInterval(Duration.ofMillis(1)).until(() -> server.requests() > 10);
            server.stop();
            for (CompletableFuture<Reply> answer : answers) {
                assertEquals(200_000, answer.get(60, TimeUnit.SECONDS).text().length());
            }
        }
    }

    @Test
    void stopsAtTheEndOfTheGracePeriodIfAClientNeverReads() throws Exception {
        Duration grace = Duration.ofMillis(800);
        try (var server = TestServer.start(TestServer.times(LONG, LONG, grace));
             var client = Client.connect(server.clientConfig());
             RawPeer peer = server.rawPeer()) {
            client.request(("SET large " + "x".repeat(8 << 20)).getBytes(StandardCharsets.US_ASCII));
            peer.establish(5);
            peer.send(MessageType.DATA, 1, "GET large");
            await().until(() -> server.requests() == 2);
            long start = System.nanoTime();
            server.stop();
            long millis = (System.nanoTime() - start) / 1_000_000;
            assertTrue(millis >= 300, millis + " ms");
            assertEquals(0, server.connections());
        }
    }

    @Test
    void stopsAtOnceAlthoughClientsKeepConnecting() throws Exception {
        for (int round = 0; round < 5; round++) {
            try (var server = TestServer.start(TestServer.times(LONG, LONG, LONG))) {
                var stopped = new AtomicBoolean();
                var connecting = new CountDownLatch(20);
                var threads = new ArrayList<Thread>();
                for (int i = 0; i < 4; i++) {
                    threads.add(Thread.ofVirtual().start(() -> {
                        var open = new ArrayList<RawPeer>();
                        while (!stopped.get()) {
                            try {
                                open.add(server.rawPeer());
                                connecting.countDown();
                            } catch (IOException e) {
                                break;
                            }
                        }
                        assertTrue(open.size() < 100_000);
                    }));
                }
                connecting.await();
                server.stop();
                stopped.set(true);
                for (Thread thread : threads) {
                    thread.join();
                }
            }
        }
    }

    @Test
    void canBeStoppedTwiceAndByTwoThreads() throws Exception {
        try (var server = TestServer.start(); var client = Client.connect(server.clientConfig())) {
            assertEquals("PONG", client.request("PING").text());
            Thread other = Thread.ofVirtual().start(server::stop);
            server.stop();
            other.join();
            server.stop();
            assertEquals(0, server.connections());
            assertThrows(IOException.class, () -> Client.connect(server.clientConfig()).close());
        }
    }

    @Test
    void failsRequestsWhoseOutcomeIsUnknownWithTheirReason() throws Exception {
        try (var server = TestServer.start();
             var client = Client.connect(server.clientConfig().withReconnect(Duration.ZERO))) {
            server.stop();
            await().until(() -> {
                try {
                    client.requestAsync(bytes("PING")).get(1, TimeUnit.MINUTES);
                    return false;
                } catch (IOException | ExecutionException e) {
                    return e.getMessage().contains("closed the connection");
                }
            });
        }
    }
}
