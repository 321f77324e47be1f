package dev.cipherlink.channel;

import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.LockSupport;

/// Gives other virtual threads a turn. The JVM does not time-slice virtual threads, so a thread that moves bulk data, or runs
/// long requests, parks briefly after each MiB and each 5 ms.
///
/// `Thread.yield` is not enough for several such threads: a carrier goes on with the threads of its own queue, where those that
/// yielded are, and the threads that the socket poller wakes are in another queue. So one thread for each carrier parks at a
/// time, and the others wait for it: a carrier whose queue is empty looks at all queues. Used by one thread.
public final class BulkYield {
    private static final int CARRIERS = Integer.getInteger("jdk.virtualThreadScheduler.parallelism",
            Runtime.getRuntime().availableProcessors());
    private static final Semaphore PAUSES = new Semaphore(Math.max(1, CARRIERS), true);
    private static final int BYTES = 1 << 20;

    private static final long NANOS = 5_000_000;

    private int bytes;
    private long nanos;

    public BulkYield() {
        // Nothing is counted yet.
    }

    /// Counts bytes that were sealed or opened.
    public void count(int more) {
        bytes += more;
    }

    /// Counts the time that requests ran, waiting included.
    public void ran(long more) {
        nanos += more;
    }

    /// Parks for a moment if enough was counted since the last time.
    public void give() {
        if (bytes >= BYTES || nanos >= NANOS) {
            bytes = 0;
            nanos = 0;
            PAUSES.acquireUninterruptibly();
            try {
                LockSupport.parkNanos(this, 1);
            } finally {
                // Even if parking fails for want of memory: with one carrier no other thread would ever run again.
                PAUSES.release();
            }
        }
    }
}
