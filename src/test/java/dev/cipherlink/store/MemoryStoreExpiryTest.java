package dev.cipherlink.store;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class MemoryStoreExpiryTest extends StoreExpiryContract {
    private MemoryStore memory;

    @Override
    public KeyValueStore open(StoreLimits limits) {
        memory = new MemoryStore(limits, clock, ManualClock.WALL_NANOS);
        return memory;
    }

    @Test
    void letsGoOfEverythingThatExpired() throws StoreException {
        for (String name : java.util.List.of("a", "b", "c")) {
            memory.set(key(name), bytes("v"));
            memory.expire(key(name), Duration.ofSeconds(1));
        }
        memory.set(key, bytes("v"));
        memory.expire(key, Duration.ofSeconds(1));
        memory.expire(key, Duration.ofSeconds(5));
        memory.persist(key);
        memory.delete(key);
        assertEquals(3, memory.deadlines());
        clock.advance(Duration.ofSeconds(1));
        memory.size();
        assertEquals(0, memory.keptKeys());
        assertEquals(0, memory.deadlines());
        assertEquals(0, memory.usedBytes());
    }

    @Test
    void sizeReclaimsWhatIsDueAndNothingElse() throws StoreException {
        for (int i = 0; i < 200; i++) {
            memory.set(key("k" + i), bytes("v"));
            memory.expire(key("k" + i), Duration.ofSeconds(i + 1));
        }
        clock.advance(Duration.ofSeconds(50));
        assertEquals(150, memory.size());
        assertEquals(150, memory.keptKeys());
        assertEquals(150, memory.deadlines());
    }

    @Test
    void aThreadReclaimsExpiredKeysThatNobodyAsksFor() throws StoreException {
        try (var real = new MemoryStore(StoreLimits.ofHeap())) {
            real.set(key("late"), bytes("v"));
            real.expire(key("late"), Duration.ofHours(1));
            // The thread waits for the late one by now, or soon; a nearer deadline has to wake it.
            for (int i = 0; i < 5_000; i++) {
                real.set(key("k" + i), bytes("v"));
                real.expire(key("k" + i), Duration.ofMillis(1 + i % 20));
            }
            await().until(() -> real.keptKeys() == 1 && real.deadlines() == 1);
            assertTrue(real.exists(key("late")));
        }
    }

    @Test
    void closeEndsTheThread() {
        var expiry = new Expiry(clock, due -> { });
        expiry.start();
        expiry.add(new Expiry.Deadline(Long.MAX_VALUE, key));
        expiry.close();
        assertFalse(expiry.isRunning());
    }
}
