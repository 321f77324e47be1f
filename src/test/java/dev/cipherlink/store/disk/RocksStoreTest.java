package dev.cipherlink.store.disk;

import static dev.cipherlink.store.StoreChild.bytes;
import static dev.cipherlink.store.StoreChild.key;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.store.Key;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.StoreException.StoreInUseException;
import dev.cipherlink.store.Transaction;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Functions of a store on disk only: transactions, records, copies. [StoreRecoveryTest] opens damaged ones.
class RocksStoreTest {
    @TempDir
    Path folder;

    private Path path() {
        return folder.resolve("store");
    }

    private RocksStore open() throws IOException {
        return RocksStores.durable(path());
    }

    @Test
    void keepsKeysRecordsVersionsAndTheirNumber() throws Exception {
        long version;
        try (RocksStore store = open(); Transaction transaction = store.begin()) {
            store.set(key("a"), bytes("1"));
            version = store.set(key("large"), new byte[100_000]);
            transaction.record(bytes("r"), bytes("x"));
            transaction.commit();
        }
        try (RocksStore store = open()) {
            assertArrayEquals(bytes("1"), store.get(key("a")));
            assertEquals(100_000, store.get(key("large")).length);
            assertEquals(version, store.entry(key("large")).version());
            assertArrayEquals(bytes("x"), store.record(bytes("r")));
            assertEquals(2, store.size());
            assertTrue(store.set(key("b"), bytes("2")) > version);
            assertEquals(List.of(), store.check());
        }
    }

    /// Issue 13.2: a SET does not look at what is there. A key that is not in memory counts once, and leaves nothing behind, also
    /// if only the log has the SET when the process is killed.
    @Test
    void aWriteThatDoesNotLookCountsOnceAndLeavesNothingBehind() throws Exception {
        Path running = folder.resolve("running");
        try (RocksStore store = RocksStores.durable(running)) {
            store.set(key("large"), new byte[50_000]);
            store.set(key("expires"), bytes("1"));
            store.expire(key("expires"), java.time.Duration.ofHours(1));
            store.set(key("both"), new byte[50_000]);
            store.expire(key("both"), java.time.Duration.ofHours(1));
        }
        try (RocksStore store = RocksStores.durable(running)) {
            try (Transaction transaction = store.begin()) {
                store.set(key("large"), bytes("2"));
                store.set(key("expires"), bytes("2"));
                store.set(key("both"), new byte[60_000]);
                store.set(key("new"), bytes("2"));
                store.expire(key("both"), java.time.Duration.ofHours(2));
                assertEquals(4, store.size());
                transaction.commit();
            }
            RocksStores.copy(running, path());
            assertEquals(4, store.size());
            assertEquals(List.of(), store.check());
        }
        for (Path each : List.of(path(), running)) {
            try (RocksStore store = RocksStores.durable(each)) {
                assertEquals(4, store.size());
                assertEquals(List.of(), store.check());
                assertEquals(-1, store.ttlSeconds(key("expires")).orElseThrow());
                assertEquals(60_000, store.get(key("both")).length);
            }
        }
    }

    /// The interrupt closed the file that says how far the store reaches while that was being written.
    @Test
    void closesInOrderOnAThreadThatWasInterrupted() throws Exception {
        var warnings = new ArrayList<String>();
        var handler = new Handler() {
            @Override
            public void publish(LogRecord warning) {
                warnings.add(warning.getMessage());
            }

            @Override
            public void flush() {
            }

            @Override
            public void close() {
            }
        };
        Logger logger = Logger.getLogger(RocksStore.class.getName());
        logger.addHandler(handler);
        try {
            RocksStore store = open();
            store.set(key("a"), bytes("1"));
            Thread.currentThread().interrupt();
            store.close();
        } finally {
            logger.removeHandler(handler);
            assertTrue(Thread.interrupted());
        }
        assertEquals(List.of(), warnings);
        try (RocksStore store = open()) {
            assertArrayEquals(bytes("1"), store.get(key("a")));
        }
    }

    @Test
    void aTransactionIsSeenAtOnceAndRecordsWhenItIsDurable() throws Exception {
        try (RocksStore store = open(); Transaction transaction = store.begin()) {
            assertFalse(transaction.hasWritten());
            store.set(key("a"), bytes("1"));
            transaction.record(bytes("r"), bytes("x"));
            assertTrue(transaction.hasWritten());
            assertArrayEquals(bytes("1"), store.get(key("a")));
            assertEquals(List.of(key("a")), store.keys(bytes(""), 9, bytes("")));
            assertNull(store.record(bytes("r")));
            transaction.commit();
            assertArrayEquals(bytes("x"), store.record(bytes("r")));
            assertEquals(1, store.records(bytes("r")).size());
        }
    }

    @Test
    void oneThreadHasOneTransactionAtATime() throws Exception {
        try (RocksStore store = open(); Transaction transaction = store.begin()) {
            assertThrows(IllegalStateException.class, store::begin);
            transaction.commit();
            assertThrows(IllegalStateException.class, transaction::commit);
        }
    }

    @Test
    void aThreadWithoutATransactionHasNone() throws Exception {
        try (RocksStore store = open()) {
            assertThrows(IllegalStateException.class, store::transaction);
            try (Transaction transaction = store.begin()) {
                assertSame(transaction, store.transaction());
            }
            assertThrows(IllegalStateException.class, store::transaction);
        }
    }

    /// Others would wait for the disk that it reads.
    @Test
    void aTransactionThatHasWrittenReadsFromTheDiskToo() throws Exception {
        try (RocksStore store = open()) {
            store.set(key("stored"), bytes("1"));
        }
        try (RocksStore store = open(); Transaction transaction = store.begin()) {
            store.set(key("new"), bytes("2"));
            assertArrayEquals(bytes("1"), store.get(key("stored")));
            assertArrayEquals(bytes("1"), store.get(key("stored")), "from its cell");
            assertArrayEquals(bytes("2"), store.get(key("new")));
            transaction.commit();
        }
    }

    @Test
    void oneCommitServesManyTransactions() throws Exception {
        try (RocksStore store = open()) {
            var threads = new ArrayList<Thread>();
            for (int i = 0; i < 200; i++) {
                Key key = key("k" + i);
                threads.add(Thread.startVirtualThread(() -> assertTrue(set(store, key) > 0)));
            }
            for (Thread thread : threads) {
                thread.join();
            }
            assertEquals(200, store.size());
            assertTrue((long) store.info().get("store_syncs") < 200, store.info().toString());
        }
    }

    private static long set(RocksStore store, Key key) {
        try {
            return store.set(key, bytes("v"));
        } catch (StoreException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aSecondUserIsRefusedInOneLine() throws Exception {
        try (RocksStore store = open()) {
            assertEquals(0, store.size());
            var refused = assertThrows(StoreInUseException.class, this::open);
            assertEquals(1, refused.getMessage().lines().count());
        }
    }

    @Test
    void aBackupIsOfOneMomentAndCanBeRestored() throws Exception {
        Path backup = folder.resolve("backup");
        try (RocksStore store = open()) {
            store.set(key("a"), bytes("1"));
            store.set(key("large"), new byte[50_000]);
            store.backUp(backup);
            store.set(key("a"), bytes("2"));
            assertThrows(IOException.class, () -> store.backUp(backup));
        }
        assertThrows(IOException.class, () -> StoreCopy.restore(backup, path()));
        StoreCopy.restore(backup, folder.resolve("restored"));
        try (RocksStore store = RocksStores.durable(folder.resolve("restored"))) {
            assertArrayEquals(bytes("1"), store.get(key("a")));
            assertEquals(50_000, store.get(key("large")).length);
            assertEquals(List.of(), store.check());
        }
    }

    /// It compared the entries with a number that had a change in it which was not durable yet.
    @Test
    void checksWhatIsDurableWhileAnotherThreadWrites() throws Exception {
        try (RocksStore store = open()) {
            store.set(key("a"), bytes("1"));
            try (Transaction transaction = store.begin()) {
                store.set(key("b"), bytes("2"));
                assertEquals(List.of(), store.check());
                transaction.commit();
            }
            assertEquals(List.of(), store.check());
        }
    }

    /// A COUNT of millions of keys held up other listings until it was done.
    @Test
    void countsKeysPartByPart() throws Exception {
        try (RocksStore store = open()) {
            try (Transaction transaction = store.begin()) {
                for (int i = 0; i < 2 * Listing.COUNTED_AT_ONCE; i++) {
                    store.set(key("k%07d".formatted(i)), bytes("v"));
                }
                store.set(key("l"), bytes("v"));
                transaction.commit();
            }
            assertEquals(2 * Listing.COUNTED_AT_ONCE, store.count(bytes("k")));
            store.set(key("k"), bytes("v"));
            store.delete(key("k0000001"));
            store.set(key("kk"), bytes("v"));
            assertEquals(2 * Listing.COUNTED_AT_ONCE + 1, store.count(bytes("k")));
            assertEquals(1, store.count(bytes("l")));
        }
    }

    /// A COUNT of many keys behind a write held up the commits of all others.
    @Test
    void aPausedTransactionDoesNotHoldUpOthersAndIsCommittedInOrder() throws Exception {
        Path path = folder.resolve("paused");
        try (RocksStore store = RocksStores.durable(path)) {
            try (Transaction transaction = store.begin()) {
                store.set(key("a"), bytes("1"));
                transaction.pause();
                Thread.startVirtualThread(() -> {
                    try {
                        store.increment(key("a"), 1);
                    } catch (StoreException e) {
                        throw new IllegalStateException(e);
                    }
                }).join();
                assertTrue(transaction.hasWritten());
                assertArrayEquals(bytes("2"), store.get(key("a")));
                store.append(key("a"), bytes("3"));
                transaction.pause();
                transaction.record(bytes("r"), bytes("4"));
                transaction.commit();
            }
        }
        try (RocksStore store = RocksStores.durable(path)) {
            assertArrayEquals(bytes("23"), store.get(key("a")));
            assertArrayEquals(bytes("4"), store.record(bytes("r")));
        }
    }
}
