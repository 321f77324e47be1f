package dev.cipherlink.store.log;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.log.CommitLogReader.CommitLogFile;
import dev.cipherlink.store.log.LogSpace.DiskSpace;
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
}
