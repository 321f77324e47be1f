package dev.cipherlink.prompt;

import dev.cipherlink.command.Command;
import dev.cipherlink.command.Reply;
import dev.cipherlink.console.Glyphs;
import dev.cipherlink.prompt.Chat.ChatParts;
import dev.cipherlink.text.CliException.FailureText;
import dev.cipherlink.text.DurationText.SizeText;
import dev.cipherlink.text.TerminalText;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.jline.terminal.Terminal;
import org.jline.utils.AttributedString;
import org.jline.utils.AttributedStringBuilder;
import org.jline.utils.NonBlockingReader;

/// `/top`: the server's activity, updated once a second on the alternate screen until a key is pressed.
final class TopView {
    private static final long INTERVAL_MILLIS = 1_000;
    private static final byte[] INFO = new Command.Info().encode();

    private final Terminal terminal;
    private final ChatConnection connection;
    private final TopPage page;
    private final TopSamples samples = new TopSamples();
    private String problem = "";

    TopView(Terminal terminal, ChatConnection connection, ChatParts parts) {
        this.terminal = terminal;
        this.connection = connection;
        this.page = new TopPage(parts.palette(), parts.glyphs());
    }

    /// Blocks until a key is pressed, then restores the screen.
    void run() {
        try (var screen = new FullScreen(terminal)) {
            int key = NonBlockingReader.READ_EXPIRED;
            while (key == NonBlockingReader.READ_EXPIRED) {
                sample();
                screen.draw(page.draw(connection.server().toString(), samples, problem, screen.columns()));
                key = screen.read(INTERVAL_MILLIS);
            }
        } catch (IOException | InterruptedException _) {
            // Ctrl-C counts as a key; if the terminal is gone, the REPL notices it
        }
    }

    private void sample() throws InterruptedException {
        if (!connection.isUp()) {
            problem = "no connection; waiting for the next one";
            return;
        }
        long begun = System.nanoTime();
        try {
            Reply reply = connection.request(INFO).get(INTERVAL_MILLIS, TimeUnit.MILLISECONDS);
            long now = System.nanoTime();
            problem = reply.isError() ? TerminalText.escapeLine(reply.reason()) : "";
            if (!reply.isError()) {
                samples.add(now, now - begun, values(reply));
            }
        } catch (ExecutionException e) {
            problem = FailureText.of(e.getCause());
        } catch (TimeoutException _) {
            problem = "no answer within a second";
        }
    }

    private static Map<String, String> values(Reply reply) {
        return TerminalText.escape(reply.text()).lines().filter(line -> line.contains(": "))
                .collect(Collectors.toMap(line -> line.substring(0, line.indexOf(": ")),
                        line -> line.substring(line.indexOf(": ") + 2), (first, _) -> first));
    }

    /// Formats the page of `/top`; no input or output.
    static final class TopPage {
        private static final String BLOCKS = "▁▂▃▄▅▆▇█";
        private static final String ASCII_BLOCKS = ".:-=+*#@";
        private static final int LABEL = 14;
        private static final int FIGURE = 14;

        private final Palette palette;
        private final Glyphs glyphs;

        TopPage(Palette palette, Glyphs glyphs) {
            this.palette = palette;
            this.glyphs = glyphs;
        }

        /// @param problem why the figures are old; empty if they are current
        List<AttributedString> draw(String server, TopSamples samples, String problem, int width) {
            List<AttributedString> lines = new ArrayList<>();
            String up = samples.has("uptime_seconds")
                    ? ", up " + StatusLine.age(Duration.ofSeconds((long) samples.number("uptime_seconds"))) : "";
            lines.add(fit(new AttributedStringBuilder().styled(palette.barBold(), " " + server).styled(palette.bar(),
                    "  version " + samples.text("version") + up + "  any key leaves").toAttributedString(), width));
            lines.add(new AttributedString(problem, palette.warning()));
            lines.add(graph("requests/s", samples.requestRates(), "%,.0f", width));
            lines.add(graph("round trip ms", samples.roundTripMillis(), "%.2f", width));
            lines.add(AttributedString.EMPTY);
            lines.add(row("connections", count(samples, "connections") + " of " + count(samples, "max_connections")));
            lines.add(row("sessions", count(samples, "sessions_established") + " established so far"));
            lines.add(row("requests", count(samples, "requests") + " in all, " + count(samples, "requests_failed") + " failed"));
            lines.add(row("traffic", SizeText.rounded(samples.bytesInRate()) + "/s in, " + SizeText.rounded(samples.bytesOutRate())
                    + "/s out"));
            lines.add(row("forwards", count(samples, "forwards") + " open, " + count(samples, "forwards_in_channels") + " in channels"));
            lines.add(row("listeners", count(samples, "forward_listeners") + " of clients (forward -R)"));
            lines.add(row("keys", count(samples, "keys")));
            lines.add(memory(samples, width));
            return lines;
        }

        private static String count(TopSamples samples, String name) {
            return String.format(Locale.ROOT, "%,.0f", samples.number(name));
        }

        private AttributedString row(String label, String text) {
            return new AttributedStringBuilder().styled(palette.quiet(), String.format(" %-" + LABEL + "s", label))
                    .append(text).toAttributedString();
        }

        private AttributedString graph(String label, List<Double> values, String format, int width) {
            double last = values.isEmpty() ? 0 : values.getLast();
            var line = new AttributedStringBuilder().styled(palette.quiet(), String.format(" %-" + LABEL + "s", label))
                    .styled(palette.plain().bold(), String.format("%-" + FIGURE + "s", String.format(Locale.ROOT, format, last)));
            int cells = Math.max(0, width - LABEL - FIGURE - 2);
            return line.styled(palette.good(), sparkline(values, cells)).toAttributedString();
        }

        /// One character per value, the newest at the right, scaled to the largest.
        String sparkline(List<Double> values, int cells) {
            String blocks = glyphs.utf8() ? BLOCKS : ASCII_BLOCKS;
            List<Double> shown = values.subList(Math.max(0, values.size() - cells), values.size());
            double most = shown.stream().mapToDouble(Double::doubleValue).max().orElse(0);
            var line = new StringBuilder();
            for (double value : shown) {
                int level = most <= 0 ? 0 : (int) Math.round(value / most * (blocks.length() - 1));
                line.append(blocks.charAt(level));
            }
            return line.toString();
        }

        private AttributedString memory(TopSamples samples, int width) {
            double used = samples.number("heap_used_bytes");
            double most = samples.number("heap_max_bytes");
            int cells = Math.clamp(width - LABEL - 30, 0, 40);
            String bar = glyphs.bar(most <= 0 ? 0 : used / most, cells);
            return new AttributedStringBuilder().styled(palette.quiet(), String.format(" %-" + LABEL + "s", "memory"))
                    .append(bar + " " + SizeText.rounded(used) + " of " + SizeText.rounded(most)).toAttributedString();
        }

        private AttributedString fit(AttributedString line, int width) {
            AttributedString cut = line.columnLength() > width ? line.columnSubSequence(0, width) : line;
            return new AttributedStringBuilder().append(cut)
                    .styled(palette.bar(), " ".repeat(width - cut.columnLength())).toAttributedString();
        }
    }

    /// The INFO answers of the last minutes. Used by one thread.
    static final class TopSamples {
        private static final int MAX_SAMPLES = 300;

        private final Deque<Double> requestRates = new ArrayDeque<>();
        private final Deque<Double> roundTripMillis = new ArrayDeque<>();
        private Map<String, String> latest = Map.of();
        private long latestAt;
        private double bytesInRate;
        private double bytesOutRate;

        /// @param nanoTime when the answer came
        void add(long nanoTime, long roundTripNanos, Map<String, String> values) {
            keep(roundTripMillis, roundTripNanos / 1e6);
            if (!latest.isEmpty()) {
                double seconds = (nanoTime - latestAt) / 1e9;
                // one of the requests is our own INFO
                keep(requestRates, Math.max(0, (number(values, "requests") - number(latest, "requests") - 1) / seconds));
                bytesInRate = (number(values, "bytes_in") - number(latest, "bytes_in")) / seconds;
                bytesOutRate = (number(values, "bytes_out") - number(latest, "bytes_out")) / seconds;
            }
            latest = values;
            latestAt = nanoTime;
        }

        private static void keep(Deque<Double> values, double value) {
            if (values.size() >= MAX_SAMPLES) {
                values.removeFirst();
            }
            values.add(value);
        }

        private static double number(Map<String, String> values, String name) {
            String text = values.getOrDefault(name, "");
            return text.matches("\\d{1,18}") ? Long.parseLong(text) : 0;
        }

        /// A value of the last INFO as a number; 0 if it is not a number.
        double number(String name) {
            return number(latest, name);
        }

        /// A value of the last INFO; empty if it is missing.
        String text(String name) {
            return latest.getOrDefault(name, "");
        }

        boolean has(String name) {
            return latest.containsKey(name);
        }

        List<Double> requestRates() {
            return List.copyOf(requestRates);
        }

        List<Double> roundTripMillis() {
            return List.copyOf(roundTripMillis);
        }

        double bytesInRate() {
            return Math.max(0, bytesInRate);
        }

        double bytesOutRate() {
            return Math.max(0, bytesOutRate);
        }
    }
}
