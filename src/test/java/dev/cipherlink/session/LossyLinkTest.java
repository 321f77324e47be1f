package dev.cipherlink.session;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Two sessions over links that drop, duplicate, damage and reorder messages, and that are cut, in thousands of random
/// courses: each request runs once and in order, each answer belongs to its request, each event arrives once and in order.
///
/// `-Dcipherlink.simulation.seeds=100000` runs more of them; `-Dcipherlink.simulation.seed=N` runs one alone.
@Tag("slow")
class LossyLinkTest {

    private static final int SEEDS = Integer.getInteger("cipherlink.simulation.seeds", 3_000);
    private static final long ONE_SEED = Long.getLong("cipherlink.simulation.seed", -1);

    @Test
    void losesNothingAndRunsNothingTwiceWhateverTheLinkDoes() {
        long cuts = 0;
        long exhausted = 0;
        for (long seed : (ONE_SEED >= 0 ? LongStream.of(ONE_SEED) : LongStream.range(0, SEEDS)).toArray()) {
            var course = new LossyCourse(seed);
            try {
                course.run();
            } catch (Exception | AssertionError e) {
                throw new AssertionError("seed " + seed + ": " + e, e);
            }
            cuts += course.cuts();
            exhausted += course.exhausted();
        }
        assertTrue(ONE_SEED >= 0 || cuts > SEEDS && exhausted > 0, cuts + " cuts, " + exhausted + " times given up");
    }
}
