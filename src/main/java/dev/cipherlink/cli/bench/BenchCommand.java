package dev.cipherlink.cli.bench;

import dev.cipherlink.cli.base.ClientCommand;
import dev.cipherlink.cli.base.ClientOptions;
import dev.cipherlink.cli.base.Syntax;
import dev.cipherlink.cli.bench.LoadGenerator.HandshakeLoad;
import dev.cipherlink.cli.bench.LoadGenerator.LoadPlan;
import dev.cipherlink.connect.CliClient;
import dev.cipherlink.connect.ClientKeys;
import dev.cipherlink.console.ProcessEnvironment.Closing;
import dev.cipherlink.settings.Setting;
import dev.cipherlink.settings.Setting.SettingType;
import dev.cipherlink.settings.Settings;
import dev.cipherlink.settings.Settings.OptionLayer;
import dev.cipherlink.text.CliException;
import dev.cipherlink.text.CliException.ExitStatus;
import dev.cipherlink.text.CliException.FailureText;
import dev.cipherlink.text.DurationText;
import dev.cipherlink.text.DurationText.SizeText;
import dev.cipherlink.text.Json;
import dev.cipherlink.text.TerminalText;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import org.HdrHistogram.Histogram;

/// `bench`: measures rate and latency of a server.
public final class BenchCommand extends ClientCommand {

    private String mode;
    private String clientCount = "1";
    private String requests = "100000";
    private String warmUp;
    private String valueSize = "64";
    private String ratio = "1:1";
    private String keyspace = "1000";
    private boolean handshakes;

    @Override
    public void describe(Syntax syntax) {
        super.describe(syntax);
        syntax.about("Load a server and measure rate and latency.",
                "Each client keeps its window full; a latency is the time from sending a request to its answer. Answers are checked. "
                    + "The keys of the run are deleted at its end.");
        syntax.examples("  cipherlink bench --mode step-by-step",
                "  cipherlink bench --mode burst --clients 50 --requests 1000000 \\",
                "      --window 64 --value-size 64 --ratio 9:1",
                "  cipherlink bench --handshakes --clients 8 --requests 10000");
        syntax.choice("--mode", "MODE", ClientOptions.MODES, given -> mode = given,
                "The same as --operation-mode.");
        syntax.option("--clients", "N", given -> clientCount = given, "Connections. Default: 1.");
        syntax.option("--requests", "N", given -> requests = given, "Requests of all clients together. Default: 100000.");
        syntax.option("--warm-up", "N", given -> warmUp = given,
                "Requests before those that count. Default: a fifth of them.");
        syntax.option("--value-size", "BYTES", given -> valueSize = given, "Size of values. Default: 64.");
        syntax.option("--ratio", "GET:SET", given -> ratio = given, "Parts of the two. Default: 1:1.");
        syntax.option("--keyspace", "N", given -> keyspace = given, "Keys in use. Default: 1000.");
        syntax.flag("--handshakes", given -> handshakes = given,
                "Connect, establish a session and end it, over and over, instead of sending "
                    + "requests. Mind the server's server.handshakes-per-second.");
    }

    @Override
    public ExitStatus run() throws InterruptedException {
        int total = whole("--requests", requests, 1, 999_999_999);
        int before = warmUp == null ? total / 5 : whole("--warm-up", warmUp, 0, 999_999_999);
        int count = whole("--clients", clientCount, 1, 100_000);
        if (mode != null) {
            client.operationMode = mode;
        }
        Settings settings = clientSettings();
        if (handshakes) {
            runHandshakes(settings, count, total, before);
            return ExitStatus.DONE;
        }
        LoadPlan plan = plan();
        List<CliClient> connections = new ArrayList<>();
        try (ClientKeys keys = loadKeys(settings); Closing _ = () -> connections.forEach(CliClient::close)) {
            List<LoadClient> clients = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                CliClient connection = CliClient.open(settings, keys);
                connections.add(connection);
                clients.add(new LoadClient(connection.client(), plan, i));
            }
            report(new LoadGenerator(clients, plan, output()).run(total, before), settings, connections.getFirst());
            return ExitStatus.DONE;
        } catch (IOException e) {
            throw connections.getFirst().lost(FailureText.of(e), false, e);
        }
    }

    private void runHandshakes(Settings settings, int count, int total, int before) throws InterruptedException {
        try (ClientKeys keys = loadKeys(settings)) {
            // The first one may have to ask about the server; the others find the answer.
            CliClient.open(settings, keys).close();
            HandshakeLoad load = new HandshakeLoad(() -> CliClient.open(settings, keys), count);
            load.run(before);
            LoadGenerator.Result result = load.run(total);
            if (output().isJson()) {
                output().line(Json.object(measured(result)));
            } else {
                output().line("handshakes, " + clients());
                reportRate(result, "handshakes");
            }
        }
    }

    private static int whole(String option, String text, int least, int most) {
        return (Integer) OptionLayer.check(new SettingType.Whole(least, most), option, text);
    }

    private LoadPlan plan() {
        long valueBytes = (Long) OptionLayer.check(new SettingType.Size(0, 1L << 30), "--value-size", valueSize);
        if (!ratio.matches("\\d{1,4}:\\d{1,4}") || ratio.matches("0+:0+")) {
            throw CliException.usage("wrong value for --ratio: '" + TerminalText.escapeLine(ratio)
                    + "', must be GET:SET, two whole numbers such as 9:1");
        }
        String[] parts = ratio.split(":");
        return new LoadPlan(whole("--keyspace", keyspace, 1, 100_000_000), (int) valueBytes,
                Integer.parseInt(parts[0]), Integer.parseInt(parts[1]), new SplittableRandom());
    }

    private void report(LoadGenerator.Result result, Settings settings, CliClient first) {
        int window = first.client().session().windowSize();
        if (output().isJson()) {
            output().line(Json.object(members(result, settings, window)));
            return;
        }
        output().line(String.format(Locale.ROOT, "%s, %s, window %d, values of %s, GET:SET %s",
                settings.word(Setting.CLIENT_OPERATION_MODE), clients(),
                window, SizeText.rounded(SizeText.parse(valueSize)), ratio));
        reportRate(result, "requests");
    }

    private String clients() {
        return clientCount.equals("1") ? "1 client" : clientCount + " clients";
    }

    private void reportRate(LoadGenerator.Result result, String what) {
        double seconds = result.nanos() / 1e9;
        Histogram latencies = result.latencies();
        output().line(String.format(Locale.ROOT, "%,d %s in %.2f s: %,.0f/s, %d errors",
                result.requests(), what, seconds, result.requests() / seconds, result.errors()));
        output().line(String.format("latency: p50 %s, p99 %s, p99.9 %s, max %s", percentile(latencies, 50),
                percentile(latencies, 99), percentile(latencies, 99.9), DurationText.measured(latencies.getMaxValue())));
        output().line("");
        LatencyChart.draw(latencies, output().isUtf8()).forEach(output()::line);
    }

    private static String percentile(Histogram latencies, double percent) {
        return DurationText.measured(latencies.getValueAtPercentile(percent));
    }

    private Map<String, Object> members(LoadGenerator.Result result, Settings settings, int window) {
        Map<String, Object> members = Json.members("mode", settings.word(Setting.CLIENT_OPERATION_MODE), "window", window,
                "value_size", SizeText.parse(valueSize), "ratio", ratio);
        members.putAll(measured(result));
        return members;
    }

    private Map<String, Object> measured(LoadGenerator.Result result) {
        double seconds = result.nanos() / 1e9;
        Histogram latencies = result.latencies();
        Map<String, Object> members = Json.members("ok", result.errors() == 0, "clients", Integer.valueOf(clientCount),
                "requests", result.requests(), "errors", result.errors(), "seconds", seconds, "rate", result.requests() / seconds,
                "mean_ms", latencies.getMean() / 1e6);
        for (String percent : List.of("50", "90", "99", "99.9")) {
            members.put("p" + percent + "_ms", latencies.getValueAtPercentile(Double.parseDouble(percent)) / 1e6);
        }
        members.put("max_ms", latencies.getMaxValue() / 1e6);
        return members;
    }

    /// Draws a latency histogram as lines of text, one a bucket that is not empty; buckets grow with the latency.
    static final class LatencyChart {
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
}
