package dev.cipherlink.store;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/// A clock that stands still until a test moves it. Begins just before its `long` wraps, which no user may notice.
public final class ManualClock implements LongSupplier {
    /// The time in nanoseconds since 1970 when a store of a test is opened.
    public static final long WALL_NANOS = 1_700_000_000_000_000_000L;

    private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 1_000);

    @Override
    public long getAsLong() {
        return nanos.get();
    }

    public void advance(Duration duration) {
        nanos.addAndGet(duration.toNanos());
    }
}
