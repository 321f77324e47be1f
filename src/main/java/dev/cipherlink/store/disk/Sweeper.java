package dev.cipherlink.store.disk;

import dev.cipherlink.store.EndOfThread;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.disk.StoreState.StoreClock;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.locks.LockSupport;

/// Removes expired entries, on a platform thread of its own that sleeps until the next deadline.
final class Sweeper implements AutoCloseable {
    private static final Logger LOG = System.getLogger(Sweeper.class.getName());
    private static final long RETRY_NANOS = 1_000_000_000L;
    private static final long LONGEST_SLEEP_NANOS = 3_600L * RETRY_NANOS;

    /// The sweeper's calls to the store.
    interface Owner {
        /// Removes due entries, looking from that deadline on. Blocks until that is durable.
        Swept removeDue(long from) throws StoreException;
    }

    /// How a sweep went.
    ///
    /// @param last the latest deadline up to which everything in the database is gone
    /// @param next the nearest deadline left, or [DiskCell#NO_DEADLINE]
    record Swept(long last, long next) {
    }

    private final Owner owner;
    private final StoreClock clock;
    private final Thread thread = Thread.ofPlatform().name("store-expiry").daemon().unstarted(this::run);
    private long next;
    private long from;
    private volatile boolean isClosed;

    Sweeper(Owner owner, StoreClock clock) {
        this.owner = owner;
        this.clock = clock;
    }

    void start() {
        thread.start();
    }

    /// An entry with this deadline is in the database.
    synchronized void note(long deadline) {
        if (deadline < next) {
            next = deadline;
            LockSupport.unpark(thread);
        }
    }

    private void run() {
        while (!isClosed) {
            try {
                sleep(sweep() - clock.now());
            } catch (StoreException e) {
                LOG.log(Level.DEBUG, "expired keys wait until the store takes writes again", e);
                sleep(RETRY_NANOS);
            }
        }
    }

    /// The wake-up of [#close] may have been spent on a wait inside of a sweep, so it is asked for again.
    private void sleep(long nanos) {
        if (!isClosed) {
            LockSupport.parkNanos(this, Math.min(nanos, LONGEST_SLEEP_NANOS));
        }
    }

    /// @return the nearest deadline
    private long sweep() throws StoreException {
        long first = begin();
        Swept swept = owner.removeDue(first);
        synchronized (this) {
            // A deadline noted meanwhile may lie before those swept: its commit took longer than its time to live.
            from = Math.min(swept.last, next);
            next = Math.min(swept.next, next);
            return next;
        }
    }

    /// Deadlines noted from here on may be missed by this sweep, and count for the next one.
    private synchronized long begin() {
        next = DiskCell.NO_DEADLINE;
        return from;
    }

    @Override
    public void close() {
        isClosed = true;
        LockSupport.unpark(thread);
        EndOfThread.await(thread);
    }
}
