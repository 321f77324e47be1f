package dev.cipherlink.store.disk;

import dev.cipherlink.store.EndOfThread;
import dev.cipherlink.store.Key;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.disk.Group.KeyChange;
import dev.cipherlink.store.disk.Group.RecordChange;
import dev.cipherlink.store.log.BatchBuffer;
import dev.cipherlink.store.log.WriteAheadLog;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/// Brings committed groups into the database, many at once: of a key that changed often only the last state counts. When the
/// disk has the database so far, the log is shortened.
///
/// A platform thread does it 100 ms after the first group came, or when 8 MiB wait. A reader of the database that must not miss
/// anything durable calls [#apply] before.
final class Applier implements AutoCloseable {

    /// The applier's calls to the store.
    interface Owner {
        /// These are in the database, and readers may be sent there.
        void applied(List<Group> groups);

        /// Called by the applier's thread when it has done what there was; may block on the disk.
        default void caughtUp() {
        }

        /// There was no memory for groups: cells that can be read again are to go.
        default void freeMemory() {
        }
    }

    private static final Logger LOG = System.getLogger(Applier.class.getName());
    private static final long DELAY_NANOS = 100_000_000L;
    private static final long RETRY_NANOS = 1_000_000_000L;
    private static final long MEMORY_RETRY_NANOS = 50_000_000L;
    private static final long MEMORY_REPORT_NANOS = 60_000_000_000L;
    /// Applied at once, and without a delay: each change is copied three times.
    private static final long BATCH_BYTES = 8L << 20;
    /// Beyond this the committing thread applies changes before it goes on.
    private static final long MAX_WAITING_BYTES = Math.min(64L << 20, Runtime.getRuntime().maxMemory() / 16);
    private static final long FORGET_PAUSE_NANOS = 60_000_000_000L;

    private final Database database;
    private final WriteAheadLog log;
    private final Owner owner;
    private final PriorStates prior;
    private final Thread thread = Thread.ofPlatform().name("store-apply").daemon().unstarted(this::run);
    private Consumer<StoreException> stop;
    /// Linked: an array that finds no memory to grow loses what is in it.
    private final Deque<Group> waiting = new LinkedList<>();
    private long waitingBytes;
    private long forgetAt = System.nanoTime();
    private volatile StoreState applied;
    /// Entries in the database before the first waiting group: a group that is applied once more counts once.
    private long keysBefore;
    private volatile StoreException refusal;
    private volatile boolean isClosed;
    /// There was no memory for several groups at once.
    private boolean isShort;
    private long shortReportAt = System.nanoTime();

    /// @param state of the database
    Applier(Database database, WriteAheadLog log, Owner owner, StoreState state) {
        this.database = database;
        this.log = log;
        this.owner = owner;
        this.prior = new PriorStates(database);
        this.applied = state;
        this.keysBefore = state.keys();
    }

    /// @param whenFailed called when the database takes no groups: the log has them, so nothing is lost, but there must be no more
    void start(Consumer<StoreException> whenFailed) {
        stop = whenFailed;
        thread.start();
    }

    /// Takes over a group that is in the log; called in the order of their commits.
    void add(Group group) {
        boolean isFirst;
        long bytes;
        synchronized (waiting) {
            isFirst = waiting.isEmpty();
            waiting.add(group);
            waitingBytes += group.bytes();
            bytes = waitingBytes;
        }
        if (isFirst || bytes > BATCH_BYTES) {
            LockSupport.unpark(thread);
        }
    }

    /// Blocks while too much waits for the database, also for lack of memory to apply it. If its disk is full, [#refusal] says so.
    ///
    /// @throws StoreException `FAILED`
    void awaitBacklog() throws StoreException {
        while (waitingBytes() > MAX_WAITING_BYTES && refusal == null) {
            try {
                apply();
            } catch (StoreException e) {
                if (e.isMemory()) {
                    LockSupport.parkNanos(this, MEMORY_RETRY_NANOS);
                } else if (e.reason() != StoreException.Reason.FULL) {
                    throw e;
                }
            }
        }
    }

    /// Why no more may be added: too much waits, and the database's disk is full. Else null.
    StoreException refusal() {
        return refusal;
    }

    /// The groups that the database may lack, the older first.
    List<Group> waiting() {
        synchronized (waiting) {
            return List.copyOf(waiting);
        }
    }

    /// The latest waiting change of a record, or null.
    RecordChange waitingRecord(Key key) {
        for (Group group : waiting().reversed()) {
            RecordChange change = group.record(key);
            if (change != null) {
                return change;
            }
        }
        return null;
    }

    long waitingBytes() {
        synchronized (waiting) {
            return waitingBytes;
        }
    }

    /// The number of the last commit that is in the database.
    long applied() {
        return applied.commit();
    }

    /// The store's state with that commit.
    StoreState state() {
        return applied;
    }

    /// Blocks until the database has everything that the log has.
    ///
    /// @throws StoreException `FULL` or `FAILED`: the database takes nothing
    synchronized void apply() throws StoreException {
        try {
            List<Group> groups = waiting();
            int from = 0;
            while (from < groups.size()) {
                int to = isShort ? from + 1 : batchEnd(groups, from);
                apply(groups.subList(from, to));
                from = to;
            }
            isShort = false;
        } catch (StoreException e) {
            // Set only here: if another thread sets it while this one applies what waits, nothing would take it back.
            if (e.reason() == StoreException.Reason.FULL && !e.isMemory() && waitingBytes() > MAX_WAITING_BYTES) {
                refusal = e;
            }
            throw e;
        } catch (OutOfMemoryError e) {
            // The log has all of it, and writing it once more changes nothing.
            isShort = true;
            freeMemory();
            throw StoreException.noMemory(e);
        }
    }

    private void freeMemory() {
        try {
            owner.freeMemory();
        } catch (OutOfMemoryError e) {
            // The rest the next time.
        }
    }

    /// The end of the next batch: one group, or as many as have [#BATCH_BYTES].
    private static int batchEnd(List<Group> groups, int from) {
        int to = from + 1;
        long bytes = groups.get(from).bytes();
        while (to < groups.size() && bytes + groups.get(to).bytes() <= BATCH_BYTES) {
            bytes += groups.get(to).bytes();
            to++;
        }
        return to;
    }

    private void apply(List<Group> groups) throws StoreException {
        Map<Key, KeyChange> keys = merge(groups);
        prior.find(keys);
        StoreState state = groups.getLast().state()
                .withKeys(keysBefore + keys.values().stream().mapToLong(KeyChange::entries).sum());
        database.write(batch(keys, groups, state));
        // Before readers are sent there: one that notes it, looks, and finds it unchanged, has not missed a change.
        applied = state;
        refusal = null;
        owner.applied(groups);
        synchronized (waiting) {
            for (Group group : groups) {
                waiting.removeFirst();
                waitingBytes -= group.bytes();
            }
        }
        keysBefore = state.keys();
        groups.forEach(Group::stored);
    }

    private static Map<Key, KeyChange> merge(List<Group> groups) {
        Map<Key, KeyChange> keys = HashMap.newHashMap(1_000);
        groups.forEach(group -> group.keys().forEach(change -> keys.merge(change.key(), change, KeyChange::then)));
        return keys;
    }

    private BatchBuffer batch(Map<Key, KeyChange> keys, List<Group> groups, StoreState state) {
        Map<Key, RecordChange> records = HashMap.newHashMap(1_000);
        groups.forEach(group -> group.records().forEach(change -> records.put(change.key(), change)));
        BatchBuffer batch = new BatchBuffer();
        // In order: RocksDB finds the places of neighbours faster.
        keys.values().stream().sorted(Comparator.comparing(KeyChange::key)).forEach(change -> change.addTo(batch));
        records.values().stream().sorted(Comparator.comparing(RecordChange::key)).forEach(change -> change.addTo(batch));
        state.addTo(batch);
        return batch;
    }

    /// Shortens the log if it can be. Blocks until the disk has the database.
    private void shorten() throws StoreException {
        long commit = applied.commit();
        if (System.nanoTime() - forgetAt >= 0 && log.mayForget(commit)) {
            database.flush();
            try {
                log.forget(commit);
            } catch (IOException e) {
                forgetAt = System.nanoTime() + FORGET_PAUSE_NANOS;
                LOG.log(Level.WARNING, "a file of the store's log that is not needed any more stays: {0}", e.getMessage());
            }
        }
    }

    private void run() {
        while (!isClosed) {
            try {
                if (waitingBytes() == 0) {
                    LockSupport.park(this);
                } else {
                    delay();
                    apply();
                    shorten();
                    owner.caughtUp();
                }
            } catch (StoreException e) {
                failed(e);
            } catch (OutOfMemoryError e) {
                waitForMemory(e);
            } catch (RuntimeException | Error e) {
                failed(StoreException.failed(e));
            }
        }
    }

    private void delay() {
        long until = System.nanoTime() + DELAY_NANOS;
        long left = DELAY_NANOS;
        while (left > 0 && waitingBytes() < BATCH_BYTES && !isClosed) {
            LockSupport.parkNanos(this, left);
            left = until - System.nanoTime();
        }
    }

    private void failed(StoreException why) {
        if (why.isMemory()) {
            waitForMemory(why.getCause());
            return;
        }
        if (why.reason() != StoreException.Reason.FULL) {
            stop.accept(why);
        }
        LOG.log(Level.DEBUG, "the store's database waits", why);
        LockSupport.parkNanos(this, RETRY_NANOS);
    }

    /// The log has what waits, and other threads give memory back: nothing is lost.
    private void waitForMemory(Throwable why) {
        try {
            if (System.nanoTime() - shortReportAt >= 0) {
                shortReportAt = System.nanoTime() + MEMORY_REPORT_NANOS;
                LOG.log(Level.WARNING, "the store''s database waits for memory ({0}); commits are in its log meanwhile; the server needs "
                        + "a larger heap (-Xmx)", String.valueOf(why));
            }
        } catch (OutOfMemoryError e) {
            // Reported the next time.
        }
        LockSupport.parkNanos(this, MEMORY_RETRY_NANOS);
    }

    /// Ends the thread; what waits is in the log.
    @Override
    public void close() {
        isClosed = true;
        LockSupport.unpark(thread);
        EndOfThread.await(thread, prior::close);
    }

    /// Finds the states of keys before changes that did not look at them, such as SET. Blocks on the disk, in up to eight threads.
    private static final class PriorStates implements AutoCloseable {
        private static final int MAX_READS = 8;

        private final Database database;
        private final ExecutorService readers =
                Executors.newFixedThreadPool(MAX_READS, Thread.ofPlatform().name("store-before").daemon().factory());

        PriorStates(Database database) {
            this.database = database;
        }

        /// Replaces unknown states by those of the database.
        void find(Map<Key, KeyChange> changes) throws StoreException {
            var unread = new ArrayList<KeyChange>();
            for (Map.Entry<Key, KeyChange> entry : changes.entrySet()) {
                KeyChange change = entry.getValue();
                if (change.isBlind()) {
                    Optional<Database.Looked> looked = database.look(Database.ENTRIES, change.key().bytes());
                    if (looked.isPresent()) {
                        entry.setValue(from(change, looked.get().value()));
                    } else {
                        unread.add(change);
                    }
                }
            }
            if (!unread.isEmpty()) {
                read(unread, changes);
            }
        }

        private void read(List<KeyChange> unread, Map<Key, KeyChange> changes) throws StoreException {
            List<Callable<KeyChange>> reads = new ArrayList<>(unread.size());
            unread.forEach(change -> reads.add(() -> from(change, database.get(Database.ENTRIES, change.key().bytes()))));
            try {
                for (Future<KeyChange> read : readers.invokeAll(reads)) {
                    KeyChange found = read.get();
                    changes.put(found.key(), found);
                }
            } catch (ExecutionException e) {
                if (e.getCause() instanceof Error error) {
                    throw error;
                }
                throw e.getCause() instanceof StoreException failure ? failure : StoreException.failed(e.getCause());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw StoreException.failed(e);
            }
        }

        private static KeyChange from(KeyChange change, byte[] entry) throws StoreException {
            try {
                return change.from(DiskCell.decode(entry));
            } catch (IOException e) {
                throw StoreException.failed(e);
            }
        }

        /// Ends the threads.
        @Override
        public void close() {
            readers.shutdown();
        }
    }
}
