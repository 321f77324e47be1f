package dev.cipherlink.store.log;

import dev.cipherlink.store.EndOfThread;
import java.util.concurrent.locks.LockSupport;

/// Waits for the log once a second on a platform thread, while commits go on.
public final class Syncer implements AutoCloseable {
    private static final long INTERVAL_NANOS = 1_000_000_000L;

    /// Syncs, and handles failures.
    public interface Sync {
        /// @return false to end the thread
        boolean run();
    }

    private final WriteAheadLog log;
    private final Sync sync;
    private final Thread thread = Thread.ofPlatform().name("store-sync").daemon().unstarted(this::run);
    private volatile boolean isIdle;
    private volatile boolean isClosed;

    public Syncer(WriteAheadLog log, Sync sync) {
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
