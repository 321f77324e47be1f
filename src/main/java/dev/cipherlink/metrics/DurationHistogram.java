package dev.cipherlink.metrics;

import java.util.Arrays;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Stream;

/// How often something took how long, in buckets whose bounds double, from 8 us to 17 s. Thread-safe.
public final class DurationHistogram {

    /// 2^13 ns: everything shorter is in the first bucket.
    private static final int FIRST_POWER = 13;
    /// 2^34 ns: everything longer is in the last bucket, which has no bound.
    private static final int LAST_POWER = 34;

    private final LongAdder[] counts = Stream.generate(LongAdder::new).limit(LAST_POWER - FIRST_POWER + 2L).toArray(LongAdder[]::new);
    private final LongAdder nanos = new LongAdder();

    /// Costs two additions and no allocation.
    ///
    /// @param count how many took so long
    public void record(long duration, int count) {
        int power = Long.SIZE - Long.numberOfLeadingZeros(Math.max(1, duration) - 1);
        counts[Math.clamp(power, FIRST_POWER, LAST_POWER + 1) - FIRST_POWER].add(count);
        nanos.add(duration * count);
    }

    /// Upper bounds in seconds, the last one infinite.
    static double[] bounds() {
        double[] bounds = new double[LAST_POWER - FIRST_POWER + 2];
        Arrays.setAll(bounds, i -> (1L << FIRST_POWER + i) / 1e9);
        bounds[bounds.length - 1] = Double.POSITIVE_INFINITY;
        return bounds;
    }

    /// How many are in each bucket.
    long[] counts() {
        return Arrays.stream(counts).mapToLong(LongAdder::sum).toArray();
    }

    /// All durations together, in seconds.
    double sum() {
        return nanos.sum() / 1e9;
    }
}
