package dev.cipherlink.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.store.KeyValueStore.Durability;
import dev.cipherlink.store.disk.RocksStore;
import dev.cipherlink.store.disk.RocksStores;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A process is killed by SIGKILL at a random moment under load, again and again on the same store: what it had
/// acknowledged is there, nothing is there in part, and counters are exact.
///
/// `-Dcipherlink.kills=500` kills that often; the normal build a few times.
class StoreCrashIT {
    private static final int KILLS = Integer.getInteger("cipherlink.kills", 5);

    @TempDir
    Path folder;

    private final long[] acknowledged = new long[StoreChild.THREADS];

    @ParameterizedTest
    @EnumSource(Durability.class)
    void everythingAcknowledgedSurvivesSigkill(Durability durability) throws Exception {
        var random = new Random(durability.ordinal());
        for (int kill = 0; kill < KILLS; kill++) {
            killOnce(durability, random.nextInt(400));
            checkStore();
        }
    }

    private void killOnce(Durability durability, int transactions) throws IOException, InterruptedException {
        Process child = StoreChild.start(folder.resolve("store"), durability, List.of());
        try (BufferedReader lines = child.inputReader()) {
            String first = lines.readLine();
            assertTrue(first != null && first.startsWith("open "), first);
            for (int i = 0; i < transactions; i++) {
                note(lines.readLine());
            }
            // Not through the process itself: that would close the stream over what it had written.
            child.toHandle().destroyForcibly();
            // Lines printed before its death count too; the last one may be cut.
            for (String line = lines.readLine(); line != null && line.matches("\\d \\d+"); line = lines.readLine()) {
                note(line);
            }
        } finally {
            child.destroyForcibly();
            assertTrue(child.waitFor(60, TimeUnit.SECONDS));
        }
    }

    private void note(String line) {
        String[] words = line.split(" ");
        int thread = Integer.parseInt(words[0]);
        // A number that was cut by the kill is smaller than the whole one, and so harmless.
        acknowledged[thread] = Math.max(acknowledged[thread], Long.parseLong(words[1]));
    }

    private void checkStore() throws Exception {
        try (RocksStore store = RocksStores.durable(folder.resolve("store"))) {
            long all = 0;
            for (int thread = 0; thread < StoreChild.THREADS; thread++) {
                long last = number(store, "t" + thread + ":last");
                assertTrue(last >= acknowledged[thread], "thread " + thread + ": " + last + " of " + acknowledged[thread]);
                assertEquals(last, number(store, "t" + thread + ":count"));
                assertEquals(Long.toString(last), StoreChild.text(store.record(StoreChild.key("t" + thread).bytes())));
                all += last;
                for (long n = Math.max(1, last - StoreChild.KEYS_A_THREAD + 1); n <= last; n++) {
                    assertArrayEquals(StoreChild.value(n),
                            store.get(StoreChild.key("t" + thread + ":k" + n % StoreChild.KEYS_A_THREAD)));
                }
            }
            assertEquals(all, number(store, "all"));
            assertEquals(List.of(), store.check());
        }
    }

    private static long number(RocksStore store, String key) throws StoreException {
        return Long.parseLong(StoreChild.text(store.get(StoreChild.key(key))));
    }
}
