package dev.cipherlink.store.disk;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.store.KeyValueStore;
import dev.cipherlink.store.KeyValueStore.Durability;
import dev.cipherlink.store.StoreExpiryContract;
import dev.cipherlink.store.StoreLimits;
import dev.cipherlink.store.Transaction;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RocksStoreExpiryTest extends StoreExpiryContract {
    @TempDir
    Path folder;

    @Override
    public KeyValueStore open(StoreLimits limits) throws IOException {
        return RocksStores.fast(folder.resolve("store"), limits, clock);
    }

    private RocksStore reopen(long wallNanos) throws IOException {
        store.close();
        var reopened = RocksStore.open(folder.resolve("store"),
                new RocksConfig(StoreLimits.ofDisk(100), Durability.OS, 0, clock, () -> wallNanos, false));
        store = reopened;
        return reopened;
    }

    @Test
    void theTimeWhileItIsClosedCounts() throws Exception {
        store.set(key, bytes("v"));
        store.expire(key, Duration.ofSeconds(10));
        assertEquals(7, reopen(RocksStores.START_NANOS + 3_000_000_000L).ttlSeconds(key).orElseThrow());
        assertFalse(reopen(RocksStores.START_NANOS + 10_000_000_000L).exists(key));
    }

    @Test
    void aWallClockThatWentBackMakesNothingLiveLonger() throws Exception {
        store.set(key, bytes("v"));
        store.expire(key, Duration.ofSeconds(10));
        clock.advance(Duration.ofSeconds(4));
        store.set(key("other"), bytes("v"));
        assertEquals(6, reopen(RocksStores.START_NANOS - 86_400_000_000_000L).ttlSeconds(key).orElseThrow());
    }

    @Test
    void aThreadReclaimsWhatExpired() throws Exception {
        store.close();
        try (RocksStore real = RocksStore.open(folder.resolve("store"),
                RocksConfig.of(StoreLimits.ofDisk(100), Durability.OS))) {
            store = real;
            real.set(key("late"), bytes("v"));
            real.expire(key("late"), Duration.ofHours(1));
            try (Transaction transaction = real.begin()) {
                for (int i = 0; i < 3_000; i++) {
                    real.set(key("k" + i), bytes("v"));
                    real.expire(key("k" + i), Duration.ofMillis(1 + i % 20));
                }
                transaction.commit();
            }
            await().until(() -> real.keptKeys() == 1);
            assertTrue(real.exists(key("late")));
            assertEquals(List.of(), real.check());
        }
    }
}
