package dev.cipherlink.store;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.StampedLock;

/// Group commit: one platform thread appends the changes of all units to the log as one record, with one wait for the disk,
/// and wakes those who wait for it. While it does, the next group comes together. The [Applier] takes it from there.
///
/// **The gate.** A unit is inside from its first change until it has added the last of what belongs to it. The committer
/// takes the gate for a moment to begin a new group: so a group never holds half a unit, and no unit of an earlier group
/// has seen a change of a later one. Whoever is inside must not wait for anything but the locks of keys.
final class Committer implements AutoCloseable {

    /// What the store does for its commits. Called from the committing thread.
    interface Owner {
        /// The store's state with this commit; called with nobody inside the gate.
        StoreState state(long commit);

        /// The group is in the log.
        void committed();

        /// Called with nobody inside the gate: nothing of these groups, the older first, is in the log.
        void undo(List<Group> groups);

        /// Everything up to this commit is on the disk.
        void synced(long commit);
    }

    /// Changes beyond this make new units wait for the commit under way.
    private static final long MAX_GROUP_BYTES = Math.min(32L << 20, Runtime.getRuntime().maxMemory() / 32);

    private final Database database;
    private final CommitLog log;
    private final Applier applier;
    private final Owner owner;
    private final Durability durability;
    private final Syncer syncer;
    private final StampedLock gate = new StampedLock();
    private final Thread thread;
    private final LongAdder syncs = new LongAdder();
    private final LongAdder committedUnits = new LongAdder();
    private volatile Group current = new Group();
    private volatile Group committing;
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
        if (durability == Durability.EVERYSEC) {
            syncer.start();
        }
    }

    /// Goes inside the gate; blocks for short moments, and for a commit where much is waiting.
    ///
    /// @return to be given to [#leave]
    /// @throws StoreException if the store takes no writes any more; then the caller is not inside
    long enter() throws StoreException {
        Group crowded = current;
        if (crowded.sizeBytes() > MAX_GROUP_BYTES) {
            request();
            crowded.await();
        }
        long stamp = gate.readLock();
        if (stopped != null) {
            gate.unlockRead(stamp);
            throw stopped;
        }
        return stamp;
    }

    void leave(long stamp) {
        gate.unlockRead(stamp);
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

    /// How many units waited for a commit so far.
    long units() {
        return committedUnits.sum();
    }

    /// How many wait now.
    int waiting() {
        return pending().stream().mapToInt(Group::waiting).sum();
    }

    boolean isStopped() {
        return stopped != null;
    }

    /// No more writes: nobody knows what is on the disk, or the database does not take what is in the log.
    void stop(StoreException failure) {
        if (stopped == null) {
            stopped = StoreException.stopped(failure);
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

    /// Whatever goes wrong: those who wait are told, and the thread goes on.
    private void commit() {
        long before = log.appended();
        try {
            Group group = beginNext();
            if (group != null) {
                write(group);
            }
        } catch (StoreException e) {
            undo(e);
        } catch (OutOfMemoryError e) {
            undo(log.appended() == before ? StoreException.noMemory(e) : StoreException.failed(e));
        } catch (RuntimeException | Error e) {
            undo(StoreException.failed(e));
        }
    }

    /// @return the group to be written; null if there is nothing to write
    private Group beginNext() {
        long stamp = gate.writeLock();
        Group group = current;
        try {
            if (group.isEmpty()) {
                // Whoever waits for it, now or later, saw earlier groups at most, and those are durable.
                current = new Group();
                group.succeed();
                return null;
            }
            committing = group;
            current = new Group();
            group.finish(database, owner.state(commits + 1));
            return group;
        } finally {
            gate.unlockWrite(stamp);
        }
    }

    private void write(Group group) throws StoreException {
        if (stopped != null) {
            throw stopped;
        }
        applier.awaitRoom();
        long commit = commits + 1;
        log.append(commit, group.log());
        if (durability == Durability.ALWAYS) {
            synced(log.sync());
        } else {
            syncer.wake();
        }
        commits = commit;
        committedUnits.add(group.waiting());
        owner.committed();
        applier.add(group);
        committing = null;
        group.succeed();
    }

    /// What was built on the failed group fails with it. A full disk gets another chance with the next group; after any
    /// other failure nobody knows what is on the disk, and asking again might say that all is well.
    private void undo(StoreException failure) {
        if (failure.reason() != StoreException.Reason.FULL) {
            stop(failure);
        }
        long stamp = gate.writeLock();
        List<Group> failed = pending();
        try {
            current = new Group();
            committing = null;
            owner.undo(failed);
        } catch (RuntimeException | Error e) {
            // What is in memory may be of the failed groups.
            stop(StoreException.failed(e));
        } finally {
            gate.unlockWrite(stamp);
        }
        for (Group group : failed) {
            group.fail(stopped == null ? failure : stopped);
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
            if (durability == Durability.EVERYSEC) {
                syncer.close();
            }
            if (stopped == null && durability != Durability.ALWAYS) {
                sync();
            }
        });
    }
}
