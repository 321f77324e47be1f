package dev.cipherlink.store.log;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.log.LogSpace.DiskSpace;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The log of commits: whole, torn and damaged files read again.
class CommitLogTest {
    private static final int COMMITS = 12;
    private static final int VERSION_AT = 6;

    @TempDir
    Path folder;

    static BatchBuffer changes(long commit) {
        var batch = new BatchBuffer();
        batch.put(0, ("key" + commit).getBytes(StandardCharsets.US_ASCII), new byte[(int) commit]);
        return batch;
    }

    /// Appends all commits; the disk has each before the next if `isSynced`.
    private void write(int maxFileBytes, boolean isSynced) throws IOException, StoreException {
        try (var log = new CommitLog(folder, 0, new DiskSpace(folder), maxFileBytes)) {
            for (long commit = 1; commit <= COMMITS; commit++) {
                log.append(commit, changes(commit));
                if (isSynced) {
                    assertEquals(commit, log.sync());
                }
            }
        }
    }

    /// The groups behind `after`, each as it was written.
    private CommitLogReader.Found read(long after) throws IOException, StoreException {
        return read(folder, after);
    }

    static CommitLogReader.Found read(Path folder, long after) throws IOException, StoreException {
        var numbers = new ArrayList<Long>();
        CommitLogReader.Found found = CommitLogReader.read(folder, after, (number, batch) -> {
            assertArrayEquals(changes(number).small(), batch);
            numbers.add(number);
        });
        assertEquals(java.util.stream.LongStream.rangeClosed(after + 1, found.commit()).boxed().toList(), numbers);
        return found;
    }

    private List<Path> files() throws IOException {
        return CommitLogReader.files(folder);
    }

    @Test
    void givesBackWhatWasAppendedOverManyFiles() throws Exception {
        write(1, false);
        assertEquals(COMMITS, files().size());
        for (long after = 0; after <= COMMITS; after++) {
            assertEquals(new CommitLogReader.Found(COMMITS, null), read(after));
        }
        assertEquals(new CommitLogReader.Found(99, null), read(99));
    }

    @Test
    void aFolderThatIsNotThereHasNothing() throws Exception {
        assertEquals(new CommitLogReader.Found(7, null),
                CommitLogReader.read(folder.resolve("none"), 7, (_, _) -> { }));
    }

    @Test
    void forgetsFilesThatTheDatabaseMakesNeedless() throws Exception {
        try (var log = new CommitLog(folder, 0, new DiskSpace(folder), 1)) {
            for (long commit = 1; commit <= 4; commit++) {
                log.append(commit, changes(commit));
            }
            assertTrue(log.mayForget(2));
            log.forget(2);
            assertEquals(2, files().size());
            assertEquals(new CommitLogReader.Found(4, null), read(2));
            log.forget(4);
            assertEquals(1, files().size(), "the file that is written to stays");
        }
    }

    @Test
    void aLogThatIsCutEndsWithItsLastWholeCommit() throws Exception {
        write(1 << 20, true);
        byte[] whole = Files.readAllBytes(files().getFirst());
        long last = 0;
        for (int length = 0; length < whole.length; length++) {
            Files.write(files().getFirst(), Arrays.copyOf(whole, length));
            CommitLogReader.Found found = read(0);
            assertNull(found.damage());
            assertTrue(found.commit() == last || found.commit() == last + 1, length + " bytes: " + found);
            last = found.commit();
        }
        assertEquals(COMMITS - 1, last);
    }

    @Test
    void noFlippedBitOfWhatTheDiskHadPassesUnnoticed() throws Exception {
        write(1 << 20, true);
        Path file = files().getFirst();
        byte[] whole = Files.readAllBytes(file);
        int lastRecord = whole.length - CommitLog.PREFIX_BYTES - CommitLog.NUMBERS_BYTES - changes(COMMITS).size();
        for (int at = 0; at < whole.length; at++) {
            byte[] flipped = whole.clone();
            flipped[at] ^= (byte) (1 << at % 8);
            Files.write(file, flipped);
            if (VERSION_AT <= at && at < Long.BYTES) {
                assertTrue(assertThrows(IOException.class, () -> read(0)).getMessage().contains("does not know"));
            } else if (at < lastRecord) {
                assertNotNull(read(0).damage(), "byte " + at);
            } else {
                // Nothing in the log says that the disk had the last one; the file beside it does.
                assertEquals(new CommitLogReader.Found(COMMITS - 1, null), read(0), "byte " + at);
            }
        }
    }

    /// After a power cut any part of what the disk did not have yet may be missing, and later parts there.
    @Test
    void aHoleInWhatTheDiskDidNotHaveIsTheEnd() throws Exception {
        write(1 << 20, false);
        Path file = files().getFirst();
        byte[] bytes = Files.readAllBytes(file);
        Arrays.fill(bytes, bytes.length / 2, bytes.length / 2 + 40, (byte) 0);
        Files.write(file, bytes);
        CommitLogReader.Found found = read(0);
        assertNull(found.damage());
        assertTrue(found.commit() > 0 && found.commit() < COMMITS, found.toString());
    }

    @Test
    void aMissingOrCutFileBeforeAnotherIsDamage() throws Exception {
        write(1, false);
        Path third = files().get(2);
        byte[] whole = Files.readAllBytes(third);
        for (int length = 0; length < whole.length; length++) {
            Files.write(third, Arrays.copyOf(whole, length));
            CommitLogReader.Found found = read(0);
            assertEquals(2, found.commit());
            assertNotNull(found.damage(), "cut to " + length);
        }
        Files.delete(third);
        assertNotNull(read(0).damage());
        assertNull(read(3).damage(), "the database has it");
    }

    /// The tail was torn by a kill, and the next process ended between beginning its file and deleting the old one, or found no
    /// room for what a file begins with: nothing was lost, and the store was refused for ever.
    @Test
    void aTornEndBeforeAFileThatGoesOnThereIsNoDamage() throws Exception {
        write(1 << 20, true);
        Path torn = files().getFirst();
        byte[] whole = Files.readAllBytes(torn);
        Files.write(torn, Arrays.copyOf(whole, whole.length - 3));
        new CommitLog(folder, COMMITS - 1).close();
        Path begun = files().getLast();
        byte[] header = Files.readAllBytes(begun);
        assertEquals(CommitLog.HEADER_BYTES, header.length);
        for (int length = 0; length <= header.length; length++) {
            Files.write(begun, Arrays.copyOf(header, length));
            assertEquals(new CommitLogReader.Found(COMMITS - 1, null), read(0), "cut to " + length);
        }
        try (var log = new CommitLog(folder, COMMITS - 1)) {
            log.append(COMMITS, changes(COMMITS));
        }
        assertEquals(2, files().size());
        assertEquals(new CommitLogReader.Found(COMMITS, null), read(0));
    }

    /// The disk had the name of a file, and nothing of what was in it when the power went.
    @Test
    void aLastFileOfZerosIsEmptyAndOneThatBeginsWithAnythingElseIsDamaged() throws Exception {
        Path file = folder.resolve("%020d.log".formatted(1));
        Files.write(file, new byte[5_000]);
        assertEquals(new CommitLogReader.Found(0, null), read(0));
        byte[] wrong = new byte[5_000];
        wrong[4_000] = 1;
        Files.write(file, wrong);
        assertNotNull(read(0).damage());
        Files.move(file, folder.resolve("%020d.log".formatted(2)));
        assertNotNull(read(0).damage(), "the first commit is missing");
    }

    /// A value of 24 MiB of bytes that look like lengths took hours, since each of its places was taken for a record.
    @Test
    void aTornRecordIsReadOnceWhateverAClientWroteIntoIt() throws Exception {
        byte[] value = new byte[24 << 20];
        Arrays.fill(value, (byte) 1);
        assertEquals(new CommitLogReader.Found(0, null),
                assertTimeoutPreemptively(Duration.ofSeconds(20), () -> readTorn(value)));
    }

    /// A value that holds a piece of a log, as of a backup, was taken for the word of the disk about a later commit.
    @Test
    void aRecordInsideOfAValueIsNone() throws Exception {
        write(1 << 20, true);
        byte[] piece = Files.readAllBytes(files().getFirst());
        Files.delete(files().getFirst());
        assertEquals(new CommitLogReader.Found(0, null), readTorn(piece));
    }

    private CommitLogReader.Found readTorn(byte[] value) throws IOException, StoreException {
        try (var log = new CommitLog(folder, 0)) {
            var batch = new BatchBuffer();
            batch.put(0, new byte[] {'k'}, value);
            log.append(1, batch);
        }
        try (var file = FileChannel.open(files().getFirst(), StandardOpenOption.WRITE)) {
            file.truncate(file.size() - 3);
        }
        return read(0);
    }

    @Test
    void beginsAFileInPlaceOfOneThatHasNoWholeCommit() throws Exception {
        write(1 << 20, true);
        try (var log = new CommitLog(folder, COMMITS)) {
            assertTrue(log.mayForget(COMMITS));
        }
        try (var log = new CommitLog(folder, COMMITS)) {
            log.forget(COMMITS);
            log.append(COMMITS + 1, changes(COMMITS + 1));
        }
        assertEquals(1, files().size());
        assertEquals(new CommitLogReader.Found(COMMITS + 1, null), read(COMMITS));
    }

    /// A file may be forgotten at the moment at which another is finished: the list of them was changed by two threads.
    @Test
    void filesAreForgottenWhileOthersAreBegun() throws Exception {
        try (var log = new CommitLog(folder, 0, new DiskSpace(folder), 1)) {
            var forgetting = new FutureTask<Void>(() -> {
                while (log.appended() < 300 || log.mayForget(299)) {
                    log.forget(log.synced());
                }
                return null;
            });
            Thread.ofPlatform().start(forgetting);
            for (long commit = 1; commit <= 300; commit++) {
                log.append(commit, changes(1));
            }
            forgetting.get(60, TimeUnit.SECONDS);
        }
        assertEquals(1, files().size());
    }

    /// A new file is begun only when the disk has the old one. The thread that has the disk follow found everything done at
    /// that moment, went to sleep, and the commits after it waited for the disk for ever.
    @Test
    void theDiskFollowsWhileFilesAreBegun() throws Exception {
        try (var log = new CommitLog(folder, 0, new DiskSpace(folder), 200);
             var syncer = new Syncer(log, () -> {
                 try {
                     log.sync();
                 } catch (StoreException e) {
                     throw new IllegalStateException(e);
                 }
                 return true;
             })) {
            syncer.start();
            for (long commit = 1; commit <= 500; commit++) {
                log.append(commit, changes(commit % 20));
                syncer.wake();
            }
            await().until(() -> log.synced() == 500);
        }
    }

    /// They are not copied into the batch.
    @Test
    void largeValuesStandWhereTheyWereAdded() throws Exception {
        byte[] large = new byte[(2 << 20) + 3];
        new Random(1).nextBytes(large);
        var batch = new BatchBuffer();
        batch.put(0, new byte[] {'a'}, new byte[5]);
        batch.put(2, new byte[] {'b'}, large);
        batch.put(0, new byte[] {'c'}, new byte[6]);
        int size = batch.size();
        batch.put(2, new byte[] {'x'}, large);
        batch.put(0, new byte[] {'y'}, new byte[7]);
        batch.cutBack(size, 3);
        batch.delete(0, new byte[] {'d'});
        batch.put(2, new byte[] {'e'}, new byte[64 << 10]);
        try (var log = new CommitLog(folder, 0)) {
            log.append(1, batch);
        }

        var whole = new ArrayList<byte[]>();
        assertEquals(1, CommitLogReader.read(folder, 0, (_, found) -> whole.add(found)).commit());
        assertEquals(List.of("0 a 5", "2 b 2097155 " + Arrays.hashCode(large), "0 c 6", "0 d", "2 e 65536"), changes(whole.getFirst()));
        assertEquals(List.of("0 a 5", "0 c 6", "0 d"), changes(batch.small()));
        assertEquals(List.of("b", "e"), batch.large().stream().map(each -> new String(each.key(), StandardCharsets.US_ASCII)).toList());
        assertEquals(whole.getFirst().length, batch.size());
    }

    private static List<String> changes(byte[] batch) throws IOException {
        var found = new ArrayList<String>();
        BatchBuffer.read(batch, (family, key, value) -> found.add(family + " " + new String(key, StandardCharsets.US_ASCII)
                + (value == null ? "" : " " + value.length + (value.length > 1 << 20 ? " " + Arrays.hashCode(value) : ""))));
        return found;
    }

    /// The reader has a piece of the file in memory, and its records need not end where that does.
    @Test
    void seesALaterRecordAtTheBorderOfTwoPiecesBehindADamagedOne() throws Exception {
        int border = 1 << 20;
        for (int at = border - CommitLog.HEAD_BYTES; at <= border + 64; at += 4) {
            try (var log = new CommitLog(folder, 0, new DiskSpace(folder), 4 * border)) {
                var first = new BatchBuffer();
                first.put(0, new byte[] {'k'}, new byte[at - CommitLog.HEADER_BYTES - CommitLog.HEAD_BYTES - 19]);
                log.append(1, first);
                log.sync();
                log.append(2, changes(2));
            }
            Path file = files().getFirst();
            assertEquals(2, CommitLogReader.read(folder, 0, (_, _) -> { }).commit());
            byte[] bytes = Files.readAllBytes(file);
            bytes[100] ^= 1;
            Files.write(file, bytes);
            assertNotNull(CommitLogReader.read(folder, 0, (_, _) -> { }).damage(), "a record at " + at);
            Files.delete(file);
        }
    }

    @Test
    void theSyncerEndsWhenTheDiskFails() throws Exception {
        var syncs = new java.util.concurrent.atomic.AtomicInteger();
        try (var log = new CommitLog(folder, 0); var syncer = new Syncer(log, () -> {
            syncs.incrementAndGet();
            return false;
        })) {
            syncer.start();
            log.append(1, changes(1));
            syncer.wake();
            await().until(() -> syncs.get() == 1);
            await().until(() -> Thread.getAllStackTraces().keySet().stream().noneMatch(thread -> thread.getName().equals("store-sync")));
            syncer.wake();
        }
        assertEquals(1, syncs.get());
    }
}
