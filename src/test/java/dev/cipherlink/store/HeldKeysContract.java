package dev.cipherlink.store;

import static dev.cipherlink.store.StoreContract.bytes;
import static dev.cipherlink.store.StoreContract.key;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.store.KeyValueStore.Atomic;
import dev.cipherlink.store.KeyValueStore.Need;
import dev.cipherlink.store.KeyValueStore.OwnRecord;
import dev.cipherlink.store.StoreException.Reason;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What a run that holds keys must not do, and what others see of it. Each engine runs it.
public abstract class HeldKeysContract {

    private final Key key = key("k");
    private final Key other = key("other");
    KeyValueStore store;

    public abstract KeyValueStore open(StoreLimits limits) throws IOException;

    @BeforeEach
    void openStore() throws IOException {
        store = open(new StoreLimits(100_000, 10_000_000));
    }

    @AfterEach
    void closeStore() {
        store.close();
    }

    @Test
    void othersReadWhatWasBeforeWhileKeysAreHeld() throws StoreException {
        store.set(key, bytes("before"));
        store.atomically(Map.of(key, Need.VALUE, other, Need.VALUE), false, verbs -> {
            verbs.set(key, bytes("after"));
            verbs.set(other, bytes("new"));
            var reading = new FutureTask<>(() -> new String(store.get(key)) + store.exists(other));
            Thread.ofPlatform().start(reading);
            try {
                assertEquals("beforefalse", reading.get(60, TimeUnit.SECONDS));
            } catch (InterruptedException | ExecutionException | TimeoutException e) {
                throw new IllegalStateException(e);
            }
            return null;
        });
        assertArrayEquals(bytes("after"), store.get(key));
    }

    @Test
    void aRunThatOnlyReadsChangesNothing() throws StoreException {
        assertThrows(IllegalStateException.class,
                () -> store.atomically(Map.of(key, Need.ENTRY), true, verbs -> verbs.set(key, bytes("x"))));
        assertFalse(store.exists(key));
    }

    @Test
    void whatIsNotThereStaysSo() throws StoreException {
        store.set(other, bytes("x"));
        assertEquals(false, store.atomically(Map.of(key, Need.ENTRY), false, verbs -> verbs.delete(key)));
        assertEquals(true, store.atomically(Map.of(key, Need.VALUE, other, Need.VALUE), false, verbs -> {
            verbs.set(key, bytes("for a moment"));
            return verbs.delete(key);
        }));
        assertEquals(1, store.size());
        assertEquals(0, store.version(key));
    }

    /// An answer that is stored although nothing was changed.
    @Test
    void aRecordIsWrittenWithoutAnyChange() throws StoreException {
        try (Transaction transaction = store.begin()) {
            store.atomically(Map.of(key, Need.ENTRY), false, new Atomic<Boolean>() {
                @Override
                public Boolean run(KeyVerbs verbs) throws StoreException {
                    return verbs.exists(key);
                }

                @Override
                public OwnRecord record(Boolean result) {
                    return new OwnRecord(bytes("a/record"), bytes("" + result));
                }
            });
            transaction.commit();
        }
        assertArrayEquals(bytes("false"), store.record(bytes("a/record")));
    }

    @Test
    void copiesOnlyWhatIsThere() throws StoreException {
        assertFalse(store.copy(key, other));
        assertFalse(store.exists(other));
        store.set(key, bytes("x"));
        assertTrue(store.copy(key, other));
        assertArrayEquals(bytes("x"), store.get(other));
    }

    @Test
    void aPutThatIsOverAlreadyOrHasNotItsConditionLeavesNothing() throws StoreException {
        assertTrue(store.put(key, bytes("x"), KeyVerbs.Presence.ANY, store.deadlineAt(1)));
        assertFalse(store.exists(key));
        assertFalse(store.put(key, bytes("x"), KeyVerbs.Presence.PRESENT, KeyVerbs.NO_DEADLINE));
        assertTrue(store.put(key, bytes("x"), KeyVerbs.Presence.ANY, KeyVerbs.KEEP_DEADLINE));
        assertTrue(store.put(key, bytes("y"), KeyVerbs.Presence.ANY, KeyVerbs.NO_DEADLINE));
        assertArrayEquals(bytes("y"), store.get(key));
    }

    /// A run that asks for a large value which it did not announce would read the disk with keys held.
    @Test
    void aLargeValueHasToBeAnnounced() throws StoreException {
        store.set(key, new byte[20_000]);
        store.size(); // on disk, the value leaves the heap
        if (store.isDurable()) {
            assertEquals(Reason.FAILED, assertThrows(StoreException.class,
                    () -> store.atomically(Map.of(key, Need.ENTRY), true, verbs -> verbs.get(key))).reason());
        }
        assertEquals(20_000, store.atomically(Map.of(key, Need.VALUE), true, verbs -> verbs.get(key)).length);
    }
}
