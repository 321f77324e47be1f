package dev.cipherlink.store.disk;

import dev.cipherlink.store.EndOfThread;
import dev.cipherlink.store.KeyValueStore.Durability;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.log.CommitLog;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.StampedLock;

/// Group commit: one platform thread appends the changes of all transactions to the log as one record, with one wait for the disk,
/// and wakes those who wait for it. While it does, the next group comes together. The [Applier] takes it from there, and
/// [AfterCommit] tells others.
///
/// **The gate.** A transaction is inside from its first change until it has added the last of what belongs to it. The committer
/// takes the gate for a moment to begin a new group: so a group never holds half a transaction, and no transaction of an earlier group
/// has seen a change of a later one. Whoever is inside must not wait for anything but the locks of keys.
///
/// **Failure.** A change is accepted only if the log has room for it, so that a full disk refuses it before anything is changed.
/// What fails after that stops the store: nobody knows what is on the disk, and groups that are not durable never are. They
/// stay in memory, and whoever reads from them is refused.
public final class Committer implements AutoCloseable {

    /// What the store does for its commits. Called from the committing thread.
    interface Owner {
        /// The store's state with this commit; called with nobody inside the gate.
        StoreState state(long commit);

        /// Everything up to this commit is on the disk.
        void synced(long commit);
    }

    private static final Logger LOG = System.getLogger(Committer.class.getName());
    /// Changes beyond this make new transactions wait for the commit under way.
    private static final long MAX_GROUP_BYTES = Math.min(32L << 20, Runtime.getRuntime().maxMemory() / 32);

    private static final long MEMORY_PAUSE_NANOS = 50_000_000L;

    private final Database database;
    private final CommitLog log;
    private final Applier applier;
    private final AfterCommit deliveries = new AfterCommit();
    private final Owner owner;
    private final Durability durability;
    private final Syncer syncer;
    private final FullDisk fullDisk = new FullDisk();
    private final StampedLock gate = new StampedLock();
    private final Thread thread;
    private final LongAdder syncs = new LongAdder();
    private final LongAdder committedTransactions = new LongAdder();
    private volatile Group current = new Group(1);
    private volatile Group committing;
    /// The number of the last group that [#deliveries] has.
    private long delivered;
    private volatile long commits;
    private volatile boolean isWanted;
    private volatile boolean isClosed;
    private volatile StoreException stopped;

    Committer(Database database, CommitLog log, Applier applier, Owner owner, Durability durability) {
        this.database = database;
        this.log = log;
        this.applier = applier;
        this.owner = owner;
        this.durability = durability;
        this.commits = log.appended();
        this.syncer = new Syncer(log, this::sync);
        this.thread = Thread.ofPlatform().name("store-commit").daemon().unstarted(this::run);
    }

    void start() {
        thread.start();
        deliveries.start();
        if (durability == Durability.EVERYSEC) {
            syncer.start();
        }
    }

    AfterCommit deliveries() {
        return deliveries;
    }

    /// Goes inside the gate; blocks for short moments, and for a commit where much is waiting.
    ///
    /// @return to be given to [#leave]
    /// @throws StoreException if the store takes no writes any more, or the disk is full; then the caller is not inside
    long enter() throws StoreException {
        while (true) {
            Group crowded = current;
            if (crowded.sizeBytes() > MAX_GROUP_BYTES) {
                request();
                crowded.await();
            }
            long stamp = gate.readLock();
            StoreException refusal = stopped != null ? stopped : applier.refusal();
            if (refusal == null && current.sizeBytes() <= room()) {
                return stamp;
            }
            gate.unlockRead(stamp);
            if (refusal != null) {
                throw refused(refusal);
            }
            awaitRoom(0);
        }
    }

    void leave(long stamp) {
        gate.unlockRead(stamp);
    }

    /// Bytes that the current group may have with its changes of keys; records may come to more.
    long room() {
        return log.room() - log.marginBytes();
    }

    /// Blocks until there was room for a change of so many bytes; others may have taken it. Not for who is inside the gate.
    ///
    /// @throws StoreException if the store takes no writes any more, or the disk is full
    void awaitRoom(long bytes) throws StoreException {
        Group group = current;
        try {
            log.awaitRoom(group.sizeBytes() + bytes + log.marginBytes());
        } catch (StoreException e) {
            if (group.isEmpty()) {
                throw refused(e);
            }
            // Without it, less is needed.
            request();
            group.await();
        }
    }

    private StoreException refused(StoreException refusal) {
        if (refusal.reason() == StoreException.Reason.FULL) {
            fullDisk.refused();
        }
        return refusal;
    }

    /// What is added to now; stays the same while the caller is inside the gate.
    Group current() {
        return current;
    }

    /// Asks for a commit without waiting for it.
    void request() {
        if (!isWanted) {
            isWanted = true;
            LockSupport.unpark(thread);
        }
    }

    /// Blocks until the group is durable.
    void await(Group group) throws StoreException {
        if (group.isPending()) {
            request();
        }
        group.await();
    }

    /// Has something told when all that was written so far is durable.
    void tell(Runnable telling) {
        // It moves on while it is looked at only for who is not inside.
        Group group = current;
        while (!group.tell(telling) && !group.isFailed()) {
            group = current;
        }
        if (group.isEmpty()) {
            request();
        }
    }

    /// The groups that are not in the log yet, the older first.
    List<Group> pending() {
        var groups = new ArrayList<Group>(2);
        Group older = committing;
        if (older != null) {
            groups.add(older);
        }
        groups.add(current);
        return groups;
    }

    /// All groups that the database may lack. They move on while they are looked for, so the younger are looked for first.
    List<Group> unapplied() {
        var groups = new ArrayList<Group>();
        groups.add(current);
        Group older = committing;
        if (older != null) {
            groups.add(older);
        }
        groups.addAll(applier.waiting());
        return groups;
    }

    /// Number of the last commit in the log.
    long commits() {
        return commits;
    }

    long syncs() {
        return syncs.sum();
    }

    /// How many transactions waited for a commit so far.
    long transactions() {
        return committedTransactions.sum();
    }

    /// How many wait now.
    int waiting() {
        return pending().stream().mapToInt(Group::waiting).sum();
    }

    FullDisk fullDisk() {
        return fullDisk;
    }

    boolean isStopped() {
        return stopped != null;
    }

    /// No more writes: nobody knows what is on the disk, or the database does not take what is in the log.
    synchronized void stop(StoreException failure) {
        if (stopped == null) {
            stopped = StoreException.stopped(failure);
            LOG.log(Level.ERROR, "the store takes no writes until the server is restarted", failure);
            request();
        }
    }

    private void run() {
        while (!isClosed || isWanted) {
            if (isWanted) {
                isWanted = false;
                commit();
            }
            if (!isWanted && !isClosed) {
                LockSupport.park(this);
            }
        }
    }

    /// Whatever goes wrong: those who wait are told, and the thread goes on. Want of memory passes: it is tried again.
    private void commit() {
        try {
            if (stopped != null) {
                throw stopped;
            }
            applier.awaitRoom();
            deliveries.awaitRoom();
            Group retried = committing;
            Group group = retried != null ? retried : beginNext();
            if (group != null) {
                write(group);
            }
            if (retried != null) {
                // Those who asked meanwhile may be in the next group.
                isWanted = true;
            }
        } catch (StoreException e) {
            fail(e);
        } catch (OutOfMemoryError e) {
            isWanted = true;
            LockSupport.parkNanos(MEMORY_PAUSE_NANOS);
        } catch (RuntimeException | Error e) {
            fail(StoreException.failed(e));
        }
    }

    /// @return the group to be written; null if there is nothing to write
    private Group beginNext() throws StoreException {
        long stamp = gate.writeLock();
        try {
            if (stopped != null) {
                // By one who was inside the gate until now: what it left in the group must not be committed.
                throw stopped;
            }
            Group group = current;
            var next = new Group(group.number() + 1);
            if (group.isEmpty()) {
                // Whoever waits for it, now or later, saw earlier groups at most, and those are durable. Without memory for what is
                // told, it stays the current one.
                group.endTellings();
                deliveries.add(group);
                current = next;
                group.succeed();
                return null;
            }
            group.finish(database, owner.state(commits + 1));
            log.place(group.sizeBytes());
            committing = group;
            current = next;
            return group;
        } finally {
            gate.unlockWrite(stamp);
        }
    }

    /// Goes on where it failed for want of memory.
    private void write(Group group) throws StoreException {
        long commit = group.state().commit();
        if (log.appended() < commit) {
            log.append(commit, group.log());
        }
        if (durability != Durability.ALWAYS) {
            syncer.wake();
        } else if (log.synced() < commit) {
            synced(log.sync());
        }
        if (delivered < group.number()) {
            committedTransactions.add(group.waiting());
            deliveries.add(group);
            delivered = group.number();
        }
        applier.add(group);
        // Nothing from here on takes memory: the applier must not get it twice.
        commits = commit;
        committing = null;
        group.succeed();
        fullDisk.committed();
    }

    /// What was built on the failed group fails with it, and there is no other.
    private void fail(StoreException failure) {
        stop(failure);
        long stamp = gate.writeLock();
        List<Group> failed = pending();
        gate.unlockWrite(stamp);
        for (Group group : failed) {
            group.fail(stopped);
        }
    }

    private void synced(long commit) {
        syncs.increment();
        owner.synced(commit);
    }

    /// @return whether the disk has it
    private boolean sync() {
        try {
            synced(log.sync());
        } catch (StoreException e) {
            stop(e);
        } catch (RuntimeException | Error e) {
            stop(StoreException.failed(e));
        }
        return stopped == null;
    }

    /// Commits what is there, waits for the disk, and ends the threads.
    @Override
    public void close() {
        isWanted = true;
        isClosed = true;
        LockSupport.unpark(thread);
        EndOfThread.await(thread, () -> {
            deliveries.close();
            if (durability == Durability.EVERYSEC) {
                syncer.close();
            }
            if (stopped == null && durability != Durability.ALWAYS) {
                sync();
            }
        });
    }

    /// Makes the disk follow the log once a second, by a platform thread: commits go on meanwhile.
    public static final class Syncer implements AutoCloseable {
        private static final long INTERVAL_NANOS = 1_000_000_000L;

        /// Waits for the disk, and deals with its failures.
        public interface Sync {
            /// @return whether there may be another
            boolean run();
        }

        private final CommitLog log;
        private final Sync sync;
        private final Thread thread = Thread.ofPlatform().name("store-sync").daemon().unstarted(this::run);
        private volatile boolean isIdle;
        private volatile boolean isClosed;

        public Syncer(CommitLog log, Sync sync) {
            this.log = log;
            this.sync = sync;
        }

        public void start() {
            thread.start();
        }

        /// Something was appended.
        public void wake() {
            if (isIdle) {
                LockSupport.unpark(thread);
            }
        }

        private void run() {
            long syncedAt = System.nanoTime() - INTERVAL_NANOS;
            boolean isGood = true;
            while (isGood && !isClosed) {
                long left = syncedAt + INTERVAL_NANOS - System.nanoTime();
                isIdle = true;
                boolean isDone = log.appended() == log.synced();
                isIdle = isDone;
                if (isDone) {
                    LockSupport.park(this);
                } else if (left > 0) {
                    LockSupport.parkNanos(this, left);
                } else {
                    isGood = sync.run();
                    syncedAt = System.nanoTime();
                }
            }
        }

        /// Ends the thread, without waiting for the disk once more.
        @Override
        public void close() {
            isClosed = true;
            LockSupport.unpark(thread);
            EndOfThread.await(thread);
        }
    }
}
