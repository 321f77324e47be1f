package dev.cipherlink.budget;

/// Limits a rate: a burst at once, then a steady number a second. Not thread-safe: guarded by its owner. Each `nanoTime` is a
/// [System#nanoTime].
public final class TokenBucket {

    private final double perNano;
    private final double burst;
    private double tokens;
    private long filledAt;

    public TokenBucket(double perSecond, int burst, long nanoTime) {
        this.perNano = perSecond / 1e9;
        this.burst = burst;
        tokens = burst;
        filledAt = nanoTime;
    }

    /// Takes a token.
    ///
    /// @return 0 if there was one, else the nanoseconds until there will be
    public long take(long nanoTime) {
        fill(nanoTime);
        if (tokens < 1) {
            return (long) Math.ceil((1 - tokens) / perNano);
        }
        tokens--;
        return 0;
    }

    /// Takes more tokens than there may be.
    ///
    /// @return 0 if there were enough, else the nanoseconds until the debt is paid
    public long takeAll(int count, long nanoTime) {
        fill(nanoTime);
        tokens -= count;
        return tokens >= 0 ? 0 : (long) Math.ceil(-tokens / perNano);
    }

    /// Tokens that are there, rounded down; negative with a debt.
    public int available(long nanoTime) {
        fill(nanoTime);
        return (int) Math.floor(tokens);
    }

    /// Puts back a token that was taken.
    public void giveBack() {
        tokens = Math.min(burst, tokens + 1);
    }

    /// Whether it is indistinguishable from a new one.
    public boolean isFull(long nanoTime) {
        fill(nanoTime);
        return tokens >= burst;
    }

    private void fill(long nanoTime) {
        tokens = Math.min(burst, tokens + (nanoTime - filledAt) * perNano);
        filledAt = nanoTime;
    }
}
