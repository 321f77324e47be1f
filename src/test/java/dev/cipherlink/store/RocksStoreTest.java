package dev.cipherlink.store;

import static dev.cipherlink.store.StoreChild.key;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What only a store on disk does: units, records, copies, and noticing what is missing.
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
        try (RocksStore store = open(); Unit unit = store.begin()) {
            store.set(key("a"), bytes("1"));
            version = store.set(key("large"), new byte[100_000]);
            unit.record(bytes("r"), bytes("x"));
            unit.commit();
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
    void aUnitIsSeenAtOnceAndRecordsWhenItIsDurable() throws Exception {
        try (RocksStore store = open(); Unit unit = store.begin()) {
            assertFalse(unit.hasWritten());
            store.set(key("a"), bytes("1"));
            unit.record(bytes("r"), bytes("x"));
            assertTrue(unit.hasWritten());
            assertArrayEquals(bytes("1"), store.get(key("a")));
            assertEquals(List.of(key("a")), store.keys(bytes(""), 9, bytes("")));
            assertNull(store.record(bytes("r")));
            unit.commit();
            assertArrayEquals(bytes("x"), store.record(bytes("r")));
            assertEquals(1, store.records(bytes("r")).size());
        }
    }

    @Test
    void oneThreadHasOneUnitAtATime() throws Exception {
        try (RocksStore store = open(); Unit unit = store.begin()) {
            assertThrows(IllegalStateException.class, store::begin);
            unit.commit();
            assertThrows(IllegalStateException.class, unit::commit);
        }
    }

    @Test
    void oneCommitServesManyUnits() throws Exception {
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

    @Test
    void noticesAMissingTailAListOfFilesThatChangedAndAMissingFile() throws Exception {
        try (RocksStore store = open()) {
            for (int i = 0; i < 20; i++) {
                store.set(key("k" + i), bytes("v"));
            }
        }
        Path wal = only(".log");
        byte[] whole = Files.readAllBytes(wal);
        for (int cut = 0; cut < whole.length; cut += 1 + whole.length / 5) {
            Files.write(wal, java.util.Arrays.copyOf(whole, cut));
            refused();
        }
        Files.write(wal, whole);
        Path manifest = only("MANIFEST-");
        byte[] list = Files.readAllBytes(manifest);
        for (int at = 0; at < list.length; at += 1 + list.length / 5) {
            byte[] flipped = list.clone();
            flipped[at] ^= 1;
            Files.write(manifest, flipped);
            refused();
            Files.write(manifest, java.util.Arrays.copyOf(list, at));
            refused();
        }
        Files.write(manifest, list);
        for (String name : List.of("last-commit", "db/CURRENT")) {
            byte[] content = Files.readAllBytes(path().resolve(name));
            Files.delete(path().resolve(name));
            refused();
            Files.write(path().resolve(name), content);
        }
        try (RocksStore store = open()) {
            assertEquals(20, store.size());
        }
    }

    @Test
    void aFlippedByteOfTheLogIsRefused() throws Exception {
        try (RocksStore store = open()) {
            for (int i = 0; i < 20; i++) {
                store.set(key("k" + i), bytes("v"));
            }
        }
        Path wal = only(".log");
        byte[] whole = Files.readAllBytes(wal);
        for (int at = 0; at < whole.length; at += 1 + whole.length / 8) {
            byte[] flipped = whole.clone();
            flipped[at] ^= 4;
            Files.write(wal, flipped);
            refused();
        }
    }

    private void refused() {
        var refused = assertThrows(IOException.class, () -> open().close());
        assertEquals(1, refused.getMessage().lines().count(), refused.getMessage());
    }

    private Path only(String part) throws IOException {
        try (Stream<Path> files = Files.list(path().resolve("db"))) {
            return files.filter(file -> file.getFileName().toString().contains(part)).findFirst().orElseThrow();
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /// A COUNT of many keys behind a write held up the commits of all others.
    @Test
    void aPausedUnitDoesNotHoldUpOthersAndIsCommittedInOrder() throws Exception {
        Path path = folder.resolve("paused");
        try (RocksStore store = RocksStores.durable(path)) {
            try (Unit unit = store.begin()) {
                store.set(key("a"), bytes("1"));
                unit.pause();
                Thread.startVirtualThread(() -> {
                    try {
                        store.increment(key("a"), 1);
                    } catch (StoreException e) {
                        throw new IllegalStateException(e);
                    }
                }).join();
                assertTrue(unit.hasWritten());
                assertArrayEquals(bytes("2"), store.get(key("a")));
                store.append(key("a"), bytes("3"));
                unit.pause();
                unit.record(bytes("r"), bytes("4"));
                unit.commit();
            }
        }
        try (RocksStore store = RocksStores.durable(path)) {
            assertArrayEquals(bytes("23"), store.get(key("a")));
            assertArrayEquals(bytes("4"), store.record(bytes("r")));
        }
    }
}
