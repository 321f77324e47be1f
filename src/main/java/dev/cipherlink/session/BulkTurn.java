package dev.cipherlink.session;

import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.LockSupport;

/// Turns at the carriers for virtual threads that never have to wait, since their peers are as fast as they are, or since what
/// they are asked for takes long. The JVM takes no virtual thread off its carrier by itself.
///
/// Such a thread keeps its carrier. To yield does not help when there are several: a carrier goes on with those that have
/// yielded, or came from where the last one came from, as long as there are any, and those that the poller of the sockets has
/// woken stand elsewhere. So one of them for each carrier pauses at a time, and the others wait for it: then a carrier finds
/// nothing where it looked, and looks everywhere. Used by one thread.
final class BulkTurn {
    private static final int CARRIERS = Integer.getInteger("jdk.virtualThreadScheduler.parallelism",
            Runtime.getRuntime().availableProcessors());
    private static final Semaphore PAUSES = new Semaphore(Math.max(1, CARRIERS), true);
    private static final int BYTES = 1 << 20;

    private static final long NANOS = 5_000_000;

    private int bytes;
    private long nanos;

    /// So many bytes more were sealed or opened.
    void count(int more) {
        bytes += more;
    }

    /// Requests ran for so long, waiting included.
    void ran(long more) {
        nanos += more;
    }

    /// Blocks for a moment if it was much since the last time.
    void give() {
        if (bytes >= BYTES || nanos >= NANOS) {
            bytes = 0;
            nanos = 0;
            PAUSES.acquireUninterruptibly();
            try {
                LockSupport.parkNanos(this, 1);
            } finally {
                // Also when there is no memory for the pause: with one carrier nobody else would ever have a turn.
                PAUSES.release();
            }
        }
    }
}
