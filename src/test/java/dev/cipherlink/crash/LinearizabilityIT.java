package dev.cipherlink.crash;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.crash.RecordingClient.KeyHistory;
import dev.cipherlink.linearizability.Linearizability;
import dev.cipherlink.linearizability.Operation;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Clients that share all keys, on a server that is killed: what they are answered can come from one store that runs one request after
/// the other, by a check that shares no code with it.
///
/// `-Dcipherlink.linearizability.seconds=3600` goes on for so long; the normal build for some seconds.
@Tag("slow")
class LinearizabilityIT {
    private static final Duration TIME = Duration.ofSeconds(Integer.getInteger("cipherlink.linearizability.seconds", 10));
    private static final int MIN_ROUNDS = 2;
    private static final int CLIENTS = 10;
    private static final int KEYS = 12;
    /// Before and behind the kill of each round.
    private static final int MAX_OPERATIONS = 4_000;

    @TempDir
    Path folder;

    private final Random random = new Random(16);
    private final List<RecordingClient> clients = new ArrayList<>();
    private ServerProcess server;

    @AfterEach
    void end() {
        clients.forEach(RecordingClient::close);
        server.close();
    }

    @Test
    void whatClientsAreAnsweredIsLinearizableAlthoughTheServerIsKilled() throws Exception {
        server = new ServerProcess(folder, folder.resolve("data"), Map.of("CIPHERLINK_STORE_DURABILITY", "always",
                "CIPHERLINK_SERVER_HANDSHAKES_PER_SECOND", "1000", "CIPHERLINK_SERVER_MAX_HANDSHAKES_PER_ADDRESS", "1000"));
        server.start();
        for (int i = 0; i < CLIENTS; i++) {
            clients.add(new RecordingClient("c" + (1 + i), server.clientConfig(1 + i % 2), i < CLIENTS / 2, random.nextLong()));
        }
        long began = System.nanoTime();
        long operations = 0;
        long unknown = 0;
        int rounds = 0;
        while (rounds < MIN_ROUNDS || System.nanoTime() - began < TIME.toNanos()) {
            for (KeyHistory key : round(rounds++)) {
                operations += key.operations().size();
                unknown += key.operations().stream().filter(operation -> operation.answer() == null).count();
                Optional<String> violation = Linearizability.violation(key.operations());
                assertEquals(Optional.empty(), violation, () -> key.key() + server.said());
            }
        }
        System.out.printf("%d kills, %d requests of shared keys, %d of unknown outcome: linearizable%n", rounds, operations, unknown);
    }

    /// On keys of its own, so that each history stays short.
    private List<KeyHistory> round(int number) throws Exception {
        List<KeyHistory> keys = IntStream.range(0, KEYS).mapToObj(i -> new KeyHistory("r" + number + ":" + i,
                Collections.synchronizedList(new ArrayList<Operation>()), new long[1])).toList();
        var isOver = new AtomicBoolean();
        var threads = new ArrayList<Thread>();
        for (RecordingClient client : clients) {
            threads.add(Thread.startVirtualThread(() -> work(client, keys, isOver)));
        }
        try {
            awaitOperations(keys, random.nextInt(MAX_OPERATIONS));
            TimeUnit.MICROSECONDS.sleep(random.nextInt(5_000));
            server.kill();
            server.start();
            clients.forEach(RecordingClient::retryNow);
            awaitOperations(keys, random.nextInt(1, MAX_OPERATIONS));
        } finally {
            isOver.set(true);
            for (Thread thread : threads) {
                assertTrue(thread.join(Duration.ofMinutes(2)), () -> "a client waits for ever" + server.said());
            }
        }
        for (KeyHistory key : keys) {
            clients.getFirst().read(key);
        }
        return keys;
    }

    private static void work(RecordingClient client, List<KeyHistory> keys, AtomicBoolean isOver) {
        try {
            client.work(keys, isOver::get);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void awaitOperations(List<KeyHistory> keys, int more) throws IOException {
        long enough = count(keys) + more;
        await().pollInterval(Duration.ofMillis(1)).until(() -> count(keys) >= enough);
    }

    private static long count(List<KeyHistory> keys) {
        return keys.stream().mapToLong(key -> key.operations().size()).sum();
    }
}
