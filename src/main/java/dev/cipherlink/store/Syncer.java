package dev.cipherlink.store;

import java.util.concurrent.locks.LockSupport;

/// Makes the disk follow the log once a second, by a platform thread: commits go on meanwhile.
final class Syncer implements AutoCloseable {
    private static final long INTERVAL_NANOS = 1_000_000_000L;

    /// Waits for the disk, and deals with its failures.
    interface Sync {
        /// @return whether there may be another
        boolean run();
    }

    private final CommitLog log;
    private final Sync sync;
    private final Thread thread = Thread.ofPlatform().name("store-sync").daemon().unstarted(this::run);
    private volatile boolean isIdle;
    private volatile boolean isClosed;

    Syncer(CommitLog log, Sync sync) {
        this.log = log;
        this.sync = sync;
    }

    void start() {
        thread.start();
    }

    /// Something was appended.
    void wake() {
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
