package dev.cipherlink.store.disk;

import dev.cipherlink.store.KeyValueStore.Durability;
import dev.cipherlink.store.ManualClock;
import dev.cipherlink.store.StoreLimits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.LongSupplier;
import java.util.stream.Stream;

/// Stores on disk for tests.
public final class RocksStores {
    static final long START_NANOS = ManualClock.WALL_NANOS;

    private RocksStores() {
    }

    /// One that waits for no disk, with a small cache, so that keys are evicted and read again.
    static RocksStore fast(Path folder, StoreLimits limits, LongSupplier clock) throws IOException {
        return RocksStore.open(folder, new RocksConfig(limits, Durability.OS, 4_000, clock, () -> START_NANOS, false));
    }

    /// One that waits for the disk.
    public static RocksStore durable(Path folder) throws IOException {
        return RocksStore.open(folder, RocksConfig.of(StoreLimits.ofDisk(1 << 24), Durability.ALWAYS));
    }

    /// A damaged one, for what is left of it.
    static RocksStore acceptingLoss(Path folder) throws IOException {
        return RocksStore.open(folder, RocksConfig.of(StoreLimits.ofDisk(1 << 24), Durability.ALWAYS).acceptingLoss());
    }

    /// Copies the files of an open store: what is left of it after SIGKILL.
    public static void copy(Path running, Path killed) throws IOException {
        try (Stream<Path> files = Files.walk(running)) {
            for (Path file : files.toList()) {
                Files.copy(file, killed.resolve(running.relativize(file)));
            }
        }
    }
}
