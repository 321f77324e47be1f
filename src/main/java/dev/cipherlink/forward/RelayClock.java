package dev.cipherlink.forward;

import java.time.Duration;

/// How long a relay may be silent. Used by one thread at a time; knows no clock itself.
final class RelayClock {

    /// How long the peer may take to close after it was told that nothing can be delivered any more.
    private static final Duration LEAVING = Duration.ofSeconds(1);

    private final ForwardLimits limits;
    private long seenBytes;
    private long movedAt;
    private long leavingSince;
    private boolean wasLeaving;

    RelayClock(ForwardLimits limits, long nanoTime) {
        this.limits = limits;
        movedAt = nanoTime;
    }

    /// @param bytes        moved so far, both ways
    /// @param isHalfClosed whether one direction has ended
    /// @param isLeaving    whether all that is left is to wait for the peer's close
    synchronized boolean isExpired(long nanoTime, long bytes, boolean isHalfClosed, boolean isLeaving) {
        if (bytes != seenBytes) {
            seenBytes = bytes;
            movedAt = nanoTime;
        }
        if (isLeaving && !wasLeaving) {
            wasLeaving = true;
            leavingSince = nanoTime;
        }
        return isLeaving && nanoTime - leavingSince >= LEAVING.toNanos()
                || isOver(nanoTime, limits.idleTimeout()) || isHalfClosed && isOver(nanoTime, limits.halfCloseTimeout());
    }

    private boolean isOver(long nanoTime, Duration limit) {
        return !limit.isZero() && nanoTime - movedAt >= limit.toNanos();
    }
}
