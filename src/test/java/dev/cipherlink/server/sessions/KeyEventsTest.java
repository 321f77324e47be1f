package dev.cipherlink.server.sessions;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.server.sessions.KeyWatches.KeyWatcher;
import dev.cipherlink.store.Key;
import dev.cipherlink.store.MemoryStore;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.StoreLimits;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// The events that sessions get about keys that they watch.
class KeyEventsTest {

    private final AtomicLong nanos = new AtomicLong();
    private final KeyWatches watches = new KeyWatches();
    private final MemoryStore store = new MemoryStore(new StoreLimits(1_000, 1_000_000), nanos::get, 0);
    private final List<String> told = new ArrayList<>();
    private int room = Integer.MAX_VALUE;
    private final KeyWatcher watcher = new KeyWatcher(watches, event -> {
        boolean isTaken = told.size() < room;
        if (isTaken) {
            told.add(new String(event, UTF_8).strip());
        }
        return isTaken;
    });

    @BeforeEach
    void listen() {
        store.onChange(watches);
    }

    @AfterEach
    void close() {
        store.close();
    }

    private static Key key(String name) {
        return Key.of(name.getBytes(UTF_8));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    @Test
    void tellsOfEachWriteThatChangesAKey() throws StoreException {
        watcher.watch(bytes("u:"));
        store.set(key("u:1"), bytes("1"));
        store.set(key("other"), bytes("1"));
        store.increment(key("u:1"), 1);
        store.append(key("u:2"), bytes("x"));
        store.compareAndSet(key("u:2"), 0, bytes("refused"));
        store.compareAndSet(key("u:3"), 0, bytes("x"));
        store.expire(key("u:3"), Duration.ofSeconds(1));
        store.delete(key("u:2"));
        store.delete(key("u:2"));
        assertEquals(List.of("EVENT key set u:1", "EVENT key set u:1", "EVENT key set u:2", "EVENT key set u:3",
                "EVENT key deleted u:2"), told);
    }

    @Test
    void tellsOfKeysThatExpire() throws StoreException {
        watcher.watch(bytes(""));
        store.set(key("a"), bytes("1"));
        store.expire(key("a"), Duration.ofSeconds(1));
        nanos.addAndGet(Duration.ofSeconds(1).toNanos());
        assertEquals(0, store.size());
        assertEquals(List.of("EVENT key set a", "EVENT key expired a"), told);
    }

    @Test
    void tellsASessionOnceHoweverManyOfItsPrefixesFit() throws StoreException {
        watcher.watch(bytes(""));
        watcher.watch(bytes("a"));
        watcher.watch(bytes("ab"));
        watcher.watch(bytes("abcdef"));
        store.set(key("abc"), bytes("1"));
        assertEquals(List.of("EVENT key set abc"), told);
        watcher.unwatch(bytes(""));
        store.set(key("x"), bytes("1"));
        assertEquals(1, told.size());
    }

    @Test
    void forgetsASessionThatEnded() throws StoreException {
        watcher.watch(bytes("a"));
        watcher.watch(bytes("b"));
        watcher.close();
        store.set(key("a"), bytes("1"));
        assertEquals(List.of(), told);
        assertEquals(0, watches.prefixes());
        assertTrue(!watches.isInterested());
    }

    @Test
    void refusesTooManyPrefixesAndThoseThatAreNotWatched() {
        for (int i = 0; i < 100; i++) {
            assertEquals("OK", watcher.watch(bytes("p" + i)).text());
        }
        assertEquals("OK", watcher.watch(bytes("p7")).text());
        assertEquals("you watch 100 prefixes; UNWATCH one first", watcher.watch(bytes("q")).reason());
        assertEquals("you do not watch that prefix", watcher.unwatch(bytes("q")).reason());
    }

    @Test
    void saysHowManyChangesASlowSessionMissed() throws StoreException {
        watcher.watch(bytes(""));
        room = 1;
        store.set(key("a"), bytes("1"));
        store.set(key("b"), bytes("1"));
        store.set(key("c"), bytes("1"));
        room = 9;
        assertTrue(watcher.tellSkipped());
        store.set(key("d"), bytes("1"));
        assertEquals(List.of("EVENT key set a",
                "EVENT notice 2 changes of watched keys were not told: this session reads too slowly",
                "EVENT key set d"), told);
    }
}
