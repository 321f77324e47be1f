package dev.cipherlink.cli;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jline.utils.AttributedString;
import org.jline.utils.AttributedStringBuilder;

/// Draws the page of `/top`: pure.
final class TopPage {
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

    /// @param problem why the figures are old; empty if they are not
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

    /// One character a value, the newest at the right, the largest the highest.
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
