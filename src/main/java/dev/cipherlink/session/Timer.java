package dev.cipherlink.session;

import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/// One timer for the links and the handshakes of the process, so that no thread of a connection waits for a time. Thread-safe.
final class Timer {

    private static final ScheduledThreadPoolExecutor EXECUTOR = executor();

    private Timer() {
    }

    private static ScheduledThreadPoolExecutor executor() {
        var executor = new ScheduledThreadPoolExecutor(1, Thread.ofVirtual().name("cipherlink-timer").factory());
        executor.setRemoveOnCancelPolicy(true);
        return executor;
    }

    /// Runs an action after this time, unless it is cancelled. All actions run in one thread, so they must neither block nor wait for a
    /// lock that others hold for long.
    static Future<?> after(long nanos, Runnable action) {
        return EXECUTOR.schedule(action, nanos, TimeUnit.NANOSECONDS);
    }
}
