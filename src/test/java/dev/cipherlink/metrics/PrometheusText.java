package dev.cipherlink.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/// A strict reader of Prometheus' text format, version 0.0.4, with the rules of `promtool check metrics`.
public final class PrometheusText {
    private static final Pattern SAMPLE = Pattern.compile("([a-z_][a-z0-9_]*)(\\{[^}]*})? (\\S+)");
    private static final Pattern LABELS = Pattern.compile("\\{[a-z_]+=\"[^\"\\\\]*\"(,[a-z_]+=\"[^\"\\\\]*\")*,?}");

    private final Map<String, String> types = new LinkedHashMap<>();
    private final Map<String, Double> samples = new LinkedHashMap<>();

    /// @throws AssertionError if a line breaks a rule
    public PrometheusText(String text) {
        assertTrue(text.endsWith("\n"), "the last line has an end");
        String family = null;
        String help = null;
        double bucket = 0;
        for (String line : text.split("\n")) {
            if (line.startsWith("# HELP ")) {
                String[] words = line.split(" ", 4);
                help = words[2];
                assertEquals(4, words.length, line);
                assertTrue(words[3].endsWith("."), "a sentence: " + line);
            } else if (line.startsWith("# TYPE ")) {
                String[] words = line.split(" ");
                family = words[2];
                assertEquals(help, family, "help comes first");
                assertEquals(null, types.put(family, words[3]), "twice: " + line);
                assertEquals(words[3].equals("counter"), family.endsWith("_total"), line);
                assertTrue(words[3].matches("counter|gauge|histogram"), line);
                assertTrue(family.startsWith("cipherlink_") || family.startsWith("process_"), line);
                bucket = 0;
            } else {
                Matcher sample = SAMPLE.matcher(line);
                assertTrue(sample.matches(), line);
                assertNotNull(family, line);
                assertTrue(types.get(family).equals("histogram") ? sample.group(1).matches(family + "_(bucket|sum|count)")
                        : sample.group(1).equals(family), "under " + family + ": " + line);
                assertTrue(sample.group(2) == null || LABELS.matcher(sample.group(2)).matches(), line);
                double value = Double.parseDouble(sample.group(3));
                assertTrue(value >= 0, line);
                if (sample.group(1).endsWith("_bucket")) {
                    assertTrue(value >= bucket, "buckets add up: " + line);
                    bucket = value;
                }
                assertEquals(null, samples.put(sample.group(1) + (sample.group(2) == null ? "" : sample.group(2)), value), "twice: " + line);
            }
        }
        assertFalse(types.isEmpty());
    }

    /// The value of a sample, with its labels as they are written.
    public double value(String sample) {
        Double value = samples.get(sample);
        assertNotNull(value, () -> sample + " is not among " + samples.keySet());
        return value;
    }

    /// Whether there is a sample of this name, as a query names it.
    public boolean has(String name) {
        return samples.keySet().stream().anyMatch(sample -> sample.equals(name) || sample.startsWith(name + "{"));
    }

    /// The names of the metrics.
    public Set<String> families() {
        return types.keySet();
    }

    /// How many series there are.
    public int series() {
        return samples.size();
    }

    /// Skips a test where Debian's package prometheus is not installed.
    public static void assumePromtool() {
        Assumptions.assumeTrue(Stream.of(System.getenv("PATH").split(":")).anyMatch(each -> Files.isExecutable(Path.of(each, "promtool"))),
                "there is no promtool: only the checks of PrometheusText were made");
    }

    /// @param input its stdin; null for none
    /// @return exit status, a space, and everything that it said
    public static String promtool(Path input, String... arguments) throws Exception {
        var command = new ArrayList<>(List.of("promtool"));
        command.addAll(List.of(arguments));
        var builder = new ProcessBuilder(command).redirectErrorStream(true);
        if (input != null) {
            builder.redirectInput(input.toFile());
        }
        Process process = builder.start();
        String said = new String(process.getInputStream().readAllBytes());
        return process.waitFor() + " " + said;
    }
}
