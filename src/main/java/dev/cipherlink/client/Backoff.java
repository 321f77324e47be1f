package dev.cipherlink.client;

import java.time.Duration;
import java.util.random.RandomGenerator;

/// How long to wait before each attempt to connect again: not at all before the first, then 200 ms, doubling to 30 s, each
/// longer or shorter by up to a fifth, so that the clients of a server that comes back do not come all at once.
final class Backoff {

    private static final Duration FIRST = Duration.ofMillis(200);
    private static final Duration LONGEST = Duration.ofSeconds(30);
    private static final double JITTER = 0.2;

    private final RandomGenerator random;
    private int attempts;

    Backoff(RandomGenerator random) {
        this.random = random;
    }

    /// How many attempts there were since the last [#reset].
    int attempts() {
        return attempts;
    }

    /// The time before the next attempt.
    Duration next() {
        int doublings = attempts++ - 1;
        if (doublings < 0) {
            return Duration.ZERO;
        }
        long nanos = Math.min(LONGEST.toNanos(), FIRST.toNanos() << Math.min(doublings, Byte.SIZE));
        return Duration.ofNanos((long) (nanos * (1 - JITTER + 2 * JITTER * random.nextDouble())));
    }

    /// The connection was of use: the next loss is the first again.
    void reset() {
        attempts = 0;
    }
}
