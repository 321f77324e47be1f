package dev.cipherlink.store;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/// What is committed together: the changes of many units, and the threads that wait for them.
///
/// Changes are added while the adding thread is inside the [Committer]'s gate and holds the lock of the key, so that for
/// each key they stand in the order in which they happened.
final class Group {
    /// That of what was read from the database.
    static final Group IN_DATABASE = new Group(Outcome.STORED);

    /// An estimate of the heap that a change takes beside what the log gets of it.
    private static final long CHANGE_BYTES = 200;

    private enum Outcome { PENDING, DURABLE, STORED, FAILED }

    /// What the log gets.
    private BatchBuffer log = new BatchBuffer();
    /// The same for the database, which gets it later.
    private List<KeyChange> keys = new ArrayList<>();
    private List<RecordChange> records = new ArrayList<>();
    private StoreState state;
    private long bytes;
    private final List<Thread> waiters = new ArrayList<>();
    private boolean isOver;
    private volatile Outcome outcome;
    private StoreException failure;

    Group() {
        this(Outcome.PENDING);
    }

    private Group(Outcome outcome) {
        this.outcome = outcome;
    }

    boolean isPending() {
        return outcome == Outcome.PENDING;
    }

    boolean isDurable() {
        return outcome == Outcome.DURABLE || outcome == Outcome.STORED;
    }

    /// Whether the database has it: what it wrote can be read there.
    boolean isStored() {
        return outcome == Outcome.STORED;
    }

    boolean isFailed() {
        return outcome == Outcome.FAILED;
    }

    /// If it throws, nothing was added.
    synchronized void add(Database database, KeyChange change) {
        log.addWhole(() -> {
            change.addTo(log, database);
            keys.add(change);
        });
    }

    /// If it throws, nothing was added.
    synchronized void add(Database database, RecordChange change) {
        log.addWhole(() -> {
            change.addTo(log, database);
            records.add(change);
        });
    }

    /// Adds the last of it: what the store is with it.
    synchronized void finish(Database database, StoreState reached) {
        state = reached;
        reached.addTo(log, database);
        bytes = log.size() + CHANGE_BYTES * (keys.size() + records.size());
    }

    synchronized boolean isEmpty() {
        return log.isEmpty();
    }

    /// Bytes of its changes so far; 0 when they are in the log.
    synchronized int sizeBytes() {
        return log == null ? 0 : log.size();
    }

    /// What the log gets; only when nobody adds any more.
    BatchBuffer log() {
        return log;
    }

    synchronized int waiting() {
        return waiters.size();
    }

    /// The keys that it changes and that begin with `prefix`, some of them twice.
    synchronized void addKeys(byte[] prefix, List<Key> found) {
        for (KeyChange change : keys) {
            if (change.key().startsWith(prefix)) {
                found.add(change.key());
            }
        }
    }

    /// The last change of a record, or null.
    synchronized RecordChange record(Key key) {
        for (RecordChange change : records.reversed()) {
            if (change.key().equals(key)) {
                return change;
            }
        }
        return null;
    }

    /// All changes of keys, in order; only when nobody adds any more.
    List<KeyChange> keys() {
        return keys;
    }

    /// All changes of records, likewise.
    List<RecordChange> records() {
        return records;
    }

    /// What it was finished with.
    StoreState state() {
        return state;
    }

    /// Bytes of its changes on the heap, about, once it is finished; what the log gets is not more.
    long bytes() {
        return bytes;
    }

    /// Blocks until it is durable, without regard to interrupts.
    ///
    /// @throws StoreException if it never will be
    void await() throws StoreException {
        if (outcome == Outcome.PENDING && enlist()) {
            boolean isInterrupted = false;
            while (outcome == Outcome.PENDING) {
                LockSupport.park(this);
                isInterrupted |= Thread.interrupted();
            }
            if (isInterrupted) {
                Thread.currentThread().interrupt();
            }
        }
        if (outcome == Outcome.FAILED) {
            throw failure;
        }
    }

    private synchronized boolean enlist() {
        if (!isOver) {
            waiters.add(Thread.currentThread());
        }
        return !isOver;
    }

    /// The log has it: whoever waits goes on.
    void succeed() {
        synchronized (this) {
            log = null;
        }
        end(Outcome.DURABLE);
    }

    void fail(StoreException why) {
        failure = why;
        end(Outcome.FAILED);
        release();
    }

    /// The database has it; perhaps before [#succeed]. Only the outcome is left, which cells ask for as long as they live.
    synchronized void stored() {
        outcome = Outcome.STORED;
        release();
    }

    private synchronized void release() {
        log = null;
        keys = List.of();
        records = List.of();
    }

    private void end(Outcome end) {
        synchronized (this) {
            outcome = outcome == Outcome.STORED ? Outcome.STORED : end;
            isOver = true;
        }
        waiters.forEach(LockSupport::unpark);
        waiters.clear();
    }
}
