package dev.cipherlink.fault;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.client.Client;
import dev.cipherlink.client.Client.ConnectionState;
import dev.cipherlink.client.ClientConfig;
import dev.cipherlink.crypto.SharedKey;
import dev.cipherlink.server.TestServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Case 61 of the fault catalogue: SIGSTOP and SIGCONT of either side.
///
/// `-Dcipherlink.stop.seconds=60` for a stop of a minute.
@Tag("slow")
class StoppedProcessIT {

    private static final Duration STOP = Duration.ofSeconds(Integer.getInteger("cipherlink.stop.seconds", 2));
    private static final Duration LONG = Duration.ofSeconds(30);
    /// Four of them pass before a silent peer is given up.
    private static final Duration INTERVAL = STOP.dividedBy(2);

    @TempDir
    Path folder;

    private static void pass(Duration time) {
        Awaitility.await().pollDelay(time).atMost(time.plusSeconds(10)).until(() -> true);
    }

    @Test
    void aServerThatWasStoppedGoesOnAsIfNothingHadBeen() throws Exception {
        try (var key = SharedKey.generate()) {
            key.save(folder.resolve("k"), false);
            Files.writeString(folder.resolve("cipherlink.yaml"), "keepalive:\n  interval: " + INTERVAL.toMillis() + "ms\n");
            try (var child = ChildProgram.start(folder, "true", List.of(), "serve", "--port", "0", "--shared-key", "k");
                 var client = Client.connect(ClientConfig.to("127.0.0.1", child.port(), key).withTimes(LONG, INTERVAL))) {
                var counting = new Counting();
                counting.send(client, 500);
                child.stop();
                counting.send(client, 500);
                pass(STOP);
                assertTrue(counting.outcomes() < 1_000);
                child.goOn();
                counting.send(client, 500);
                Awaitility.await().until(() -> counting.outcomes() == 1_500);
                assertEquals("", counting.wrong());
                assertEquals(1_500, counting.answers());
                // Its reaction to our silence shows within a few intervals.
                Awaitility.await().pollDelay(INTERVAL).until(() -> true);
                assertEquals("PONG", client.request("PING").text());
            }
        }
    }

    /// It was given up meanwhile, and the connections that were tried to it hung. The session goes on.
    @Test
    void nothingIsLostIfAServerIsStoppedForLongerThanItIsWaitedFor() throws Exception {
        Duration interval = STOP.dividedBy(10);
        try (var key = SharedKey.generate()) {
            key.save(folder.resolve("k"), false);
            try (var child = ChildProgram.start(folder, "true", List.of(), "serve", "--port", "0", "--shared-key", "k");
                 var client = Client.connect(ClientConfig.to("127.0.0.1", child.port(), key).withTimes(LONG, interval))) {
                var resumes = new AtomicInteger();
                client.onConnectionChange(state -> {
                    if (state instanceof ConnectionState.Connected connected && connected.isResumed()) {
                        resumes.incrementAndGet();
                    }
                });
                var counting = new Counting();
                counting.send(client, 500);
                child.stop();
                counting.send(client, 500);
                pass(STOP);
                child.goOn();
                counting.send(client, 500);
                Awaitility.await().until(() -> counting.outcomes() == 1_500);
                assertEquals("", counting.wrong(), () -> resumes + " resumes, " + counting.answers() + " answers");
                assertEquals(1_500, counting.answers());
                assertTrue(resumes.get() > 0);
                assertTrue(client.request("INFO").text().contains("connections: 1\n"), "the old one was taken over");
            }
        }
    }

    @Test
    void aClientThatWasStoppedGoesOnAsIfNothingHadBeen() throws Exception {
        try (var server = TestServer.start(TestServer.times(LONG, INTERVAL, LONG))) {
            server.key().save(folder.resolve("k"), false);
            Files.writeString(folder.resolve("cipherlink.yaml"), "keepalive:\n  interval: " + INTERVAL.toMillis() + "ms\n");
            try (var child = ChildProgram.start(folder, "true", List.of(), "kv", "-s", "127.0.0.1:" + server.port(),
                    "--shared-key", "k")) {
                child.type("INCR n\n".repeat(500));
                assertLines(child, 1, 500);
                child.stop();
                child.type("INCR n\n".repeat(500));
                pass(STOP);
                child.goOn();
                assertLines(child, 501, 1_000);
                child.endInput();
                assertEquals(0, child.await());
                assertEquals(1_000, server.requests());
            }
        }
    }

    private static void assertLines(ChildProgram child, int first, int last) throws Exception {
        for (int i = first; i <= last; i++) {
            assertEquals(String.valueOf(i), child.line());
        }
    }
}
