package dev.cipherlink.store.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.store.Key;
import dev.cipherlink.store.StoreException.DamagedStoreException;
import dev.cipherlink.store.disk.RocksStore;
import dev.cipherlink.store.disk.RocksStores;
import dev.cipherlink.store.disk.StoreFolder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The file that says how far a store must reach.
class LastCommitTest {
    private static final int SLOT_BYTES = 64;
    private static final int COMMITS = 7;

    @TempDir
    Path folder;

    private Path killedStore() throws Exception {
        Path running = folder.resolve("running");
        Path killed = folder.resolve("killed");
        try (RocksStore store = RocksStores.durable(running)) {
            for (int i = 0; i < COMMITS; i++) {
                store.set(Key.of(new byte[] {(byte) i}), new byte[10]);
            }
            RocksStores.copy(running, killed);
        }
        return killed;
    }

    private static byte[] flipped(byte[] bytes, int at) {
        byte[] flipped = bytes.clone();
        flipped[at] ^= (byte) (1 << at % 8);
        return flipped;
    }

    /// Issue 13.4: one flipped byte in either slot refused an intact store.
    @Test
    void aFlippedByteInEitherSlotLeavesTheOther() throws Exception {
        Path store = killedStore();
        Path file = StoreFolder.lastCommit(store);
        byte[] whole = Files.readAllBytes(file);
        assertEquals(2 * SLOT_BYTES, whole.length);
        long last = LastCommit.read(file).commit();
        assertEquals(COMMITS, last);
        for (int at = 0; at < whole.length; at++) {
            Files.write(file, flipped(whole, at));
            try (StoreFolder locked = StoreFolder.lock(store)) {
                long required = locked.required().commit();
                assertTrue(required == last || required == last - 1, "byte " + at + ": " + required);
            }
        }
        for (int at = 3; at < whole.length; at += SLOT_BYTES / 2) {
            Files.write(file, flipped(whole, at));
            try (RocksStore opened = RocksStores.durable(store)) {
                assertEquals(COMMITS, opened.size());
            }
            assertEquals(2 * SLOT_BYTES, Files.size(file), "both slots are written anew");
        }
    }

    /// Issue 13.4: only when both are bad can nobody tell how far the store has to reach.
    @Test
    void twoBadSlotsAreRefused() throws Exception {
        Path store = killedStore();
        Path file = StoreFolder.lastCommit(store);
        byte[] whole = Files.readAllBytes(file);
        for (int at = 0; at < SLOT_BYTES; at++) {
            Files.write(file, flipped(flipped(whole, at), SLOT_BYTES + (at * 7) % SLOT_BYTES));
            assertThrows(DamagedStoreException.class, () -> {
                try (StoreFolder locked = StoreFolder.lock(store)) {
                    locked.required();
                }
            }, "byte " + at);
        }
    }

    @Test
    void theGoodOneOfTwoSlotsStillNoticesThatCommitsAreMissing() throws Exception {
        Path store = killedStore();
        Path file = StoreFolder.lastCommit(store);
        byte[] whole = Files.readAllBytes(file);
        try (Stream<Path> logs = Files.list(StoreFolder.log(store))) {
            for (Path log : logs.toList()) {
                Files.write(log, Arrays.copyOf(Files.readAllBytes(log), CommitLog.HEADER_BYTES));
            }
        }
        for (int at : new int[] {0, SLOT_BYTES}) {
            Files.write(file, flipped(whole, at));
            assertThrows(DamagedStoreException.class, () -> RocksStores.durable(store).close());
        }
    }

    /// Issue 13.6: the committing thread read the whole list of files each second, before those who wait for the commit went on.
    @Test
    void aCommitIsNotedWithoutALookAtTheDatabase() throws Exception {
        Path file = folder.resolve("last");
        try (var lastCommit = new LastCommit(file, folder.resolve("missing"))) {
            lastCommit.write(1);
            lastCommit.write(2);
            assertThrows(IOException.class, lastCommit::lookAtManifestIfDue);
        }
        assertEquals(2, LastCommit.read(file).commit());
    }

    @Test
    void aListOfFilesThatGrowsIsNotedAsItBegins() throws Exception {
        Path file = folder.resolve("last");
        Path list = folder.resolve("MANIFEST-000004");
        Files.writeString(folder.resolve("CURRENT"), "MANIFEST-000004\n");
        Files.write(list, new byte[100_000]);
        try (var lastCommit = new LastCommit(file, folder)) {
            lastCommit.writeWithFreshManifest(1);
            Files.writeString(list, "more", StandardOpenOption.APPEND);
            lastCommit.writeWithFreshManifest(2);
            LastCommit.Manifest noted = LastCommit.read(file).manifest();
            assertEquals(new LastCommit.Manifest(4, 100_004, noted.checksum()), noted);
            Files.writeString(list, "and more", StandardOpenOption.APPEND);
            assertTrue(LastCommit.isManifestGood(folder, noted));
            byte[] bytes = Files.readAllBytes(list);
            Files.write(list, flipped(bytes, 99_999));
            assertFalse(LastCommit.isManifestGood(folder, noted));
            Files.write(list, Arrays.copyOf(bytes, 100_003));
            assertFalse(LastCommit.isManifestGood(folder, noted));

            Files.write(folder.resolve("MANIFEST-000011"), "new".getBytes(StandardCharsets.US_ASCII));
            Files.writeString(folder.resolve("CURRENT"), "MANIFEST-000011\n");
            assertTrue(LastCommit.isManifestGood(folder, noted), "a newer list was made from the old one");
            lastCommit.writeWithFreshManifest(3);
            noted = LastCommit.read(file).manifest();
            assertEquals(new LastCommit.Manifest(11, 3, noted.checksum()), noted);
            assertTrue(LastCommit.isManifestGood(folder, noted));
            Files.writeString(folder.resolve("CURRENT"), "MANIFEST-000004\n");
            assertFalse(LastCommit.isManifestGood(folder, noted), "an older list");
            Files.writeString(folder.resolve("CURRENT"), "nothing\n");
            assertFalse(LastCommit.isManifestGood(folder, noted));
        }
    }

    @Test
    void aFileThatIsCutIsReadAsFarAsItIsWhole() throws Exception {
        Path file = folder.resolve("last");
        try (var lastCommit = new LastCommit(file, folder)) {
            lastCommit.write(1);
            lastCommit.write(2);
        }
        byte[] whole = Files.readAllBytes(file);
        for (int length = 0; length < whole.length; length++) {
            Files.write(file, Arrays.copyOf(whole, length));
            if (length < SLOT_BYTES) {
                assertThrows(IOException.class, () -> LastCommit.read(file), length + " bytes");
            } else {
                assertEquals(1, LastCommit.read(file).commit(), length + " bytes");
            }
        }
        assertTrue(LastCommit.isManifestGood(folder, LastCommit.Manifest.NONE), "no list was seen yet");
    }
}
