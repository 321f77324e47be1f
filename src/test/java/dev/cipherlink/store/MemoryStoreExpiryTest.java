package dev.cipherlink.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class MemoryStoreExpiryTest {
    private static final byte[] ANY = {};

    private final ManualClock clock = new ManualClock();
    private final MemoryStore store = new MemoryStore(new StoreLimits(100, 100_000), clock);
    private final Key key = key("k");

    @AfterEach
    void closeStore() {
        store.close();
    }

    @Test
    void aKeyIsGoneFromItsDeadlineOn() throws StoreException {
        store.set(key, bytes("v"));
        assertTrue(store.expire(key, Duration.ofSeconds(10)));
        clock.advance(Duration.ofSeconds(10).minusNanos(1));
        assertArrayEquals(bytes("v"), store.get(key));
        clock.advance(Duration.ofNanos(1));
        assertNull(store.get(key));
        assertNull(store.entry(key));
        assertFalse(store.exists(key));
        assertTrue(store.ttlSeconds(key).isEmpty());
        assertEquals(List.of(), store.keys(ANY, 10, ANY));
        assertEquals(0, store.size());
    }

    @Test
    void anExpiredKeyCannotBeDeletedPersistedOrExpired() throws StoreException {
        for (String name : List.of("a", "b", "c")) {
            store.set(key(name), bytes("v"));
            store.expire(key(name), Duration.ofSeconds(1));
        }
        clock.advance(Duration.ofSeconds(1));
        assertFalse(store.delete(key("a")));
        assertFalse(store.persist(key("b")));
        assertFalse(store.expire(key("c"), Duration.ofSeconds(1)));
        assertEquals(0, store.keptKeys());
        assertEquals(0, store.deadlines());
        assertEquals(0, store.usedBytes());
    }

    @Test
    void anExpiredKeyBeginsAnew() throws StoreException {
        store.set(key, bytes("5"));
        store.expire(key, Duration.ofSeconds(1));
        clock.advance(Duration.ofSeconds(1));
        assertEquals(1, store.increment(key, 1));
        assertEquals(-1, store.ttlSeconds(key).orElseThrow());
        store.expire(key, Duration.ofSeconds(1));
        clock.advance(Duration.ofSeconds(1));
        assertEquals(1, store.append(key, bytes("x")));
        assertEquals(-1, store.ttlSeconds(key).orElseThrow());
        assertEquals(1, store.size());
    }

    @Test
    void secondsLeftAreRoundedUp() throws StoreException {
        store.set(key, bytes("v"));
        assertEquals(-1, store.ttlSeconds(key).orElseThrow());
        store.expire(key, Duration.ofSeconds(10));
        assertEquals(10, store.ttlSeconds(key).orElseThrow());
        clock.advance(Duration.ofNanos(1));
        assertEquals(10, store.ttlSeconds(key).orElseThrow());
        clock.advance(Duration.ofSeconds(1));
        assertEquals(9, store.entry(key).ttlSeconds());
        clock.advance(Duration.ofSeconds(9).minusNanos(2));
        assertEquals(1, store.ttlSeconds(key).orElseThrow());
    }

    @Test
    void setAndCompareAndSetTakeTheExpiryAway() throws StoreException {
        long version = store.set(key, bytes("v"));
        store.expire(key, Duration.ofSeconds(1));
        version = store.compareAndSet(key, version, bytes("w")).version();
        assertEquals(-1, store.ttlSeconds(key).orElseThrow());
        store.expire(key, Duration.ofSeconds(1));
        store.compareAndSet(key, version + 1, bytes("conflict"));
        assertEquals(1, store.ttlSeconds(key).orElseThrow());
        store.set(key, bytes("x"));
        assertEquals(-1, store.ttlSeconds(key).orElseThrow());
        assertEquals(0, store.deadlines());
    }

    @Test
    void incrementAndAppendKeepTheExpiry() throws StoreException {
        store.set(key, bytes("1"));
        store.expire(key, Duration.ofSeconds(3));
        store.increment(key, 1);
        store.append(key, bytes("0"));
        assertEquals(3, store.ttlSeconds(key).orElseThrow());
        clock.advance(Duration.ofSeconds(3));
        assertFalse(store.exists(key));
    }

    @Test
    void persistTakesTheExpiryAway() throws StoreException {
        store.set(key, bytes("v"));
        assertTrue(store.persist(key));
        store.expire(key, Duration.ofSeconds(1));
        assertTrue(store.persist(key));
        clock.advance(Duration.ofDays(1));
        assertTrue(store.exists(key));
        assertEquals(0, store.deadlines());
    }

    @Test
    void aLaterExpireReplacesAnEarlierOne() throws StoreException {
        store.set(key, bytes("v"));
        store.expire(key, Duration.ofSeconds(1));
        store.expire(key, Duration.ofSeconds(5));
        assertEquals(1, store.deadlines());
        clock.advance(Duration.ofSeconds(4));
        assertEquals(1, store.ttlSeconds(key).orElseThrow());
        store.expire(key, Duration.ofMillis(1));
        clock.advance(Duration.ofMillis(1));
        assertEquals(0, store.size());
    }

    @Test
    void takesTheLongestTimeToLiveAndNoLonger() throws StoreException {
        store.set(key, bytes("v"));
        clock.advance(Duration.ofDays(36_500));
        store.expire(key, KeyValueStore.MAX_TIME_TO_LIVE);
        assertEquals(36_500L * 86_400, store.ttlSeconds(key).orElseThrow());
        for (Duration wrong : List.of(Duration.ZERO, Duration.ofNanos(-1),
                KeyValueStore.MAX_TIME_TO_LIVE.plusNanos(1))) {
            assertThrows(IllegalArgumentException.class, () -> store.expire(key, wrong));
        }
    }

    @Test
    void sizeReclaimsWhatIsDueAndNothingElse() throws StoreException {
        for (int i = 0; i < 200; i++) {
            store.set(key("k" + i), bytes("v"));
            store.expire(key("k" + i), Duration.ofSeconds(i + 1));
        }
        clock.advance(Duration.ofSeconds(50));
        assertEquals(150, store.size());
        assertEquals(150, store.keptKeys());
        assertEquals(150, store.deadlines());
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
            await().atMost(Duration.ofSeconds(30)).until(() -> real.keptKeys() == 1 && real.deadlines() == 1);
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

    private static Key key(String text) {
        return Key.of(bytes(text));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }
}
