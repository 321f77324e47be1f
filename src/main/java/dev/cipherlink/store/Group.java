package dev.cipherlink.store;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/// What is committed together: the changes of many units, and the threads that wait for them.
///
/// Changes are added while the adding thread is inside the [Committer]'s gate and holds the lock of the key, so that for
/// each key they stand in the order in which they happened.
final class Group {
    /// That of what was read from disk.
    static final Group DURABLE = new Group(Outcome.DURABLE);

    /// A value that is kept apart.
    record LargeValue(Key key, long version) {
    }

    private enum Outcome { PENDING, DURABLE, FAILED }

    private BatchBuffer changes = new BatchBuffer();
    private List<Key> keys = new ArrayList<>();
    private List<LargeValue> largeValues = new ArrayList<>();
    private final List<Thread> waiters = new ArrayList<>();
    private long nearestDeadline = Cell.NO_DEADLINE;
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
        return outcome == Outcome.DURABLE;
    }

    boolean isFailed() {
        return outcome == Outcome.FAILED;
    }

    /// Adds what makes `before` to `after`, in the families of `database`.
    synchronized void add(Database database, Key key, Cell before, Cell after) {
        keys.add(key);
        if (before.deadline != after.deadline) {
            if (before.deadline != Cell.NO_DEADLINE) {
                changes.delete(database.deadlines(), EntryCodec.deadlineKey(before.deadline, key));
            }
            if (after.deadline != Cell.NO_DEADLINE) {
                changes.put(database.deadlines(), EntryCodec.deadlineKey(after.deadline, key), Database.NOTHING, Database.NOTHING);
                nearestDeadline = Math.min(nearestDeadline, after.deadline);
            }
        }
        if (before.version != after.version) {
            if (before.isLarge()) {
                changes.delete(database.large(), EntryCodec.largeKey(key, before.version));
            }
            if (after.isLarge()) {
                changes.put(database.large(), EntryCodec.largeKey(key, after.version), after.value, Database.NOTHING);
                largeValues.add(new LargeValue(key, after.version));
            }
        }
        if (after.exists()) {
            changes.put(database.entries(), key.bytes(), EntryCodec.encodeHead(after), EntryCodec.encodeTail(after));
        } else {
            changes.delete(database.entries(), key.bytes());
        }
    }

    synchronized void put(int family, byte[] key, byte[] value) {
        changes.put(family, key, value, Database.NOTHING);
    }

    synchronized void delete(int family, byte[] key) {
        changes.delete(family, key);
    }

    synchronized boolean isEmpty() {
        return changes.isEmpty();
    }

    /// Bytes of its changes; 0 when they have been let go.
    synchronized int sizeBytes() {
        return changes == null ? 0 : changes.size();
    }

    synchronized byte[] encode() {
        return changes.encode();
    }

    synchronized int waiting() {
        return waiters.size();
    }

    /// The keys that it changes and that begin with `prefix`, some of them twice.
    synchronized void addKeys(byte[] prefix, List<Key> found) {
        for (Key key : keys) {
            if (key.startsWith(prefix)) {
                found.add(key);
            }
        }
    }

    /// All keys that it changes; only when nobody adds any more.
    List<Key> keys() {
        return keys;
    }

    List<LargeValue> largeValues() {
        return largeValues;
    }

    long nearestDeadline() {
        return nearestDeadline;
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

    void succeed() {
        end(Outcome.DURABLE);
    }

    void fail(StoreException why) {
        failure = why;
        end(Outcome.FAILED);
    }

    /// Lets go of everything but the outcome, which cells ask for as long as they live.
    synchronized void release() {
        changes = null;
        keys = List.of();
        largeValues = List.of();
    }

    private void end(Outcome end) {
        synchronized (this) {
            outcome = end;
            isOver = true;
        }
        waiters.forEach(LockSupport::unpark);
        waiters.clear();
    }
}
