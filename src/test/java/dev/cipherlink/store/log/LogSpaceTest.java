package dev.cipherlink.store.log;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.log.CommitLogReader.CommitLogFile;
import dev.cipherlink.store.log.LogSpace.DiskSpace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The files that the log will go on with: their space on the disk, their names, their length.
class LogSpaceTest {
    private static final int FILE_BYTES = 8_192;

    @TempDir
    Path folder;

    /// Issue 13.5: a full disk was found when the commit was written, and what others had seen had to be undone.
    @Test
    void aFullDiskIsKnownBeforeThereIsACommit() throws Exception {
        long[] left = {Long.MAX_VALUE};
        try (var log = new CommitLog(folder, 0, new DiskSpace(() -> left[0]), FILE_BYTES)) {
            left[0] = 0;
            assertEquals(StoreException.Reason.FULL,
                    assertThrows(StoreException.class, () -> log.awaitSpace(FILE_BYTES)).reason());
            long commit = 0;
            while (log.freeBytes() >= CommitLogTest.changes(1).size()) {
                log.append(++commit, CommitLogTest.changes(1));
                log.sync();
            }
            assertEquals(FILE_BYTES, Files.size(CommitLogReader.files(folder).getFirst()));
            left[0] = Long.MAX_VALUE;
            await().until(() -> hasSpace(log));
            log.append(commit + 1, CommitLogTest.changes(1));
            assertEquals(2, CommitLogReader.files(folder).size());
            assertEquals(commit + 1, CommitLogReader.read(folder, 0, (_, _) -> { }).commit());
        }
    }

    private static boolean hasSpace(CommitLog log) {
        try {
            log.awaitSpace(FILE_BYTES / 2);
            return true;
        } catch (StoreException e) {
            assertEquals(StoreException.Reason.FULL, e.reason());
            return false;
        }
    }

    /// A disk that is full when the log is opened: there is room for no commit, and later there is.
    @Test
    void beginsWithoutAFileOnAFullDisk() throws Exception {
        long[] left = {0};
        try (var log = new CommitLog(folder, 0, new DiskSpace(() -> left[0]), FILE_BYTES)) {
            assertTrue(log.freeBytes() < 0);
            assertEquals(List.of(), CommitLogReader.files(folder));
            left[0] = Long.MAX_VALUE;
            await().until(() -> hasSpace(log));
            log.append(1, CommitLogTest.changes(1));
            assertEquals(1, log.sync());
        }
        assertEquals(new CommitLogReader.Found(1, null), CommitLogTest.read(folder, 0));
    }

    /// A process died when it had begun a file, and the next began on a full disk. The file that it made later had the name of the
    /// old one, and was taken away with it: acknowledged commits were lost.
    @Test
    void aFileInPlaceOfOneThatAFullDiskLeftIsNotForgotten() throws Exception {
        new CommitLog(folder, 0).close();
        assertEquals(1, CommitLogReader.files(folder).size());
        long[] left = {0};
        try (var log = new CommitLog(folder, 0, new DiskSpace(() -> left[0]), FILE_BYTES)) {
            left[0] = Long.MAX_VALUE;
            await().until(() -> hasSpace(log));
            log.append(1, CommitLogTest.changes(1));
            log.sync();
            log.forget(1);
            assertEquals(new CommitLogReader.Found(1, null), CommitLogTest.read(folder, 0));
            log.append(2, CommitLogTest.changes(2));
        }
        assertEquals(new CommitLogReader.Found(2, null), CommitLogTest.read(folder, 0));
    }

    /// The thread that makes files ended, and all who waited for one did so for ever.
    @Test
    void filesAreMadeAgainAfterAnUnforeseenFailure() throws Exception {
        boolean[] fails = {false};
        try (var log = new CommitLog(folder, 0, new DiskSpace(() -> {
            if (fails[0]) {
                throw new IllegalStateException("as if");
            }
            return Long.MAX_VALUE;
        }), FILE_BYTES)) {
            fails[0] = true;
            assertEquals(StoreException.Reason.FAILED, assertTimeoutPreemptively(Duration.ofSeconds(20),
                    () -> assertThrows(StoreException.class, () -> log.awaitSpace(2 * FILE_BYTES))).reason());
            fails[0] = false;
            await().ignoreExceptionsInstanceOf(StoreException.class).until(() -> {
                log.awaitSpace(2 * FILE_BYTES);
                return true;
            });
        }
    }

    /// A file that another process left ready was used on a full disk, and a larger one got its name and was deleted with it.
    @Test
    void aFileThatWasLeftReadyAndALargerOneHaveTwoNames() throws Exception {
        Files.write(folder.resolve("spare-0"), new byte[FILE_BYTES]);
        long[] left = {0};
        try (var log = new CommitLog(folder, 0, new DiskSpace(() -> left[0]), FILE_BYTES)) {
            left[0] = Long.MAX_VALUE;
            await().until(() -> hasSpace(log));
            var large = new BatchBuffer();
            large.put(0, new byte[] {'k'}, new byte[2 * FILE_BYTES]);
            log.awaitSpace(large.size());
            log.append(1, large);
            log.sync();
            assertEquals(1, CommitLogReader.read(folder, 0, (_, _) -> { }).commit());
        }
    }

    /// A commit changes no length: the disk would have to note that each time. A commit larger than a file has one of its own.
    @Test
    void aFileHasItsLengthFromItsBeginningOn() throws Exception {
        try (var log = new CommitLog(folder, 0, new DiskSpace(folder), FILE_BYTES)) {
            for (long commit = 1; commit <= 300; commit++) {
                log.awaitSpace(CommitLogTest.changes(commit).size());
                log.append(commit, CommitLogTest.changes(commit));
                for (Path file : CommitLogReader.files(folder)) {
                    assertEquals(FILE_BYTES, Files.size(file));
                }
            }
            var large = new BatchBuffer();
            large.put(0, new byte[] {'k'}, new byte[2 * FILE_BYTES]);
            log.awaitSpace(large.size());
            log.append(301, large);
            assertTrue(Files.size(CommitLogReader.files(folder).getLast()) > 2 * FILE_BYTES);
        }
        assertEquals(301, CommitLogReader.read(folder, 0, (_, _) -> { }).commit());
    }

    /// A file of the log that is not needed any more is the next one; its old content is not seen, wherever the new ends.
    @Test
    void aFileThatIsUsedAgainShowsNothingOfItsFirstUse() throws Exception {
        try (var log = new CommitLog(folder, 0, new DiskSpace(folder), FILE_BYTES)) {
            for (long commit = 1; commit <= 2_000; commit++) {
                log.awaitSpace(CommitLogTest.changes(1).size());
                log.append(commit, CommitLogTest.changes(1));
                log.sync();
                log.forget(commit);
                if (commit % 97 == 0) {
                    long after = CommitLogFile.first(CommitLogReader.files(folder).getFirst()) - 1;
                    assertEquals(new CommitLogReader.Found(commit, null), CommitLogReader.read(folder, after, (_, _) -> { }));
                }
            }
            assertTrue(CommitLogReader.files(folder).size() + LogSpace.spares(folder).size() <= 4);
        }
    }

    /// Nobody knows what a disk has after it, so that writes must stop.
    @Test
    void aFileThatCannotBeBegunIsAFailure() throws Exception {
        try (var log = new CommitLog(folder, 0, new DiskSpace(folder), FILE_BYTES)) {
            log.awaitSpace(2 * FILE_BYTES);
            Files.delete(LogSpace.spares(folder).getFirst());
            var large = new BatchBuffer();
            large.put(0, new byte[] {'k'}, new byte[FILE_BYTES]);
            assertEquals(StoreException.Reason.FAILED, assertThrows(StoreException.class, () -> log.append(1, large)).reason());
        }
    }

    @Test
    void aDiskThatCannotBeAskedIsAFailure() {
        assertEquals(StoreException.Reason.FAILED, assertThrows(StoreException.class, () -> new CommitLog(folder, 0,
                new DiskSpace(() -> { throw new IOException("as if"); }), FILE_BYTES)).reason());
    }

    /// Where a file cannot be made, the space that is left tells a full disk from a broken one.
    @Test
    void aFullDiskIsToldFromABrokenOne() throws Exception {
        int[] looks = {0};
        boolean[] isFull = {false};
        try (var log = new CommitLog(folder, 0, new DiskSpace(() -> isFull[0] && ++looks[0] % 2 == 0 ? 0 : Long.MAX_VALUE), FILE_BYTES)) {
            for (Path spare : LogSpace.spares(folder)) {
                Files.delete(spare);
            }
            Files.move(folder, folder.resolveSibling("away"));
            assertEquals(StoreException.Reason.FAILED,
                    assertThrows(StoreException.class, () -> log.awaitSpace(2 * FILE_BYTES)).reason());
            isFull[0] = true;
            await().until(() -> StoreException.Reason.FULL
                    == assertThrows(StoreException.class, () -> log.awaitSpace(2 * FILE_BYTES)).reason());
            Files.move(folder.resolveSibling("away"), folder);
        }
    }

    @Test
    void knowsTheWordsForAFullDiskAndAQuotaThatIsUsedUp() {
        assertTrue(DiskSpace.isFull("write: No space left on device"));
        assertTrue(DiskSpace.isFull("Disk quota exceeded"));
        assertFalse(DiskSpace.isFull("Input/output error"));
        assertFalse(DiskSpace.isFull(null));
        assertTrue(new DiskSpace(() -> 9).isFull(new IOException("?"), 10));
        assertFalse(new DiskSpace(() -> 10).isFull(new IOException("?"), 10));
        assertTrue(new DiskSpace(() -> 10).isFull(new IOException("no space left"), 10));
        assertFalse(new DiskSpace(() -> { throw new IOException("as if"); }).isFull(new IOException("?"), 10));
    }

    @Test
    void keepsOneOfTheFilesThatOthersLeftReady() throws Exception {
        for (int i = 3; i < 6; i++) {
            Files.write(folder.resolve("spare-" + i), new byte[FILE_BYTES]);
        }
        new CommitLog(folder, 0, new DiskSpace(folder), FILE_BYTES).close();
        assertTrue(LogSpace.spares(folder).size() <= 1, LogSpace.spares(folder)::toString);
    }

    /// Without a file on a full disk, and then a record of changes that were accepted: it makes its file itself.
    @Test
    void aRecordThatFindsNoFileMakesOne() throws Exception {
        long[] left = {0};
        try (var log = new CommitLog(folder, 0, new DiskSpace(() -> left[0]), FILE_BYTES)) {
            assertEquals(0, log.sync());
            left[0] = Long.MAX_VALUE;
            log.append(1, CommitLogTest.changes(1));
            assertEquals(1, log.sync());
        }
        new CommitLog(folder.resolve("."), 1, new DiskSpace(() -> 0), FILE_BYTES).close();
        assertEquals(1, CommitLogReader.read(folder, 0, (_, _) -> { }).commit());
    }

    /// A file that was larger than others for one record, and one that somebody has taken away.
    @Test
    void deletesAFileThatIsTooLargeToBeUsedAgain() throws Exception {
        try (var log = new CommitLog(folder, 0, new DiskSpace(folder), FILE_BYTES)) {
            var large = new BatchBuffer();
            large.put(0, new byte[] {'k'}, new byte[4 * FILE_BYTES]);
            log.awaitSpace(large.size());
            log.append(1, large);
            log.awaitSpace(2 * FILE_BYTES);
            log.append(2, CommitLogTest.changes(2));
            log.awaitSpace(4 * FILE_BYTES);
            log.append(3, large);
            log.sync();
            Path gone = CommitLogReader.files(folder).getFirst();
            Files.delete(gone);
            log.forget(2);
            assertEquals(1, CommitLogReader.files(folder).size());
        }
    }

    /// The first file of a process is small, since most write little.
    @Test
    void aFirstFileIsTooSmallToBeUsedAgain() throws Exception {
        try (var log = new CommitLog(folder, 0, new DiskSpace(() -> Long.MAX_VALUE), 4 << 20)) {
            for (long commit = 1; CommitLogReader.files(folder).size() < 2; commit++) {
                var half = new BatchBuffer();
                half.put(0, new byte[] {'k'}, new byte[1 << 19]);
                log.awaitSpace(half.size());
                log.append(commit, half);
            }
            log.sync();
            log.forget(1);
            assertEquals(1, CommitLogReader.files(folder).size());
            assertTrue(LogSpace.spares(folder).stream().allMatch(spare -> spare.toFile().length() >= 4 << 20));
        }
    }

    @Test
    void anInterruptIsKeptUntilThereIsSpace() throws Exception {
        try (var log = new CommitLog(folder, 0, new DiskSpace(folder), FILE_BYTES)) {
            Thread.currentThread().interrupt();
            log.awaitSpace(2 * FILE_BYTES);
            assertTrue(Thread.interrupted());
            assertTrue(log.freeBytes() >= 2 * FILE_BYTES);
        }
    }
}
