package dev.cipherlink.server;

import java.time.Duration;

/// How long the accept loop waits after it failed to accept, and whether that is worth a log record.
///
/// A full table of descriptors makes every accept fail at once: the loop must neither spin nor give up nor fill the
/// log. Used by one thread.
final class AcceptBackoff {

    private static final Duration FIRST = Duration.ofMillis(10);
    private static final Duration LONGEST = Duration.ofSeconds(1);

    private Duration next = FIRST;
    private long sinceLogged;

    /// An accept succeeded.
    void reset() {
        next = FIRST;
    }

    /// An accept failed: how long to wait before the next one.
    Duration failed() {
        Duration wait = next;
        next = next.multipliedBy(2).compareTo(LONGEST) > 0 ? LONGEST : next.multipliedBy(2);
        return wait;
    }

    /// @return whether this failure should be logged: the first one, and then one a second
    boolean shouldLog(long nanoTime) {
        if (sinceLogged != 0 && nanoTime - sinceLogged < LONGEST.toNanos()) {
            return false;
        }
        sinceLogged = nanoTime;
        return true;
    }
}
