package dev.cipherlink.cli;

/// How many messages a second people can be shown; the rest is counted. Used under its owner's lock.
final class MessageBudget {
    private static final long SECOND_NANOS = 1_000_000_000;

    private final int perSecond;
    private long secondBeganAt;
    private int taken;
    private int leftOut;

    MessageBudget(int perSecond) {
        this.perSecond = perSecond;
        this.secondBeganAt = Long.MIN_VALUE / 2;
    }

    /// @param nanoTime now, on the clock of [System#nanoTime]
    /// @return whether one more may be shown
    boolean take(long nanoTime) {
        if (nanoTime - secondBeganAt >= SECOND_NANOS) {
            secondBeganAt = nanoTime;
            taken = 0;
        }
        if (taken >= perSecond) {
            leftOut++;
            return false;
        }
        taken++;
        return true;
    }

    /// How many were left out, once the second in which that began is over.
    int takeLeftOut(long nanoTime) {
        if (nanoTime - secondBeganAt < SECOND_NANOS) {
            return 0;
        }
        int result = leftOut;
        leftOut = 0;
        return result;
    }
}
