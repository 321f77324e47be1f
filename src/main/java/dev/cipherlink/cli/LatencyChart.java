package dev.cipherlink.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.HdrHistogram.Histogram;

/// Draws a latency histogram as lines of text, one a bucket that is not empty; buckets grow with the latency.
final class LatencyChart {
    private static final double[] STEPS = {1, 1.5, 2, 3, 5, 7};
    private static final int CELLS = 50;
    private static final String EIGHTHS = "▏▎▍▌▋▊▉█";

    private LatencyChart() {
    }

    /// @param latencies in nanoseconds; not empty
    /// @param utf8 whether blocks beyond ASCII can be shown
    static List<String> draw(Histogram latencies, boolean utf8) {
        List<Long> bounds = bounds(latencies.getMinValue(), latencies.getMaxValue());
        long[] counts = new long[bounds.size()];
        long most = 1;
        for (int i = 0; i < counts.length; i++) {
            counts[i] = countBelow(latencies, bounds.get(i)) - (i == 0 ? 0 : countBelow(latencies, bounds.get(i - 1)));
            most = Math.max(most, counts[i]);
        }
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < counts.length; i++) {
            if (counts[i] == 0) {
                continue;
            }
            lines.add(String.format(Locale.ROOT, "%11s  %6.2f%%  %s", "< " + DurationText.measured(bounds.get(i)),
                    100.0 * counts[i] / latencies.getTotalCount(), bar((double) counts[i] / most, utf8)).stripTrailing());
        }
        return lines;
    }

    private static long countBelow(Histogram latencies, long nanos) {
        return latencies.getCountBetweenValues(0, nanos - 1);
    }

    /// Upper ends of buckets, the first above the least value, the last above the greatest.
    private static List<Long> bounds(long least, long greatest) {
        List<Long> bounds = new ArrayList<>();
        for (long decade = 100; ; decade *= 10) {
            for (double step : STEPS) {
                long bound = Math.round(decade * step);
                if (bound > least) {
                    bounds.add(bound);
                }
                if (bound > greatest) {
                    return bounds;
                }
            }
        }
    }

    private static String bar(double part, boolean utf8) {
        if (!utf8) {
            return "#".repeat((int) Math.ceil(part * CELLS));
        }
        int eighths = (int) Math.ceil(part * CELLS * 8);
        int rest = eighths % 8;
        return "█".repeat(eighths / 8) + (rest == 0 ? "" : EIGHTHS.charAt(rest - 1));
    }
}
