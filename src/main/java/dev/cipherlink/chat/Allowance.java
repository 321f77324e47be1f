package dev.cipherlink.chat;

/// Lets a burst of requests through, and then a steady rate. Not thread-safe: guarded by its owner.
final class Allowance {

    private final double perNano;
    private final double burst;
    private double left;
    private long filledAt;

    Allowance(int perSecond, int burst, long nanoTime) {
        perNano = perSecond / 1e9;
        this.burst = burst;
        left = burst;
        filledAt = nanoTime;
    }

    /// Takes one, if there is one.
    ///
    /// @return 0 if there was, else the nanoseconds until there will be
    long take(long nanoTime) {
        fill(nanoTime);
        if (left >= 1) {
            left--;
            return 0;
        }
        return (long) Math.ceil((1 - left) / perNano);
    }

    /// Whether it is as good as a new one.
    boolean isFull(long nanoTime) {
        fill(nanoTime);
        return left >= burst;
    }

    private void fill(long nanoTime) {
        left = Math.min(burst, left + (nanoTime - filledAt) * perNano);
        filledAt = nanoTime;
    }
}
