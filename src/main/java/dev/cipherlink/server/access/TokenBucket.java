package dev.cipherlink.server.access;

/// Lets a burst through, and then a steady rate. Not thread-safe: guarded by its owner.
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

    /// Takes a token, if there is one.
    public boolean take(long nanoTime) {
        fill(nanoTime);
        if (tokens < 1) {
            return false;
        }
        tokens--;
        return true;
    }

    /// Puts back a token that was taken.
    public void giveBack() {
        tokens = Math.min(burst, tokens + 1);
    }

    /// Whether it is as good as a new one.
    public boolean isFull(long nanoTime) {
        fill(nanoTime);
        return tokens >= burst;
    }

    private void fill(long nanoTime) {
        tokens = Math.min(burst, tokens + (nanoTime - filledAt) * perNano);
        filledAt = nanoTime;
    }
}
