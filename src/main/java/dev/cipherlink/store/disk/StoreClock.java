package dev.cipherlink.store.disk;

import java.time.Instant;
import java.util.function.LongSupplier;

/// The time that deadlines on disk are on: nanoseconds since 1970 by the wall clock of the moment when the store was
/// opened, and by the monotonic clock from there on.
///
/// So a wall clock that jumps changes nothing while the store is open. What happens while it is closed counts as time
/// gone by, as far as the wall clock tells; one that went back is not believed: time goes on from where it was.
final class StoreClock {
    private static final long NANOS_PER_SECOND = 1_000_000_000L;

    private final LongSupplier nanoClock;
    private final long origin;
    private final long start;

    /// @param earliest the last time that the store has seen
    StoreClock(LongSupplier nanoClock, LongSupplier wallNanos, long earliest) {
        this.nanoClock = nanoClock;
        this.origin = nanoClock.getAsLong();
        this.start = Math.max(earliest, wallNanos.getAsLong());
    }

    static long wallNanos() {
        Instant now = Instant.now();
        return now.getEpochSecond() * NANOS_PER_SECOND + now.getNano();
    }

    long now() {
        return start + (nanoClock.getAsLong() - origin);
    }
}
