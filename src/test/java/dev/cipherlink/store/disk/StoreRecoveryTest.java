package dev.cipherlink.store.disk;

import static dev.cipherlink.store.StoreChild.bytes;
import static dev.cipherlink.store.StoreChild.key;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.store.Key;
import dev.cipherlink.store.KeyValueStore.Durability;
import dev.cipherlink.store.StoreLimits;
import dev.cipherlink.store.Transaction;
import dev.cipherlink.store.log.CommitLog;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;

/// Opening a store after a kill or damage.
class StoreRecoveryTest {
    @TempDir
    Path folder;

    private Path path() {
        return folder.resolve("store");
    }

    private RocksStore open() throws IOException {
        return RocksStores.durable(path());
    }

    /// Each kill left up to 32 MiB of the disk taken for ever, and a store on a small disk could not be opened again.
    @Test
    void takesAwayTheBlobFileThatAKilledProcessWasWriting() throws Exception {
        try (RocksStore store = open()) {
            store.set(key("large"), new byte[50_000]);
            // Brings the value into the database: a store that is closed at once may have it in its log only.
            assertEquals(List.of(), store.check());
        }
        Path whole = only("db", ".blob");
        Path unfinished = path().resolve("db").resolve("000099.blob");
        Files.write(unfinished, java.util.Arrays.copyOf(Files.readAllBytes(whole), (int) Files.size(whole) / 2));
        try (RocksStore store = open()) {
            assertFalse(Files.exists(unfinished));
            assertEquals(50_000, store.get(key("large")).length);
            assertEquals(List.of(), store.check());
        }
        assertTrue(Files.exists(whole));
    }

    /// A store whose first start had too few descriptors could never be opened again: "Column family not found".
    @Test
    void goesOnToMakeADatabaseThatIsMadeInPart() throws Exception {
        RocksStores.durable(folder.resolve("other")).close(); // loads RocksDB
        Files.createDirectories(path().resolve("db"));
        try (var options = new Options().setCreateIfMissing(true)) {
            RocksDB.open(options, path().resolve("db").toString()).close();
        }
        try (RocksStore store = open()) {
            store.set(key("k"), bytes("v"));
        }
        try (RocksStore store = open()) {
            assertArrayEquals(bytes("v"), store.get(key("k")));
        }
    }

    /// The files of a store with 20 commits after SIGKILL: the database is as it was when it was opened.
    private void makeKilled() throws Exception {
        Path running = folder.resolve("running");
        try (RocksStore store = RocksStores.durable(running)) {
            for (int i = 0; i < 20; i++) {
                store.set(key("k" + i), bytes("v"));
            }
            RocksStores.copy(running, path());
        }
    }

    @Test
    void changesOnlyInTheLogAreThereAfterAKill() throws Exception {
        makeKilled();
        for (int i = 0; i < 3; i++) {
            try (RocksStore store = open()) {
                assertEquals(20, store.size());
                assertArrayEquals(bytes("v"), store.get(key("k19")));
                assertEquals(List.of(), store.check());
            }
        }
    }

    /// Groups are applied together, and a key and its neighbours pass through every form in between.
    @Test
    void theDatabaseAgreesWithItselfAfterManyChangesOfFewKeys() throws Exception {
        try (RocksStore store = RocksStore.open(path(), RocksConfig.of(StoreLimits.ofDisk(1 << 24), Durability.EVERYSEC))) {
            for (int i = 0; i < 600; i++) {
                Key key = key("k" + i % 7);
                switch (i % 5) {
                    case 0 -> store.set(key, new byte[20_000 + i]);
                    case 1 -> store.expire(key, java.time.Duration.ofHours(1 + i));
                    case 2 -> store.set(key, bytes("small"));
                    case 3 -> store.append(key, new byte[9_000]);
                    default -> store.delete(key);
                }
                if (i % 50 == 0) {
                    assertEquals(store.keys(bytes("k"), 99, bytes("")).size(), store.size());
                    assertEquals(List.of(), store.check());
                }
            }
            assertEquals(List.of(), store.check());
        }
        try (RocksStore store = open()) {
            assertEquals(List.of(), store.check());
        }
    }

    @Test
    void noticesAMissingTailAListOfFilesThatChangedAndAMissingFile() throws Exception {
        makeKilled();
        Path log = only("log", ".log");
        byte[] whole = Files.readAllBytes(log);
        for (int cut = 0; cut < end(whole); cut += 1 + end(whole) / 5) {
            Files.write(log, java.util.Arrays.copyOf(whole, cut));
            refused();
        }
        Files.delete(log);
        refused();
        Files.write(log, whole);
        Path manifest = only("db", "MANIFEST-");
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
        makeKilled();
        Path log = only("log", ".log");
        byte[] whole = Files.readAllBytes(log);
        for (int at = 0; at < end(whole); at += 1 + end(whole) / 8) {
            byte[] flipped = whole.clone();
            flipped[at] ^= 4;
            Files.write(log, flipped);
            refused();
        }
    }

    @Test
    void aDamagedLogIsReadUpToTheDamageIfThatIsAccepted() throws Exception {
        makeKilled();
        Path log = only("log", ".log");
        byte[] bytes = Files.readAllBytes(log);
        bytes[end(bytes) / 2] ^= 4;
        Files.write(log, bytes);
        refused();
        try (RocksStore store = RocksStores.acceptingLoss(path())) {
            assertTrue(store.size() > 0 && store.size() < 20, store.size() + " of 20");
            assertEquals(List.of(), store.check());
        }
    }

    /// Not even that it was accepted helped: a file that did not begin as it should was one of another version.
    @Test
    void aLogThatBeginsWithSomethingElseIsLeftOutIfThatIsAccepted() throws Exception {
        makeKilled();
        Path log = only("log", ".log");
        byte[] bytes = Files.readAllBytes(log);
        bytes[0] ^= 4;
        Files.write(log, bytes);
        refused();
        try (RocksStore store = RocksStores.acceptingLoss(path())) {
            assertEquals(0, store.size());
            store.set(key("a"), bytes("1"));
        }
        try (RocksStore store = open()) {
            assertArrayEquals(bytes("1"), store.get(key("a")));
        }
    }

    /// The database was gone, and so was the file that says how far it reached: a new store was made over the log.
    @Test
    void aLogWithoutADatabaseIsNoNewStore() throws Exception {
        makeKilled();
        Files.delete(path().resolve("last-commit"));
        try (Stream<Path> files = Files.walk(path().resolve("db"))) {
            for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
        refused();
    }

    /// A backup that a server had run on was restored without what its log had.
    @Test
    void deletionsOnlyInTheLogAreThereAfterAKill() throws Exception {
        Path running = folder.resolve("running");
        try (RocksStore store = RocksStores.durable(running)) {
            store.set(key("kept"), bytes("v"));
            store.set(key("gone"), new byte[50_000]);
        }
        try (RocksStore store = RocksStores.durable(running)) {
            store.set(key("passing"), bytes("v"));
            store.delete(key("passing"));
            store.delete(key("gone"));
            RocksStores.copy(running, path());
        }
        try (RocksStore store = open()) {
            assertEquals(List.of(key("kept")), store.keys(new byte[0], 9, new byte[0]));
            assertEquals(1, store.size());
            assertEquals(List.of(), store.check());
        }
    }

    /// More than it remembers of what it has brought into the database.
    @Test
    void aLogOfManyKeysIsReadWhole() throws Exception {
        Path running = folder.resolve("running");
        int keys = 100_001;
        try (RocksStore store = RocksStores.durable(running)) {
            for (int round = 0; round < 2; round++) {
                try (Transaction transaction = store.begin()) {
                    for (int i = 0; i < keys; i++) {
                        store.set(key("k" + i), bytes("v" + round));
                    }
                    transaction.commit();
                }
            }
            store.delete(key("k7"));
            RocksStores.copy(running, path());
        }
        try (RocksStore store = open()) {
            assertEquals(keys - 1, store.size());
            assertArrayEquals(bytes("v1"), store.get(key("k100000")));
            assertEquals(List.of(), store.check());
        }
    }

    @Test
    void aStoreWhoseNoteOfTheLastCommitIsEmptyIsNew() throws Exception {
        Files.createDirectories(path());
        Files.createFile(StoreFolder.lastCommit(path()));
        try (RocksStore store = open()) {
            store.set(key("k"), bytes("v"));
        }
        try (RocksStore store = open()) {
            assertArrayEquals(bytes("v"), store.get(key("k")));
        }
    }

    /// Nobody can tell what is missing.
    @Test
    void aStoreWithCommitsAndAnEmptyNoteOfTheLastOneIsRefused() throws Exception {
        try (RocksStore store = open()) {
            store.set(key("k"), bytes("v"));
        }
        Files.write(StoreFolder.lastCommit(path()), new byte[0]);
        String message = assertThrows(IOException.class, this::open).getMessage();
        assertTrue(message.contains("its file last-commit is missing, so that nobody can tell whether commits after number 1 are lost"), message);
        try (RocksStore store = RocksStores.acceptingLoss(path())) {
            assertArrayEquals(bytes("v"), store.get(key("k")));
        }
    }

    @Test
    void aTableOrALargeValueWithoutTheRestIsNoNewStore() throws Exception {
        for (String name : List.of("000009.sst", "000009.blob")) {
            Path store = folder.resolve(name + ".store");
            Files.createDirectories(StoreFolder.database(store));
            Files.createFile(StoreFolder.database(store).resolve("LOG"));
            Files.write(StoreFolder.database(store).resolve(name), new byte[] {1});
            String message = assertThrows(IOException.class, () -> RocksStores.durable(store)).getMessage();
            assertTrue(message.contains("its file db/CURRENT is missing"), message);
        }
    }

    /// The database, and the lock, were left as they were.
    @Test
    void aStoreThatIsOpenedInPartIsClosedAgain() throws Exception {
        try (RocksStore store = open()) {
            store.set(key("k"), bytes("v"));
        }
        Path note = StoreFolder.lastCommit(path());
        Path aside = Files.move(note, folder.resolve("aside"));
        Files.createDirectory(note);
        Files.createFile(note.resolve("x"));
        assertThrows(IOException.class, () -> RocksStores.acceptingLoss(path()));
        Files.delete(note.resolve("x"));
        Files.delete(note);
        Files.move(aside, note);
        try (RocksStore store = RocksStores.acceptingLoss(path())) {
            assertArrayEquals(bytes("v"), store.get(key("k")));
        }
    }

    @Test
    void changesOnlyInTheLogAreRestoredToo() throws Exception {
        makeKilled();
        StoreCopy.restore(path(), folder.resolve("restored"));
        try (RocksStore store = RocksStores.durable(folder.resolve("restored"))) {
            assertEquals(20, store.size());
        }
    }

    /// Where the last record of a log's file ends: there is more of the file.
    private static int end(byte[] file) {
        int end = CommitLog.HEADER_BYTES;
        int length = ByteBuffer.wrap(file).getInt(end);
        while (length != 0) {
            end += CommitLog.PREFIX_BYTES + length;
            length = ByteBuffer.wrap(file).getInt(end);
        }
        assertTrue(end < file.length);
        return end;
    }

    private void refused() {
        var refused = assertThrows(IOException.class, () -> open().close());
        assertEquals(1, refused.getMessage().lines().count(), refused.getMessage());
    }

    private Path only(String folderName, String part) throws IOException {
        try (Stream<Path> files = Files.list(path().resolve(folderName))) {
            return files.filter(file -> file.getFileName().toString().contains(part)).findFirst().orElseThrow();
        }
    }
}
