package dev.cipherlink.crash;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.client.Client;
import dev.cipherlink.client.ClientConfig;
import dev.cipherlink.client.ClientConfig.Credentials;
import dev.cipherlink.command.Reply;
import dev.cipherlink.crypto.Identity;
import dev.cipherlink.message.Message;
import dev.cipherlink.message.Message.MessageType;
import dev.cipherlink.message.Message.Payload;
import dev.cipherlink.server.RawPeer;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// One client asks for as much as it can, and another is served meanwhile, by a server with one carrier and little memory.
@Tag("slow")
@Tag("alone")
class FairnessIT {
    /// The longest wait of another client for an answer. Without a bound it was 20 s and more, on a quiet machine.
    private static final Duration PATIENCE = Duration.ofSeconds(12);

    private static final int FRAGMENT_BYTES = 60_000;

    @TempDir
    Path folder;

    private final Identity greedy = Identity.generate();
    private final Identity modest = Identity.generate();
    private final List<RawPeer> peers = new ArrayList<>();
    private ServerProcess server;

    private void start(String engine, String heap) throws Exception {
        server = new ServerProcess(folder, folder.resolve("data"), Map.of("CIPHERLINK_SERVER_HANDSHAKES_PER_SECOND", "1000",
                "CIPHERLINK_SERVER_MAX_HANDSHAKES_PER_ADDRESS", "1000", "CIPHERLINK_STORE_ENGINE", engine));
        server.limitHeap(heap);
        server.start();
    }

    @AfterEach
    void end() throws Exception {
        for (RawPeer peer : peers) {
            peer.close();
        }
        if (server != null) {
            server.close();
        }
        greedy.close();
        modest.close();
    }

    private Client greedyClient() throws Exception {
        return Client.connect(server.clientConfig(greedy));
    }

    private static List<CompletableFuture<String>> ask(Client client, String request, int times) throws Exception {
        byte[] bytes = request.getBytes(StandardCharsets.US_ASCII);
        var answers = new ArrayList<CompletableFuture<String>>();
        for (int i = 0; i < times; i++) {
            answers.add(client.requestAsync(bytes).thenApply(reply -> reply.isError() ? reply.reason() : "good"));
        }
        return answers;
    }

    /// Has another client ask and be answered, in time, until these are over.
    ///
    /// @return how often it was
    private int serveAnother(BooleanSupplier isOver, String... requests) throws Exception {
        int served = 0;
        try (Client other = Client.connect(server.clientConfig(modest).withTimes(Duration.ofMinutes(1), Duration.ofMinutes(1)))) {
            do {
                for (String request : requests) {
                    long before = System.nanoTime();
                    Reply answer = other.request(request.getBytes(StandardCharsets.US_ASCII));
                    Duration took = Duration.ofNanos(System.nanoTime() - before);
                    String asked = request.substring(0, Math.min(20, request.length()));
                    assertFalse(answer.isError(), () -> asked + ": " + answer.text() + server.said());
                    assertTrue(took.compareTo(PATIENCE) < 0, asked + " took " + took + " after " + served + " others");
                    served++;
                }
                TimeUnit.MILLISECONDS.sleep(20);
            } while (!isOver.getAsBoolean());
        }
        return served;
    }

    /// Has another client served several times while requests of a greedy one run: again, if a fast machine is done with them before.
    private void serveAnotherDuring(Client greedy, String request, int times, String... requests) throws Exception {
        for (int served = 0; served < 6; ) {
            List<CompletableFuture<String>> answers = ask(greedy, request, times);
            served += serveAnother(() -> answers.stream().allMatch(CompletableFuture::isDone), requests);
            for (CompletableFuture<String> answer : answers) {
                assertEquals("good", answer.get(60, TimeUnit.SECONDS));
            }
        }
    }

    /// A client that does not read, of those who share a key.
    private RawPeer peer() throws Exception {
        ClientConfig config = server.clientConfig(1);
        peers.add(new RawPeer(new Socket(config.host(), config.port()), ((Credentials.Shared) config.credentials()).key())
                .establish(1_024));
        return peers.getLast();
    }

    /// The first fragments of a request of many bytes, or all of them.
    private static int sendFragments(RawPeer peer, int sequence, String request, boolean isWhole) throws Exception {
        byte[] bytes = request.getBytes(StandardCharsets.US_ASCII);
        int next = sequence;
        for (int from = 0; from < bytes.length; from += FRAGMENT_BYTES) {
            int length = Math.min(FRAGMENT_BYTES, bytes.length - from);
            boolean isLast = isWhole && from + length == bytes.length;
            peer.send(new Message(MessageType.DATA, !isLast, next++, new Payload(bytes, from, length), true));
        }
        return next;
    }

    /// Issue 13.9: answers to ECHO passed by the memory for answers, and eighty connections of them ended a server of 1 GiB.
    @Test
    void echoesThatNobodyReadsLeaveRoomForOthers() throws Exception {
        start("memory", "96m");
        String echo = "ECHO " + "e".repeat(2 << 20);
        for (int i = 0; i < 80; i++) {
            RawPeer peer = peer();
            Thread.startVirtualThread(() -> {
                try {
                    for (int next = 1; next < 500; ) {
                        next = sendFragments(peer, next, echo, true);
                    }
                } catch (Exception e) {
                    // The connection has ended.
                }
            });
        }
        long end = System.nanoTime() + Duration.ofSeconds(8).toNanos();
        String value = "v".repeat(100_000);
        serveAnother(() -> System.nanoTime() > end, "PING", "SET k " + value, "GET k", "ECHO " + value);
        assertFalse(server.said().contains("OutOfMemoryError"), server::said);
    }

    /// Issue 13.9: twelve connections that began a request and did not go on with it kept others' refused.
    @Test
    void requestsThatDoNotGoOnLeaveRoomForOthers() throws Exception {
        start("memory", "256m");
        String begun = "SET b " + "b".repeat(5 << 20);
        for (int i = 0; i < 12; i++) {
            RawPeer peer = peer();
            Thread.startVirtualThread(() -> {
                try {
                    sendFragments(peer, 1, begun, false);
                } catch (Exception e) {
                    // The connection has ended.
                }
            });
        }
        long end = System.nanoTime() + Duration.ofSeconds(6).toNanos();
        serveAnother(() -> System.nanoTime() > end, "SET k " + "v".repeat(3 << 20));
    }

    /// Issue 13.9: sessions keep their last answers, also while nobody is connected; they were counted at 100 bytes each, or not
    /// at all.
    @Test
    void sessionsWithManyAnswersLeaveRoomForOthers() throws Exception {
        start("memory", "64m");
        String echo = "ECHO " + "e".repeat(1_000);
        for (int i = 0; i < 80; i++) {
            RawPeer peer = peer();
            for (int sequence = 1; sequence <= 1_000; sequence += 50) {
                for (int j = 0; j < 50; j++) {
                    peer.add(Message.of(MessageType.DATA, sequence + j, Payload.of(echo.getBytes(StandardCharsets.US_ASCII))));
                }
                peer.flush();
                for (int j = 0; j < 50; j++) {
                    assertEquals(MessageType.ACK, peer.receive().type());
                }
            }
            if (i % 2 == 0) {
                peer.close();
            }
        }
        String value = "v".repeat(100_000);
        assertEquals(30, serveAnother(countDown(10), "SET k " + value, "GET k", "ECHO " + value));
        assertFalse(server.said().contains("OutOfMemoryError"), server::said);
    }

    private static BooleanSupplier countDown(int times) {
        var left = new AtomicInteger(times);
        return () -> left.decrementAndGet() <= 0;
    }

    /// Issue 13.9: each made a value of 16 MiB anew, outside of any bound: everybody was frozen for 20 s, and 6 GiB were in use.
    @Test
    void manyAppendsToALargeValueLetOthersRun() throws Exception {
        append("memory", 400);
    }

    @Test
    void manyAppendsToALargeValueOnDiskLetOthersRun() throws Exception {
        append("rocksdb", 40);
    }

    private void append(String engine, int times) throws Exception {
        start(engine, "256m");
        try (Client client = Client.connect(server.clientConfig(greedy).withWindowSize(1_024))) {
            assertEquals("OK", client.request("SET big " + "b".repeat(15 << 20)).text());
            serveAnotherDuring(client, "APPEND big x", times, "SET k v", "PING");
        }
        assertFalse(server.said().contains("OutOfMemoryError"), server::said);
    }

    /// Issue 13.10: with the store in memory, keys were counted on the carrier; 1,000 such requests in one batch froze everybody
    /// for half a minute.
    @Test
    void countingManyKeysLetsOthersRun() throws Exception {
        start("memory", "256m");
        try (Client client = greedyClient()) {
            for (int i = 0; i < 100_000; i++) {
                client.requestAsync(("SET key" + i + " v").getBytes(StandardCharsets.US_ASCII));
            }
            assertEquals("100000", client.request("COUNT").text());
            serveAnotherDuring(client, "COUNT key", 400, "PING");
        }
    }
}
