package dev.cipherlink.server;

import java.time.Duration;

/// The accept loop's delays after failures, and a limit on their log lines. A full descriptor table fails every
/// accept at once: the loop must not spin, give up, or fill the log. Used by one thread.
final class AcceptBackoff {

    private static final Duration FIRST = Duration.ofMillis(10);
    private static final Duration LONGEST = Duration.ofSeconds(1);

    private Duration next = FIRST;
    private long sinceLogged;

    /// To be called after a successful accept.
    void reset() {
        next = FIRST;
    }

    /// The delay before the next accept after a failed one.
    Duration failed() {
        Duration wait = next;
        next = next.multipliedBy(2).compareTo(LONGEST) > 0 ? LONGEST : next.multipliedBy(2);
        return wait;
    }

    /// @return whether to log this failure: the first one, then one a second
    boolean shouldLog(long nanoTime) {
        if (sinceLogged != 0 && nanoTime - sinceLogged < LONGEST.toNanos()) {
            return false;
        }
        sinceLogged = nanoTime;
        return true;
    }
}
