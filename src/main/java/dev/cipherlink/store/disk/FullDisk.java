package dev.cipherlink.store.disk;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;

/// Tells the operator of a disk that has no space for commits: when that begins, once a minute while it lasts, and when it is
/// over. Thread-safe.
final class FullDisk {
    private static final Logger LOG = System.getLogger(FullDisk.class.getName());
    private static final long INTERVAL_NANOS = 60_000_000_000L;
    /// Without a refusal, before it counts as over: small commits may find space between large ones.
    private static final long OVER_NANOS = 1_000_000_000L;

    final LongAdder refusals = new LongAdder();
    volatile boolean isFull;
    private volatile long refusedAt;
    private final LongSupplier nanoClock;
    private long refusalsBefore;
    private long toldAt;

    FullDisk(LongSupplier nanoClock) {
        this.nanoClock = nanoClock;
    }

    void refused() {
        refusals.increment();
        long now = nanoClock.getAsLong();
        refusedAt = now;
        if (!isFull || now - toldAt > INTERVAL_NANOS) {
            tell(now);
        }
    }

    /// Whether a write was refused within a minute.
    boolean hasRefusedLately() {
        return refusals.sum() > 0 && nanoClock.getAsLong() - refusedAt < INTERVAL_NANOS;
    }

    private synchronized void tell(long now) {
        if (!isFull) {
            refusalsBefore = refusals.sum() - 1;
            LOG.log(Level.WARNING, "the disk of the store is full: nothing is written until there is room");
        } else if (now - toldAt > INTERVAL_NANOS) {
            LOG.log(Level.WARNING, "the disk of the store is still full: {0} writes were refused", count());
        } else {
            return;
        }
        isFull = true;
        toldAt = now;
    }

    void committed() {
        if (isFull && nanoClock.getAsLong() - refusedAt > OVER_NANOS) {
            synchronized (this) {
                isFull = false;
                LOG.log(Level.WARNING, "the disk of the store has room again: {0} writes were refused", count());
            }
        }
    }

    private String count() {
        return Long.toString(refusals.sum() - refusalsBefore);
    }
}
