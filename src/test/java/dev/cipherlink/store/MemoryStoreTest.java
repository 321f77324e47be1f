package dev.cipherlink.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.store.StoreException.Reason;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class MemoryStoreTest extends StoreContract {

    @Override
    public KeyValueStore open(StoreLimits limits) {
        return new MemoryStore(limits, clock, ManualClock.WALL_NANOS);
    }

    @Test
    void keepsRecordsUntilItEnds() {
        var small = new MemoryStore(StoreLimits.ofHeap());
        try (small; Transaction transaction = small.begin()) {
            transaction.record(bytes("r1"), bytes("v"));
            transaction.record(bytes("r2"), bytes("w"));
            transaction.forget(bytes("r1"));
            transaction.commit();
            assertEquals(List.of("r2"), small.records(bytes("r")).keySet().stream().map(String::new).toList());
            assertArrayEquals(bytes("w"), small.record(bytes("r2")));
        } catch (StoreException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void refusesWritesWhenFullButGoesOnReadingAndDeleting() throws StoreException {
        long oneEntry = MemoryStore.OVERHEAD_BYTES + 2;
        try (var small = new MemoryStore(new StoreLimits(100, 2 * oneEntry), clock, ManualClock.WALL_NANOS)) {
            small.set(key("a"), bytes("1"));
            long version = small.set(key("b"), bytes("2"));
            assertEquals(2 * oneEntry, small.usedBytes());
            assertRefused(Reason.FULL, () -> small.set(key("c"), bytes("3")));
            assertRefused(Reason.FULL, () -> small.set(key("a"), bytes("22")));
            assertRefused(Reason.FULL, () -> small.append(key("a"), bytes("2")));
            assertRefused(Reason.FULL, () -> small.increment(key("a"), 9));
            assertRefused(Reason.FULL, () -> small.compareAndSet(key("b"), version, bytes("33")));
            assertArrayEquals(bytes("1"), small.get(key("a")));
            assertFalse(small.exists(key("c")));
            assertEquals(List.of(key("a"), key("b")), small.keys(bytes(""), 9, bytes("")));
            small.set(key("a"), bytes("7"));
            small.expire(key("a"), Duration.ofSeconds(1));
            assertTrue(small.delete(key("a")));
            small.set(key("c"), bytes("3"));
            small.delete(key("b"));
            small.delete(key("c"));
            assertEquals(0, small.usedBytes());
        }
    }

    @Test
    void refusalsAreCheapAndFailuresHaveACause() {
        assertEquals(0, StoreException.overflow().getStackTrace().length);
        var cause = new java.io.IOException("disk");
        StoreException failure = StoreException.failed(cause);
        assertSame(cause, failure.getCause());
        assertEquals(Reason.FAILED, failure.reason());
        assertTrue(failure.getStackTrace().length > 0);
    }

    @Test
    void givesRecordsPageByPage() throws StoreException {
        for (String name : List.of("r1", "r2", "r3", "s1")) {
            store.begin().record(bytes(name), bytes("12345"));
        }
        assertEquals(List.of("r1", "r2", "r3"), records("", 100));
        assertEquals(List.of("r1", "r2"), records("", 6), "until they have so many bytes");
        assertEquals(List.of("r2", "r3"), records("r1", 100));
        assertEquals(List.of(), records("r3", 100));
        assertEquals(List.of("s1"), store.records(bytes("s"), bytes(""), 100).keySet().stream().map(String::new).toList());
    }

    private List<String> records(String after, int maxBytes) throws StoreException {
        return store.records(bytes("r"), bytes(after), maxBytes).keySet().stream().map(String::new).toList();
    }

    @Test
    void countsKeysPartByPart() throws StoreException {
        try (var large = new MemoryStore(StoreLimits.ofHeap(), clock, ManualClock.WALL_NANOS)) {
            for (int i = 0; i < 50_001; i++) {
                large.set(key("k" + i), bytes(""));
            }
            large.set(key("other"), bytes(""));
            assertEquals(50_001, large.count(bytes("k")));
            large.delete(key("k1"));
            assertEquals(50_000, large.count(bytes("k")));
        }
    }

    @Test
    void aStoreThatFailedForWantOfMemorySaysSo() {
        for (Throwable cause : List.of(new OutOfMemoryError(), new IllegalStateException(new OutOfMemoryError()))) {
            assertTrue(StoreException.stopped(cause).getMessage().contains("had not memory enough"));
        }
        assertTrue(StoreException.stopped(new java.io.IOException()).getMessage().contains("its disk failed"));
    }

    @Test
    void limitsAreNotNegative() {
        assertThrows(IllegalArgumentException.class, () -> new StoreLimits(-1, 0));
        assertThrows(IllegalArgumentException.class, () -> new StoreLimits(0, -1));
    }
}
