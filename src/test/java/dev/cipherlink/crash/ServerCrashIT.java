package dev.cipherlink.crash;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.client.Client;
import dev.cipherlink.client.Client.ConnectionState;
import dev.cipherlink.client.RequestException.OutcomeUnknownException;
import dev.cipherlink.store.Key;
import dev.cipherlink.store.KeyValueStore.Durability;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.StoreLimits;
import dev.cipherlink.store.disk.RocksConfig;
import dev.cipherlink.store.disk.RocksStore;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A server process ends at random moments under load and is started again: its clients go on with their sessions, each
/// request has run exactly once and has its one answer, and everything acknowledged is there.
///
/// `-Dcipherlink.kills=500` kills that often; the normal build a few times.
@Tag("slow")
class ServerCrashIT {

    private static final int KILLS = Integer.getInteger("cipherlink.kills", 6);
    private static final int CLIENTS = 8;
    private static final int[] WINDOWS = {64, 1_024, 1, 7};

    @TempDir
    Path folder;

    private ServerProcess server;
    private final List<ExactClient> clients = new ArrayList<>();

    @BeforeEach
    void makeServer() throws IOException {
        server = new ServerProcess(folder, folder.resolve("data"), Map.of("CIPHERLINK_STORE_DURABILITY", "always",
                "CIPHERLINK_SERVER_GRACE_PERIOD", "1s"));
    }

    @AfterEach
    void end() {
        clients.forEach(ExactClient::close);
        server.close();
    }

    /// Four windows, over both versions of the wire.
    private void startClients(Random random) throws IOException {
        for (int i = 0; i < CLIENTS; i++) {
            int window = WINDOWS[i / 2];
            var config = server.clientConfig(1 + i % 2);
            clients.add(new ExactClient(window == 1 ? config.withStepByStep(true) : config.withWindowSize(window),
                    "c" + i, random.nextLong()));
        }
        clients.forEach(ExactClient::start);
    }

    private long answered() {
        return clients.stream().mapToLong(ExactClient::answered).sum();
    }

    private void awaitAnswers(long more) {
        long enough = answered() + more;
        await().pollInterval(Duration.ofMillis(1)).until(() -> answered() >= enough || isWrong());
    }

    private boolean isWrong() {
        return clients.stream().anyMatch(client -> !client.wrong().isEmpty());
    }

    private void assertNothingWrong() {
        for (ExactClient client : clients) {
            assertTrue(client.wrong().isEmpty(), () -> client.wrong().size() + " wrong: "
                    + client.wrong().stream().limit(10).toList() + server.said());
        }
    }

    private void restart() throws IOException {
        server.start();
        clients.forEach(ExactClient::retryNow);
    }

    @Test
    void everyRequestRunsExactlyOnceAlthoughTheServerIsKilled() throws Exception {
        var random = new Random(6);
        var milliseconds = new ArrayList<Long>();
        server.start();
        startClients(random);
        for (int kill = 0; kill < KILLS; kill++) {
            awaitAnswers(random.nextInt(2_000));
            TimeUnit.MICROSECONDS.sleep(random.nextInt(5_000));
            server.kill();
            assertNothingWrong();
            long killedAt = System.nanoTime();
            restart();
            awaitAnswers(1);
            milliseconds.add((System.nanoTime() - killedAt) / 1_000_000);
        }
        long answers = finish();
        milliseconds.sort(null);
        System.out.printf("%d kills, %d requests, each answered once; from kill to answer: median %d ms, longest %d ms%n", KILLS,
                answers, milliseconds.get(milliseconds.size() / 2), milliseconds.getLast());
    }

    @Test
    void sessionsSurviveThatTheServerIsStoppedAndStartedAgain() throws Exception {
        var random = new Random(7);
        server.start();
        startClients(random);
        for (int stop = 0; stop < 2; stop++) {
            awaitAnswers(1_000);
            server.terminate();
            assertNothingWrong();
            restart();
        }
        awaitAnswers(1_000);
        for (int i = 1; i < CLIENTS; i += 2) {
            // One of version 1 may have used up its numbers, and gone on in another session.
            assertTrue(clients.get(i).client().session().isResumed());
        }
        finish();
    }

    /// Ends the load, and looks whether everything is there: through the server, and in the store itself.
    private long finish() throws Exception {
        for (ExactClient client : clients) {
            client.stop();
        }
        assertNothingWrong();
        long shared = clients.stream().mapToLong(ExactClient::sharedCount).sum();
        assertEquals(Long.toString(shared), clients.getFirst().client().request("GET shared").text());
        assertEquals("0", clients.getFirst().client().request("INCR moved:a " + clients.getFirst().client().request("GET moved:b").text())
                .text(), "both or none of the changes of a transaction are there");
        for (ExactClient client : clients) {
            for (Map.Entry<String, String> entry : client.values().entrySet()) {
                assertEquals(entry.getValue(), client.client().request("GET " + entry.getKey()).text());
            }
        }
        server.kill();
        try (RocksStore store = RocksStore.open(server.store(),
                RocksConfig.of(StoreLimits.ofDisk(1 << 24), Durability.ALWAYS))) {
            assertEquals(List.of(), store.check());
            assertEquals(Long.toString(shared), text(store, "shared"));
            for (ExactClient client : clients) {
                for (Map.Entry<String, String> entry : client.values().entrySet()) {
                    assertEquals(entry.getValue(), text(store, entry.getKey()));
                }
            }
        }
        return answered();
    }

    private static String text(RocksStore store, String key) throws StoreException {
        return new String(store.get(Key.of(key.getBytes(StandardCharsets.US_ASCII))), StandardCharsets.US_ASCII);
    }

    /// Requests in flight then have an unknown outcome, and are not repeated.
    @Test
    void sessionsWhoseTimeHasPassedAreGone() throws Exception {
        server.close();
        server = new ServerProcess(java.nio.file.Files.createDirectory(folder.resolve("short")), folder.resolve("short-data"),
                Map.of("CIPHERLINK_SESSION_RESUME_WINDOW", "0ms"));
        server.start();
        var states = new CopyOnWriteArrayList<ConnectionState>();
        try (Client client = Client.connect(server.clientConfig(2))) {
            client.onConnectionChange(states::add);
            assertEquals("1", client.request("INCR n").text());
            String session = client.session().sessionId();
            var sent = new ArrayList<java.util.concurrent.CompletableFuture<?>>();
            for (int i = 0; i < 64; i++) {
                sent.add(client.requestAsync("INCR n".getBytes(StandardCharsets.US_ASCII)));
            }
            server.kill();
            server.start();
            client.retryNow();
            long unknown = 0;
            long answered = 0;
            for (var each : sent) {
                try {
                    each.get(60, TimeUnit.SECONDS);
                    answered++;
                } catch (java.util.concurrent.ExecutionException e) {
                    assertTrue(e.getCause() instanceof OutcomeUnknownException, () -> e.getCause().toString());
                    unknown++;
                }
            }
            long count = Long.parseLong(client.request("GET n").text());
            assertTrue(count >= 1 + answered && count <= 1 + answered + unknown, count + ", " + answered + ", " + unknown);
            assertFalse(session.equals(client.session().sessionId()) && unknown > 0);
        }
    }
}
