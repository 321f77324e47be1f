package dev.cipherlink.session;

import java.time.Duration;
import java.util.Random;

/// How bad a [LossyLink] is.
///
/// @param lossPercent      of the messages never arrive
/// @param duplicatePercent arrive twice, the second time later
/// @param damagePercent    arrive with a wrong checksum
/// @param reorderPercent   arrive later than others that were sent after them
/// @param latencyNanos     of every message
/// @param jitterNanos      at most added to it
record LinkQuality(int lossPercent, int duplicatePercent, int damagePercent, int reorderPercent, long latencyNanos,
                   long jitterNanos) {

    private static final int WORST_PERCENT = 25;

    /// Of version 1: everything can happen to a packet, and mostly does not.
    static LinkQuality lossy(Random random) {
        return new LinkQuality(percent(random), percent(random), percent(random), percent(random),
                Duration.ofMillis(random.nextInt(120)).toNanos(), Duration.ofMillis(1 + random.nextInt(200)).toNanos());
    }

    /// Of version 2: as long as a connection lives, nothing is lost and the order stays.
    static LinkQuality ordered(Random random) {
        return new LinkQuality(0, 0, 0, 0, Duration.ofMillis(random.nextInt(300)).toNanos(),
                Duration.ofMillis(1 + random.nextInt(2_000)).toNanos());
    }

    private static int percent(Random random) {
        return random.nextBoolean() ? 0 : random.nextInt(WORST_PERCENT);
    }
}
