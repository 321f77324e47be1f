package dev.cipherlink.store.disk;

import dev.cipherlink.metrics.DurationHistogram;
import dev.cipherlink.store.EndOfThread;
import dev.cipherlink.store.KeyValueStore.Durability;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.log.Syncer;
import dev.cipherlink.store.log.WriteAheadLog;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.StampedLock;
import java.util.stream.Stream;

/// Group commit: one platform thread appends the changes of all transactions to the log as one record, waits once until that is
/// durable, and wakes the threads that wait for it. Meanwhile the next group fills. The [Applier] takes the group from there, and
/// [AfterCommit] tells listeners.
///
/// **The gate.** A transaction is inside from its first change until it has added the last of its records. The committer
/// takes the gate for a moment to begin a new group: so a group never holds half a transaction, and no transaction of an earlier
/// group has seen a change of a later one. A thread inside the gate must not wait for anything but the locks of keys.
///
/// **Failure.** A change is accepted only if the log has space for it, so that a full disk refuses it before anything is changed.
/// Any later failure stops the store: nobody knows what is on the disk, and groups that are not durable never will be. They
/// stay in memory, and reads from them are refused.
public final class Committer implements AutoCloseable {

    /// The committer's calls to the store, from the committing thread.
    interface Owner {
        /// The store's state with this commit; called with nobody inside the gate.
        StoreState state(long commit);

        /// The disk has everything up to this commit.
        void synced(long commit);
    }

    private static final Logger LOG = System.getLogger(Committer.class.getName());
    /// Changes beyond this make new transactions wait for the commit under way.
    private static final long MAX_GROUP_BYTES = Math.min(32L << 20, Runtime.getRuntime().maxMemory() / 32);
    private static final long MEMORY_PAUSE_NANOS = 50_000_000L;

    private final WriteAheadLog log;
    private final Applier applier;
    private final AfterCommit deliveries = new AfterCommit();
    private final Owner owner;
    private final Durability durability;
    private final Syncer syncer;
    private final FullDisk fullDisk = new FullDisk(System::nanoTime);
    private final StampedLock gate = new StampedLock();
    private final Thread thread;
    private final LongAdder syncs = new LongAdder();
    private final DurationHistogram syncTimes = new DurationHistogram();
    private final LongAdder committedTransactions = new LongAdder();
    private volatile Group current = new Group(1);
    private volatile Group committing;
    /// The number of the last group that [#deliveries] has.
    private long delivered;
    private volatile long commits;
    private volatile boolean isWanted;
    private volatile boolean isClosed;
    private volatile StoreException stopped;

    Committer(WriteAheadLog log, Applier applier, Owner owner, Durability durability) {
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
            if (refusal == null && current.sizeBytes() <= logBytes()) {
                return stamp;
            }
            gate.unlockRead(stamp);
            if (refusal != null) {
                throw refused(refusal);
            }
            awaitSpace(0);
        }
    }

    void leave(long stamp) {
        gate.unlockRead(stamp);
    }

    /// Runs this with nobody inside the gate. It must not block.
    void whileClosed(Runnable action) {
        long stamp = gate.writeLock();
        try {
            action.run();
        } finally {
            gate.unlockWrite(stamp);
        }
    }

    /// Bytes that the current group may have with its changes of keys; records may come to more.
    long logBytes() {
        return log.freeBytes() - log.marginBytes();
    }

    /// Blocks until the log had space for a change of so many bytes; others may have taken it. Not for a thread inside the gate.
    ///
    /// @throws StoreException if the store takes no writes any more, or the disk is full
    void awaitSpace(long bytes) throws StoreException {
        Group group = current;
        try {
            log.awaitSpace(group.sizeBytes() + bytes + log.marginBytes());
        } catch (StoreException e) {
            // One that is committed by now is empty too.
            if (group.isEmpty() && group == current) {
                throw refused(e);
            }
            // The next group needs less. No commit is asked for a group that has moved on: each makes a new current group, and a
            // caller that tries again would find another one every time.
            if (group == current) {
                request();
            }
            group.await();
        }
    }

    private StoreException refused(StoreException refusal) {
        if (refusal.reason() == StoreException.Reason.FULL) {
            fullDisk.refused();
        }
        return refusal;
    }

    /// The group that changes are added to now; stays the same while the caller is inside the gate.
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

    /// Runs an action when all that was written so far is durable.
    void afterCommit(Runnable action) {
        // The current group moves on meanwhile only for a caller outside of the gate.
        Group group = current;
        while (!group.addAction(action) && !group.isFailed()) {
            group = current;
        }
        if (group.isEmpty()) {
            request();
        }
    }

    /// The groups that are not in the log yet, the younger first: they move on while they are looked for.
    private List<Group> pending() {
        Group younger = current;
        Group older = committing;
        return older == null || older == younger ? List.of(younger) : List.of(younger, older);
    }

    /// All groups that the database may lack.
    List<Group> unapplied() {
        return Stream.concat(pending().stream(), applier.waiting().stream()).toList();
    }

    /// Number of the last commit in the log.
    long commits() {
        return commits;
    }

    long syncs() {
        return syncs.sum();
    }

    DurationHistogram syncTimes() {
        return syncTimes;
    }

    /// How many transactions have waited for a commit so far.
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
    synchronized void stop(Throwable failure) {
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

    /// After any failure the waiting threads are told, and this thread goes on. Lack of memory passes: it tries again.
    private void commit() {
        try {
            if (stopped != null) {
                throw stopped;
            }
            applier.awaitBacklog();
            deliveries.awaitBacklog();
            boolean isRetry = committing != null;
            if (isRetry || beginNext()) {
                write(committing);
            }
            if (isRetry) {
                // A request that came meanwhile may be for the next group.
                isWanted = true;
            }
        } catch (OutOfMemoryError e) {
            isWanted = true;
            LockSupport.parkNanos(MEMORY_PAUSE_NANOS);
        } catch (StoreException | RuntimeException | Error e) {
            fail(e);
        }
    }

    /// @return whether there is a group to be written, [#committing]
    private boolean beginNext() throws StoreException {
        long stamp = gate.writeLock();
        try {
            if (stopped != null) {
                // By a thread that was inside the gate until now: what it left in the group must not be committed.
                throw stopped;
            }
            Group group = current;
            var next = new Group(group.number() + 1);
            if (group.isEmpty()) {
                // A thread that waits for it, now or later, saw earlier groups at most, and those are durable. Without memory for
                // the actions, it stays the current one.
                group.endActions();
                deliveries.add(group);
                current = next;
                group.succeed();
                return false;
            }
            group.finish(owner.state(commits + 1));
            log.place(group.sizeBytes());
            committing = group;
            current = next;
            return true;
        } finally {
            gate.unlockWrite(stamp);
        }
    }

    /// Goes on where it failed for lack of memory.
    private void write(Group group) throws StoreException {
        long commit = group.state().commit();
        if (log.appended() < commit) {
            log.append(commit, group.log());
        }
        if (durability != Durability.ALWAYS) {
            syncer.wake();
        } else if (log.synced() < commit) {
            syncLog();
        }
        if (delivered < group.number()) {
            committedTransactions.add(group.waiting());
            deliveries.add(group);
            delivered = group.number();
        }
        applier.add(group);
        // No line from here on allocates: the applier must not get the group twice.
        commits = commit;
        committing = null;
        group.succeed();
        fullDisk.committed();
    }

    /// The younger group was built on the failed one and fails with it.
    private void fail(Throwable failure) {
        stop(failure);
        long stamp = gate.writeLock();
        List<Group> failed = pending();
        gate.unlockWrite(stamp);
        failed.forEach(group -> group.fail(stopped));
    }

    private void syncLog() throws StoreException {
        long began = System.nanoTime();
        long commit = log.sync();
        syncTimes.record(System.nanoTime() - began, 1);
        syncs.increment();
        owner.synced(commit);
    }

    /// @return whether the disk has it
    private boolean sync() {
        try {
            syncLog();
        } catch (StoreException | RuntimeException | Error e) {
            stop(e);
        }
        return stopped == null;
    }

    /// Commits the current group, waits for the disk, and ends the threads.
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
}
