package dev.cipherlink.cli.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.cli.bench.BenchCommand.LatencyChart;
import dev.cipherlink.cli.bench.LoadGenerator.LoadPlan;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;

/// The parts of `bench` that need no server.
class BenchTest {
    @Test
    void drawsABarForEveryBucketThatIsNotEmpty() {
        Histogram latencies = LoadClient.newHistogram();
        latencies.recordValueWithCount(40_000, 100);
        latencies.recordValueWithCount(60_000, 50);
        latencies.recordValueWithCount(9_000_000, 1);
        List<String> lines = LatencyChart.draw(latencies, false);
        assertEquals(3, lines.size());
        assertEquals(" < 0.050 ms   66.23%  " + "#".repeat(50), lines.get(0));
        assertEquals(" < 0.070 ms   33.11%  " + "#".repeat(25), lines.get(1));
        assertEquals(" < 10.00 ms    0.66%  #", lines.get(2));
        assertTrue(LatencyChart.draw(latencies, true).get(2).endsWith("▌") || LatencyChart.draw(latencies, true).get(2).endsWith("▍"));
    }

    @Test
    void checksTheAnswersOfALoad() {
        LoadPlan plan = new LoadPlan(10, 4, 9, 1, new SplittableRandom(1));
        assertTrue(plan.isExpected(false, "OK\n".getBytes(StandardCharsets.US_ASCII)));
        assertTrue(plan.isExpected(true, "four\n".getBytes(StandardCharsets.US_ASCII)));
        assertFalse(plan.isExpected(true, "three\n".getBytes(StandardCharsets.US_ASCII)));
        assertFalse(plan.isExpected(true, "OK\n".getBytes(StandardCharsets.US_ASCII)));
        assertTrue(new String(plan.set(3), StandardCharsets.US_ASCII).matches("SET bench:[0-9a-f]{8}:3 .{4}"));
        SplittableRandom random = new SplittableRandom(2);
        long gets = IntStream.range(0, 10_000).filter(_ -> plan.nextIsGet(random)).count();
        assertEquals(9_000, gets, 200);
    }
}
