package dev.cipherlink.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// How keys expire, in every store.
public abstract class StoreExpiryContract {
    private static final byte[] ANY = {};

    public final ManualClock clock = new ManualClock();
    public final Key key = key("k");
    public KeyValueStore store;

    public abstract KeyValueStore open(StoreLimits limits) throws IOException;

    @BeforeEach
    void openStore() throws IOException {
        store = open(new StoreLimits(100, 100_000));
    }

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

    /// A reader may wait seconds for memory or the disk after it has seen a key.
    @Test
    void aKeyThatIsKeptWhileItsReaderWaitsIsFound() throws StoreException {
        store.set(key, bytes("v"));
        store.expire(key, Duration.ofSeconds(1));
        assertArrayEquals(bytes("v"), store.get(key, _ -> keepAndWait()));
        store.expire(key, Duration.ofSeconds(1));
        KeyVerbs.Entry entry = store.entry(key, _ -> keepAndWait());
        assertArrayEquals(bytes("v"), entry.value());
        assertEquals(1, entry.ttlSeconds());
        assertTrue(store.exists(key));
    }

    private void keepAndWait() throws StoreException {
        assertTrue(store.persist(key));
        clock.advance(Duration.ofSeconds(2));
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
    }

    @Test
    void aLaterExpireReplacesAnEarlierOne() throws StoreException {
        store.set(key, bytes("v"));
        store.expire(key, Duration.ofSeconds(1));
        store.expire(key, Duration.ofSeconds(5));
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

    public static Key key(String text) {
        return Key.of(bytes(text));
    }

    public static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }
}
