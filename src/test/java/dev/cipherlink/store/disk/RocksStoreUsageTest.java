package dev.cipherlink.store.disk;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.cipherlink.store.Key;
import dev.cipherlink.store.KeyValueStore;
import dev.cipherlink.store.StoreLimits;
import dev.cipherlink.store.StoreUsageContract;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RocksStoreUsageTest extends StoreUsageContract {
    @TempDir
    Path folder;

    @Override
    public KeyValueStore open(StoreLimits limits) throws IOException {
        return RocksStores.fast(folder.resolve("store"), limits, clock);
    }

    /// What a killed process leaves is counted again: part of it in the log, part in the database.
    @Test
    void isTheSameAfterACrash() throws Exception {
        counted();
        for (int i = 0; i < 500; i++) {
            store.set(Key.of(("a:" + i % 50).getBytes(StandardCharsets.US_ASCII)), new byte[i * 37 % 12_000]);
        }
        long before = counted().bytes();
        assertEquals(real(), before);
        Path killed = Files.createDirectory(folder.resolve("killed"));
        RocksStores.copy(folder.resolve("store"), killed.resolve("copy"));
        store.close();
        store = RocksStores.fast(killed.resolve("copy"), new StoreLimits(20_000, 100_000_000), clock);
        assertEquals(before, counted().bytes());
        assertEquals(real(), before);
    }

    /// An iterator that is open when the database closes would take the process with it.
    @Test
    void aStoreThatIsClosedWhileItCountsEndsInOrder() throws Exception {
        for (int i = 0; i < 2_000; i++) {
            store.set(Key.of(("a:" + i).getBytes(StandardCharsets.US_ASCII)), new byte[i % 100]);
        }
        long real = real();
        for (int round = 0; round < 10; round++) {
            var usage = store.usage("round" + round, SPACE);
            store.close();
            usage.awaitCount(Duration.ofSeconds(60));
            store = open(new StoreLimits(20_000, 100_000_000));
        }
        assertEquals(real, counted().bytes());
    }
}
