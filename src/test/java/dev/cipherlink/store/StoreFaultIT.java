package dev.cipherlink.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.cipherlink.store.KeyValueStore.Durability;
import dev.cipherlink.store.disk.RocksStore;
import dev.cipherlink.store.disk.RocksStores;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The disk fails under a store, by a tracer that makes system calls fail. Skipped, with a message, where there is no strace.
class StoreFaultIT {
    private static final Path STRACE = Path.of("/usr/bin/strace");

    @TempDir
    Path folder;

    @Test
    void afterAFailedFsyncNothingIsAcknowledgedAnyMoreAndNothingIsLost() throws Exception {
        assumeTrue(Files.isExecutable(STRACE), "there is no strace here that could make fdatasync fail");
        // The first ones are those of opening.
        writeUntilItFails("trace=fdatasync", "inject=fdatasync:error=EIO:when=40+");
    }

    private void writeUntilItFails(String trace, String inject) throws Exception {
        Process child = StoreChild.start(folder.resolve("store"), Durability.ALWAYS, List.of(STRACE.toString(), "-f", "-qq",
                "-o", "/dev/null", "-e", trace, "-e", inject));
        long[] acknowledged = new long[StoreChild.THREADS];
        var ended = new HashSet<Integer>();
        int failures = 0;
        try (BufferedReader lines = child.inputReader()) {
            while (failures < 20) {
                String line = lines.readLine();
                assertTrue(line != null, "the process has ended");
                if (line.startsWith("failed")) {
                    assertTrue(line.matches("failed FAILED \\d"), line);
                    failures++;
                    ended.add(line.charAt(14) - '0');
                } else if (line.matches("\\d \\d+")) {
                    int thread = line.charAt(0) - '0';
                    // A thread may say its last commit after another one has said that it failed.
                    assertTrue(failures == 0 || ended.add(thread), "acknowledged after a failure");
                    acknowledged[thread] = Long.parseLong(line.substring(2));
                }
            }
        } finally {
            end(child);
        }
        checkAcknowledged(acknowledged);
    }

    /// An error of the disk at a write to the log was taken for a full disk, and writes went on.
    @Test
    void afterAWriteThatFailedThoughThereIsRoomNothingIsAcknowledged() throws Exception {
        assumeTrue(Files.isExecutable(STRACE), "there is no strace here that could make writes fail");
        writeUntilItFails("trace=writev", "inject=writev:error=EIO:when=20");
    }

    private static void end(Process child) throws InterruptedException {
        // The traced process outlives its tracer.
        for (ProcessHandle traced : child.descendants().toList()) {
            traced.destroyForcibly();
            traced.onExit().orTimeout(60, TimeUnit.SECONDS).join();
        }
        child.destroyForcibly();
        assertTrue(child.waitFor(60, TimeUnit.SECONDS));
    }

    private void checkAcknowledged(long[] acknowledged) throws IOException, StoreException {
        try (RocksStore store = RocksStores.durable(folder.resolve("store"))) {
            long all = 0;
            for (int thread = 0; thread < StoreChild.THREADS; thread++) {
                all += acknowledged[thread];
                long last = Long.parseLong(StoreChild.text(store.get(StoreChild.key("t" + thread + ":last"))));
                assertTrue(last >= acknowledged[thread], last + " of " + acknowledged[thread]);
            }
            assertTrue(all > 0);
            assertEquals(List.of(), store.check());
        }
    }
}
