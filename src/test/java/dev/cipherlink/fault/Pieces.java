package dev.cipherlink.fault;

import java.util.Random;

/// How large the writes are in which bytes are passed on.
public enum Pieces {
    /// As they were read.
    WHOLE,
    /// One byte a write.
    BYTES,
    /// Of random sizes, small ones more often.
    RANDOM;

    /// How many of the bytes left go into the next write.
    int next(Random random, int left) {
        return switch (this) {
            case WHOLE -> left;
            case BYTES -> 1;
            case RANDOM -> Math.min(left, 1 + random.nextInt(1 << random.nextInt(12)));
        };
    }
}
