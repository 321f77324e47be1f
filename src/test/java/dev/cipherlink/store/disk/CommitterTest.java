package dev.cipherlink.store.disk;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.store.Key;
import dev.cipherlink.store.KeyValueStore;
import dev.cipherlink.store.KeyValueStore.Durability;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.Transaction;
import dev.cipherlink.store.disk.Group.KeyChange;
import dev.cipherlink.store.disk.Group.RecordChange;
import dev.cipherlink.store.log.CommitLog;
import dev.cipherlink.store.log.WriteAheadLog;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The committing thread when something of our own fails: nobody may wait for it for ever.
class CommitterTest {

    @TempDir
    Path folder;

    private final FailingOwner owner = new FailingOwner();
    private Database database;
    private CommitLog log;
    private Applier applier;
    private Committer committer;

    /// Fails where it is told to.
    private static final class FailingOwner implements Committer.Owner {
        private boolean failsInState;
        private boolean lacksMemory;
        private volatile CountDownLatch syncedAgain;

        @Override
        public StoreState state(long commit) {
            if (failsInState) {
                throw new IllegalStateException("state");
            }
            if (lacksMemory) {
                lacksMemory = false;
                throw new OutOfMemoryError("once");
            }
            return new StoreState(commit, 0, 0, 0);
        }

        @Override
        public void synced(long commit) {
            CountDownLatch latch = syncedAgain;
            if (latch != null) {
                syncedAgain = null;
                awaitUninterruptibly(latch);
                throw new OutOfMemoryError("once");
            }
        }

        private static void awaitUninterruptibly(CountDownLatch latch) {
            try {
                latch.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    @BeforeEach
    void open() throws Exception {
        database = new Database(folder.resolve("database"), Database.Mode.NEW);
        log = new CommitLog(folder, 0);
        applier = new Applier(database, log, _ -> { }, StoreState.EMPTY);
        committer = new Committer(log, applier, owner, Durability.OS);
        applier.start(committer::stop);
        committer.start();
    }

    @AfterEach
    void close() throws IOException {
        committer.close();
        applier.close();
        log.close();
        database.close();
    }

    /// Writes a record and waits for its commit.
    ///
    /// @return how that failed; null if it did not
    private Throwable write() throws InterruptedException {
        var outcome = new AtomicReference<Throwable>();
        Thread writer = Thread.startVirtualThread(() -> {
            try {
                long stamp = committer.enter();
                Group group = committer.current();
                group.add(new RecordChange(Key.of(new byte[] {1}), new byte[] {2}));
                committer.leave(stamp);
                committer.await(group);
            } catch (StoreException e) {
                outcome.set(e);
            }
        });
        assertTrue(writer.join(Duration.ofSeconds(10)), "the writer waits for ever");
        return outcome.get();
    }

    @Test
    void tellsWaitingThreadsThatACommitCouldNotBegin() throws InterruptedException {
        owner.failsInState = true;

        assertInstanceOf(StoreException.class, write());

        assertTrue(committer.isStopped());
        assertThrows(StoreException.class, committer::enter);
    }

    /// A change came into the group, and there was no memory to show it to others: the group must not be committed.
    @Test
    void commitsUnderWayFailAtAStop() throws Exception {
        long stamp = committer.enter();
        Group group = committer.current();
        group.add(new RecordChange(Key.of(new byte[] {1}), new byte[] {2}));
        committer.stop(StoreException.failed(new OutOfMemoryError()));
        committer.leave(stamp);

        assertThrows(StoreException.class, () -> committer.await(group));

        assertEquals(0, log.appended());
        assertTrue(committer.current().isFailed());
    }

    /// Issue 13.7a: want of memory at a commit stopped all writes until a restart.
    @Test
    void aCommitForWhichThereIsNoMemoryIsTriedAgain() throws InterruptedException {
        owner.lacksMemory = true;

        assertEquals(null, write());

        assertFalse(committer.isStopped());
        assertEquals(1, committer.commits());
    }

    /// A stop that came while the committing thread waited for those inside the gate was not seen, and the group was committed.
    @Test
    void aTransactionInsideTheGateFailsAtAStop() throws Exception {
        long stamp = committer.enter();
        Group group = committer.current();
        group.add(new RecordChange(Key.of(new byte[] {1}), new byte[] {2}));
        committer.request();
        await().until(CommitterTest::waitsForTheGate);
        committer.stop(StoreException.failed(new OutOfMemoryError()));
        committer.leave(stamp);

        assertThrows(StoreException.class, () -> committer.await(group));

        assertEquals(0, log.appended());
    }

    private static boolean waitsForTheGate() {
        return Thread.getAllStackTraces().entrySet().stream().anyMatch(thread -> "store-commit".equals(thread.getKey().getName())
                && thread.getKey().getState() == Thread.State.WAITING
                && Arrays.stream(thread.getValue()).anyMatch(frame -> "writeLock".equals(frame.getMethodName())));
    }

    /// The commit that was tried again was taken for the one that others had asked for meanwhile, and those waited for ever.
    @Test
    void requestsDuringACommitThatLacksMemoryAreServedToo() throws Exception {
        committer.close();
        committer = new Committer(log, applier, owner, Durability.ALWAYS);
        var latch = new CountDownLatch(1);
        owner.syncedAgain = latch;
        committer.start();
        var first = new FutureTask<Throwable>(this::write);
        Thread.ofPlatform().daemon().start(first);
        await().until(() -> owner.syncedAgain == null);
        var second = new FutureTask<Throwable>(this::write);
        Thread.ofPlatform().daemon().start(second);
        await().until(() -> committer.waiting() == 2);
        latch.countDown();

        assertEquals(null, first.get());
        assertEquals(null, second.get());
        assertEquals(2, committer.commits());
    }

    /// The writes of a transaction waited until it came back from its work outside of the gate.
    @Test
    void aUnitThatPausesHasWhatItWroteCommitted() throws Exception {
        var transaction = new RocksTransaction(committer, null, null, null, null);
        transaction.begin(Transaction.Records.NONE);
        try (transaction) {
            transaction.record(new byte[] {1}, new byte[] {2});
            transaction.pause();
            await().until(() -> committer.commits() == 1);
        }
    }

    /// While somebody was slow to be told, the values of all changes stayed on the heap.
    @Test
    void waitingNotificationsKeepNoValues() throws Exception {
        var goOn = new CountDownLatch(1);
        var told = Collections.synchronizedList(new ArrayList<Key>());
        committer.deliveries().setListener(new KeyValueStore.ChangeListener() {
            @Override
            public boolean isInterested() {
                return true;
            }

            @Override
            public void changed(Key key, Kind kind) {
                FailingOwner.awaitUninterruptibly(goOn);
                told.add(key);
            }
        });
        try {
            WeakReference<byte[]> value = writeKey();
            await().until(() -> {
                System.gc();
                return applier.waiting().isEmpty() && value.refersTo(null);
            });
        } finally {
            goOn.countDown();
        }
        await().until(() -> told.equals(List.of(Key.of(new byte[] {1}))));
    }

    private WeakReference<byte[]> writeKey() throws StoreException {
        byte[] value = new byte[1_000];
        long stamp = committer.enter();
        Group group = committer.current();
        group.add(new KeyChange(Key.of(new byte[] {1}), DiskCell.ABSENT, DiskCell.of(value, 1, DiskCell.NO_DEADLINE, group)),
                Long.MAX_VALUE);
        committer.leave(stamp);
        committer.await(group);
        return new WeakReference<>(value);
    }

    /// Notifications belong to the group, and a commit with nothing else in it sends them, too.
    @Test
    void tellsWhatIsDurableInTheOrderOfCommits() throws InterruptedException {
        List<Integer> told = Collections.synchronizedList(new ArrayList<>());
        for (int i = 0; i < 50; i++) {
            int number = i;
            committer.afterCommit(() -> told.add(number));
            if (i % 2 == 0) {
                assertEquals(null, write());
            }
        }
        await().until(() -> told.size() == 50);
        assertEquals(IntStream.range(0, 50).boxed().toList(), told);
    }

    /// Nobody hears of what is not durable.
    @Test
    void tellsNothingOfWhatFailed() throws InterruptedException {
        List<Integer> told = Collections.synchronizedList(new ArrayList<>());
        committer.afterCommit(() -> told.add(1));
        await().until(() -> told.size() == 1);
        owner.failsInState = true;
        Thread writer = Thread.startVirtualThread(() -> assertThrows(StoreException.class, () -> {
            long stamp = committer.enter();
            Group group = committer.current();
            group.add(new RecordChange(Key.of(new byte[] {1}), new byte[] {2}));
            committer.afterCommit(() -> told.add(2));
            committer.leave(stamp);
            committer.await(group);
        }));
        writer.join();
        committer.afterCommit(() -> told.add(3));
        committer.close();
        assertEquals(List.of(1), told);
    }

    /// With `everysec` nobody waits for the disk that fails.
    @Test
    void aDiskThatFailsBehindAnAnswerStopsTheStore() throws Exception {
        committer.close();
        WriteAheadLog failing = (WriteAheadLog) Proxy.newProxyInstance(getClass().getClassLoader(), new Class<?>[] {WriteAheadLog.class},
                (_, method, arguments) -> {
                    if (method.getName().equals("sync")) {
                        throw StoreException.failed(new IOException("the disk is gone"));
                    }
                    return method.invoke(log, arguments);
                });
        committer = new Committer(failing, applier, owner, Durability.EVERYSEC);
        var figures = new StoreFigures(Durability.EVERYSEC, database, new CellCache(1), applier, committer);
        assertEquals("good", figures.info().get("store_state"));
        committer.start();
        assertEquals(null, write());
        await().until(committer::isStopped);
        assertEquals("read-only: its disk failed", figures.info().get("store_state"));
        assertEquals("the store takes no writes since its disk failed; the operator has to look, and restart the server",
                write().getMessage());
    }

    /// A transaction that has begun to write gets into the next group, whatever the last one has.
    @Test
    void aGroupThatIsLargeIsCommittedBeforeMoreIsAdded() throws Exception {
        int bytes = 33 << 20;
        committer.awaitSpace(bytes);
        long stamp = committer.enter();
        Group large = committer.current();
        large.add(new RecordChange(Key.of(new byte[] {1}), new byte[bytes]));
        committer.leave(stamp);
        committer.leave(committer.enter());
        assertTrue(large.isDurable());
        assertEquals(1, committer.commits());
        assertTrue(committer.current().isEmpty());
        await().until(() -> applier.waiting().isEmpty());
        assertEquals(bytes, database.get(Database.RECORDS, new byte[] {1}).length);
    }

    @Test
    void aTransactionThatReadWhatFailedFails() throws Exception {
        var transaction = new RocksTransaction(committer, null, null, null, null);
        var failed = new Group(9);
        failed.fail(StoreException.diskFull(null));
        assertEquals(StoreException.Reason.FULL, assertThrows(StoreException.class, () -> transaction.dependOn(failed)).reason());
    }

    @Test
    void aTransactionWaitsForTheLatestGroupThatItRead() throws Exception {
        var transaction = new RocksTransaction(committer, null, null, null, null);
        transaction.begin(Transaction.Records.NONE);
        var earlier = new Group(8);
        var pending = new Group(9);
        transaction.dependOn(pending);
        transaction.dependOn(earlier);
        pending.succeed();
        transaction.commit();
        assertTrue(earlier.isPending(), "it is not waited for");
    }

    @Test
    void aPauseWithoutAChangeAsksForNoCommit() throws Exception {
        var transaction = new RocksTransaction(committer, null, null, null, null);
        transaction.begin(Transaction.Records.NONE);
        try (transaction) {
            transaction.pause();
            transaction.beginWrite();
            transaction.pause();
            assertTrue(committer.current().isEmpty());
        }
        assertEquals(null, write());
        assertEquals(1, committer.commits(), "that of the other write");
    }

    @Test
    void commitsWhatIsWhole() throws InterruptedException {
        assertEquals(null, write());
        assertFalse(committer.isStopped());
        assertEquals(1, committer.commits());
    }
}
