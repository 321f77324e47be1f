package dev.cipherlink.store;

import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/// The deadlines of a store, nearest first, and the thread that has its keys removed when they are due.
///
/// The store adds and removes deadlines from any thread; the removal it handed in is called from this class's thread,
/// and from those that call [#removeDue]. The store closes it.
final class Expiry implements AutoCloseable {

    /// Keys removed before the thread looks whether it is to end.
    private static final int BATCH = 1_000;

    private final ConcurrentSkipListSet<Deadline> deadlines = new ConcurrentSkipListSet<>();
    private final LongSupplier now;
    private final Consumer<Deadline> removal;
    private final Thread thread;
    private volatile boolean isRemoving;
    private volatile boolean isClosed;

    /// When a key expires.
    ///
    /// @param nanos on the store's clock
    record Deadline(long nanos, Key key) implements Comparable<Deadline> {
        @Override
        public int compareTo(Deadline other) {
            int byTime = Long.compare(nanos, other.nanos);
            return byTime != 0 ? byTime : key.compareTo(other.key);
        }
    }

    /// @param now the store's clock, in nanoseconds; must not go backwards
    /// @param removal takes a key away whose deadline has come, together with its deadline; if the key's deadline is
    ///         another one by now, the given one must be gone already
    Expiry(LongSupplier now, Consumer<Deadline> removal) {
        this.now = now;
        this.removal = removal;
        this.thread = Thread.ofPlatform().name("store-expiry").daemon().unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    void add(Deadline deadline) {
        deadlines.add(deadline);
        boolean isNearest = deadlines.lower(deadline) == null;
        if (isNearest) {
            LockSupport.unpark(thread);
        }
    }

    void remove(Deadline deadline) {
        deadlines.remove(deadline);
    }

    /// Whether a key whose deadline has come may still be there: [#removeDue] returns when it is not.
    boolean hasDue() {
        Deadline first = first();
        // In this order: the deadline goes first.
        return first != null && first.nanos() <= now.getAsLong() || isRemoving;
    }

    /// Removes all keys whose deadline has come; waits for a removal under way.
    void removeDue() {
        removeDue(Integer.MAX_VALUE);
    }

    int size() {
        return deadlines.size();
    }

    boolean isRunning() {
        return thread.isAlive();
    }

    private void removeDue(int limit) {
        long moment = now.getAsLong();
        int removed = 0;
        while (removed < limit && removeFirstDue(moment)) {
            removed++;
        }
    }

    /// One thread at a time: a deadline goes before its key does, so a thread that finds no deadline left must not overtake
    /// the thread that is still removing the last key.
    private synchronized boolean removeFirstDue(long moment) {
        Deadline first = first();
        boolean isDue = first != null && first.nanos() <= moment;
        if (isDue) {
            isRemoving = true;
            try {
                removal.accept(first);
            } finally {
                isRemoving = false;
            }
        }
        return isDue;
    }

    private Deadline first() {
        var iterator = deadlines.iterator();
        return iterator.hasNext() ? iterator.next() : null;
    }

    private void run() {
        while (!isClosed) {
            removeDue(BATCH);
            Deadline next = first();
            if (isClosed) {
                // A wait inside of a removal may have taken the wake-up of [#close].
                return;
            }
            if (next == null) {
                LockSupport.park(this);
            } else {
                // Returns at once if the deadline has passed meanwhile, or a nearer one was added.
                LockSupport.parkNanos(this, next.nanos() - now.getAsLong());
            }
        }
    }

    /// Stops the thread and waits for its end; at most one batch away.
    @Override
    public void close() {
        isClosed = true;
        LockSupport.unpark(thread);
        EndOfThread.await(thread);
    }
}
