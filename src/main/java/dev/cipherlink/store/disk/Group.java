package dev.cipherlink.store.disk;

import dev.cipherlink.store.Key;
import dev.cipherlink.store.KeyValueStore.ChangeListener;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.Usage.Usages.Growth;
import dev.cipherlink.store.log.BatchBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

/// A group commit: the changes of many transactions, and the threads that wait for them.
///
/// Changes are added while the adding thread is inside the [Committer]'s gate and holds the lock of the key, so that for
/// each key they stand in the order in which they happened.
final class Group {
    /// The group of cells that were read from the database.
    static final Group IN_DATABASE = new Group(0, Outcome.STORED);

    /// An estimate of the heap that a change takes beside its bytes for the log.
    private static final long CHANGE_BYTES = 200;

    private enum Outcome { PENDING, DURABLE, STORED, FAILED }

    private final long number;
    /// The changes as the log gets them.
    private BatchBuffer log = new BatchBuffer();
    /// The same for the database, which gets it later.
    private List<KeyChange> keys = new ArrayList<>();
    private List<RecordChange> records = new ArrayList<>();
    private StoreState state;
    private long bytes;
    private final List<Runnable> actions = new ArrayList<>(0);
    private final List<Thread> waiters = new ArrayList<>();
    private boolean hasAllActions;
    private boolean isOver;
    private volatile Outcome outcome;
    private StoreException failure;

    /// @param number larger than those of all groups that become durable before it
    Group(long number) {
        this(number, Outcome.PENDING);
    }

    private Group(long number, Outcome outcome) {
        this.number = number;
        this.outcome = outcome;
    }

    long number() {
        return number;
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

    /// Adds a change of a key, if the bytes for the log stay within `maxBytes`. If it throws, nothing was added.
    ///
    /// @return whether it was added
    synchronized boolean add(KeyChange change, long maxBytes) {
        int endBefore = log.size();
        int countBefore = log.count();
        boolean isAdded = false;
        try {
            change.addTo(log);
            if (log.size() <= maxBytes) {
                isAdded = keys.add(change);
            }
        } finally {
            if (!isAdded) {
                log.cutBack(endBefore, countBefore);
            }
        }
        return isAdded;
    }

    /// Adds changes of keys with their record, all or none, likewise.
    ///
    /// @param record null if there is none
    synchronized boolean addAll(List<KeyChange> changes, RecordChange record, long maxBytes) {
        int endBefore = log.size();
        int countBefore = log.count();
        int recordsBefore = records.size();
        boolean isAdded = false;
        try {
            changes.forEach(change -> change.addTo(log));
            if (record != null) {
                record.addTo(log);
                records.add(record);
            }
            if (log.size() <= maxBytes) {
                keys.addAll(changes);
                isAdded = true;
            }
        } finally {
            if (!isAdded) {
                log.cutBack(endBefore, countBefore);
                records.subList(recordsBefore, records.size()).clear();
            }
        }
        return isAdded;
    }

    /// Adds a change of a record. If it throws, nothing was added.
    synchronized void add(RecordChange change) {
        int endBefore = log.size();
        int countBefore = log.count();
        boolean isAdded = false;
        try {
            change.addTo(log);
            isAdded = records.add(change);
        } finally {
            if (!isAdded) {
                log.cutBack(endBefore, countBefore);
            }
        }
    }

    /// Runs an action when it is durable, after those that were added before.
    ///
    /// @return false if it takes no more
    synchronized boolean addAction(Runnable action) {
        if (!hasAllActions) {
            actions.add(action);
        }
        return !hasAllActions;
    }

    synchronized void endActions() {
        hasAllActions = true;
    }

    /// Adds the last of it: the store's state with it.
    synchronized void finish(StoreState reached) {
        reached.addTo(log);
        state = reached;
        hasAllActions = true;
        bytes = log.size() + CHANGE_BYTES * (keys.size() + records.size());
    }

    /// Whether there is nothing for the log.
    synchronized boolean isEmpty() {
        return log == null || log.isEmpty();
    }

    /// Bytes that the log gets, as of a moment ago at least: it takes no lock.
    int sizeBytes() {
        BatchBuffer changes = log;
        return changes == null ? 0 : changes.size();
    }

    /// The actions to run when it is durable; only when it is finished.
    List<Runnable> actions() {
        return actions;
    }

    /// The changes as the log gets them; only when it is finished.
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

    /// Merges its changes of keys into those of earlier groups.
    synchronized void addChanges(Map<Key, KeyChange> changes) {
        keys.forEach(change -> changes.merge(change.key(), change, KeyChange::then));
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

    /// All changes of keys, in order; only when it is finished.
    List<KeyChange> keys() {
        return keys;
    }

    /// All changes of records, likewise.
    List<RecordChange> records() {
        return records;
    }

    /// The state that it was finished with.
    StoreState state() {
        return state;
    }

    /// About how many bytes its changes have on the heap, once it is finished; at least those for the log.
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

    /// The log has it: waiting threads go on.
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

    /// A change of one key.
    ///
    /// @param before how it was; [DiskCell#UNKNOWN] after a write that did not look: then the old deadline and large value are found, and
    ///               deleted, when the change is applied
    /// @param after  how it is now; its value is on the heap if it is another one
    record KeyChange(Key key, DiskCell before, DiskCell after) {

        /// Both as one; `later` came behind this one.
        KeyChange then(KeyChange later) {
            return new KeyChange(key, before, later.after);
        }

        ChangeListener.Kind kind() {
            return after.exists() ? ChangeListener.Kind.SET
                    : after.isExpired ? ChangeListener.Kind.EXPIRED : ChangeListener.Kind.DELETED;
        }

        boolean isBlind() {
            return before == DiskCell.UNKNOWN;
        }

        /// The same for a key that was like this.
        KeyChange from(DiskCell stored) {
            return new KeyChange(key, stored, after);
        }

        /// How many entries more there are with it.
        int entries() {
            return (after.exists() ? 1 : 0) - (before.exists() ? 1 : 0);
        }

        Growth growth() {
            return new Growth(key, before.usedBytes(key), after.usedBytes(key));
        }

        /// Adds what it changes.
        void addTo(BatchBuffer batch) {
            addRemovalsTo(batch);
            if (before.deadline != after.deadline && after.deadline != DiskCell.NO_DEADLINE) {
                batch.put(Database.DEADLINES, DiskCell.deadlineKey(after.deadline, key), Database.NOTHING);
            }
            if (before.version != after.version && after.isLarge()) {
                batch.put(Database.LARGE, DiskCell.largeKey(key, after.version), after.value);
            }
            if (after.exists()) {
                after.addTo(batch, key);
            } else {
                batch.delete(Database.ENTRIES, key.bytes());
            }
        }

        /// Adds that the old deadline and the old large value are deleted.
        void addRemovalsTo(BatchBuffer batch) {
            if (before.deadline != after.deadline && before.deadline != DiskCell.NO_DEADLINE) {
                batch.delete(Database.DEADLINES, DiskCell.deadlineKey(before.deadline, key));
            }
            if (before.version != after.version && before.isLarge()) {
                batch.delete(Database.LARGE, DiskCell.largeKey(key, before.version));
            }
        }
    }

    /// A change of one record.
    ///
    /// @param value null if it was deleted
    record RecordChange(Key key, byte[] value) {

        void addTo(BatchBuffer batch) {
            if (value == null) {
                batch.delete(Database.RECORDS, key.bytes());
            } else {
                batch.put(Database.RECORDS, key.bytes(), value);
            }
        }
    }
}
