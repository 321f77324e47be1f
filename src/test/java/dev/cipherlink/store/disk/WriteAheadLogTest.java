package dev.cipherlink.store.disk;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.store.Key;
import dev.cipherlink.store.KeyValueStore.Durability;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.disk.Group.KeyChange;
import dev.cipherlink.store.log.BatchBuffer;
import dev.cipherlink.store.log.WriteAheadLog;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The committer and the applier over a log that is not on this disk: they answer, tell and apply what that log says is durable, and
/// nothing else.
class WriteAheadLogTest {
    private static final int PATIENCE_SECONDS = 60;

    @TempDir
    Path folder;

    private final MajorityLog log = new MajorityLog();
    private final List<Integer> told = Collections.synchronizedList(new ArrayList<>());
    private Database database;
    private Applier applier;
    private Committer committer;

    /// As in a cluster: a commit is durable when one of two others has it as well. Its entries have a largest size.
    private static final class MajorityLog implements WriteAheadLog {
        private static final int MAX_ENTRY_BYTES = 4_000;

        private final List<Integer> entryBytes = Collections.synchronizedList(new ArrayList<>());
        private volatile long appended;
        private volatile long synced;
        private boolean isCut;
        private boolean isDeposed;

        /// Cuts the way to the others, or mends it.
        private synchronized void cut(boolean cut) {
            isCut = cut;
            notifyAll();
        }

        /// Another machine leads: what this one has appended is not committed.
        private synchronized void depose() {
            isDeposed = true;
            notifyAll();
        }

        @Override
        public long freeBytes() {
            return MAX_ENTRY_BYTES;
        }

        @Override
        public int marginBytes() {
            return MAX_ENTRY_BYTES / 4;
        }

        @Override
        public void awaitSpace(long bytes) throws StoreException {
            if (bytes > MAX_ENTRY_BYTES) {
                throw StoreException.diskFull(new IOException("larger than an entry"));
            }
        }

        @Override
        public void place(int changesBytes) {
            entryBytes.add(changesBytes);
        }

        @Override
        public void append(long commit, BatchBuffer changes) {
            assertEquals(appended + 1, commit);
            appended = commit;
        }

        @Override
        public synchronized long sync() throws StoreException {
            try {
                while (isCut && !isDeposed) {
                    wait();
                }
            } catch (InterruptedException e) {
                throw StoreException.failed(e);
            }
            if (isDeposed) {
                throw StoreException.failed(new IOException("another machine leads"));
            }
            synced = appended;
            return synced;
        }

        @Override
        public long appended() {
            return appended;
        }

        @Override
        public long synced() {
            return synced;
        }

        @Override
        public boolean mayForget(long commit) {
            return false;
        }

        @Override
        public void forget(long commit) {
            throw new IllegalStateException("nothing is to be forgotten");
        }

        @Override
        public void close() {
            depose();
        }
    }

    @BeforeEach
    void open() throws Exception {
        database = new Database(folder.resolve("database"), Database.Mode.NEW);
        applier = new Applier(database, log, _ -> { }, StoreState.EMPTY);
        committer = new Committer(log, applier, new Committer.Owner() {
            @Override
            public StoreState state(long commit) {
                return new StoreState(commit, 0, commit, 0);
            }

            @Override
            public void synced(long commit) {
                assertEquals(log.synced(), commit);
            }
        }, Durability.ALWAYS);
        applier.start(committer::stop);
        committer.start();
    }

    @AfterEach
    void close() {
        log.close();
        committer.close();
        applier.close();
        database.close();
    }

    private static Key key(int number) {
        return Key.of(("k" + number).getBytes(StandardCharsets.US_ASCII));
    }

    /// Writes a key as a transaction does, and waits for its commit.
    private void write(int number, int valueBytes) throws StoreException {
        while (true) {
            long stamp = committer.enter();
            Group group = committer.current();
            DiskCell cell = DiskCell.of(new byte[valueBytes], number, DiskCell.NO_DEADLINE, group);
            boolean isAdded = group.add(new KeyChange(key(number), DiskCell.ABSENT, cell), committer.logBytes());
            if (isAdded) {
                committer.afterCommit(() -> told.add(number));
            }
            committer.leave(stamp);
            if (isAdded) {
                committer.await(group);
                return;
            }
            committer.awaitSpace(RocksTransaction.logBytes(key(number), valueBytes));
        }
    }

    private FutureTask<Void> startWrite(int number, int valueBytes) {
        var write = new FutureTask<Void>(() -> {
            write(number, valueBytes);
            return null;
        });
        Thread.startVirtualThread(write);
        return write;
    }

    @Test
    void nothingIsAnsweredToldOrAppliedBeforeAMajorityHasIt() throws Exception {
        log.cut(true);
        FutureTask<Void> write = startWrite(1, 10);
        await().until(() -> log.appended() == 1);
        applier.apply();

        assertFalse(write.isDone());
        assertEquals(List.of(), told);
        assertEquals(List.of(), applier.waiting());
        assertNull(database.get(Database.ENTRIES, key(1).bytes()));

        log.cut(false);
        write.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        await().until(() -> told.equals(List.of(1)));
        applier.apply();
        assertEquals(10, DiskCell.decode(database.get(Database.ENTRIES, key(1).bytes())).value.length);
    }

    /// A deposed leader answers nothing of what it has not committed, and takes nothing more.
    @Test
    void aDeposedLeaderAnswersTellsAndAppliesNothing() throws Exception {
        write(1, 10);
        log.cut(true);
        FutureTask<Void> write = startWrite(2, 10);
        await().until(() -> log.appended() == 2);
        log.depose();

        var failure = assertThrows(ExecutionException.class, () -> write.get(PATIENCE_SECONDS, TimeUnit.SECONDS));
        assertInstanceOf(StoreException.class, failure.getCause());
        assertThrows(StoreException.class, committer::enter);
        applier.apply();
        committer.close();
        assertEquals(List.of(1), told);
        assertNull(database.get(Database.ENTRIES, key(2).bytes()));
    }

    /// An entry above Raft's buffer would have the leader step down, again and again.
    @Test
    void noGroupIsLargerThanAnEntryMayBe() throws Exception {
        log.cut(true);
        var writes = new ArrayList<FutureTask<Void>>();
        for (int i = 1; i <= 60; i++) {
            writes.add(startWrite(i, 500));
        }
        await().until(() -> log.appended() == 1);
        log.cut(false);
        for (FutureTask<Void> write : writes) {
            write.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        }

        assertTrue(log.entryBytes.stream().allMatch(bytes -> bytes <= MajorityLog.MAX_ENTRY_BYTES), log.entryBytes::toString);
        assertTrue(log.entryBytes.size() > 60 * 500 / MajorityLog.MAX_ENTRY_BYTES, log.entryBytes::toString);
        await().until(() -> told.size() == 60);
        applier.apply();
        for (int i = 1; i <= 60; i++) {
            assertEquals(500, DiskCell.decode(database.get(Database.ENTRIES, key(i).bytes())).value.length);
        }
    }
}
