package dev.cipherlink.cli;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jline.utils.AttributedString;
import org.jline.utils.AttributedStringBuilder;
import org.jline.utils.AttributedStyle;

/// Draws the status line: pure. Where it is too narrow, what matters least is left out.
final class StatusLine {
    private static final Duration QUIET = Duration.ofSeconds(6);

    /// @param weight what is lightest is left out first
    private record Part(String text, AttributedStyle style, int weight) {
        Part {
            text = TerminalText.escapeLine(text);
        }
    }

    private final Palette palette;
    private final Glyphs glyphs;

    StatusLine(Palette palette, Glyphs glyphs) {
        this.palette = palette;
        this.glyphs = glyphs;
    }

    /// @return exactly `width` columns
    AttributedString draw(StatusFacts facts, int width) {
        List<Part> parts = parts(facts);
        while (parts.size() > 1 && width(parts) > width) {
            parts.remove(parts.stream().min((a, b) -> Integer.compare(a.weight, b.weight)).orElseThrow());
        }
        var line = new AttributedStringBuilder().styled(palette.bar(), " ");
        for (int i = 0; i < parts.size(); i++) {
            line.styled(palette.bar(), i == 0 ? "" : glyphs.separator()).styled(parts.get(i).style, parts.get(i).text);
        }
        AttributedString drawn = line.toAttributedString();
        if (drawn.columnLength() > width) {
            return drawn.columnSubSequence(0, width);
        }
        return line.styled(palette.bar(), " ".repeat(width - drawn.columnLength())).toAttributedString();
    }

    private int width(List<Part> parts) {
        return 1 + parts.stream().mapToInt(part -> new AttributedString(part.text).columnLength()).sum()
                + (parts.size() - 1) * glyphs.separator().length();
    }

    private List<Part> parts(StatusFacts facts) {
        List<Part> parts = new ArrayList<>();
        parts.add(link(facts.link()));
        if (!facts.room().isEmpty()) {
            parts.add(new Part(facts.room(), palette.barBold(), 90));
        }
        if (!facts.unread().isEmpty()) {
            boolean mentioned = facts.unread().stream().anyMatch(room -> room.mentions() > 0);
            parts.add(new Part(unread(facts.unread()), mentioned ? palette.barWarning() : palette.bar(), 80));
        }
        if (facts.queued() > 0) {
            parts.add(new Part(facts.queued() + " queued", palette.barWarning(), 85));
        }
        if (!facts.waitingFor().isEmpty()) {
            parts.add(new Part(facts.waitingFor(), palette.barWarning(), 70));
        }
        parts.add(new Part(facts.name(), palette.bar(), 40));
        parts.add(new Part(facts.server(), palette.bar(), 30));
        parts.add(new Part(facts.mode() + " " + facts.inFlight() + "/" + facts.window(), palette.bar(), 20));
        return parts;
    }

    private Part link(LinkState state) {
        return switch (state) {
            case LinkState.Linked(Duration roundTrip, Duration silent) -> {
                String time = roundTrip.isZero() ? "" : " " + millis(roundTrip);
                yield silent.compareTo(QUIET) > 0
                        ? new Part(glyphs.linked() + " linked, last contact " + age(silent) + " ago", palette.barWarning(), 100)
                        : new Part(glyphs.linked() + " linked" + time, palette.barGood(), 100);
            }
            case LinkState.Retrying(int attempt, Duration silent, Duration left) -> new Part(glyphs.retrying()
                    + (left.isZero() ? " connecting (" + attempt + ")" : " retry " + attempt + " in " + seconds(left))
                    + ", last contact " + age(silent) + " ago", palette.barWarning(), 100);
            case LinkState.Ended _ -> new Part(glyphs.ended() + " offline", palette.barWarning(), 100);
        };
    }

    private String unread(List<Rooms.Unread> rooms) {
        List<String> texts = new ArrayList<>();
        for (Rooms.Unread room : rooms) {
            texts.add(room.room() + " " + room.messages() + (room.mentions() > 0 ? " (" + room.mentions() + " @)" : ""));
        }
        return String.join(" ", texts);
    }

    private static String millis(Duration duration) {
        return String.format(Locale.ROOT, duration.toMillis() < 10 ? "%.1f ms" : "%.0f ms", duration.toNanos() / 1e6);
    }

    private static String seconds(Duration duration) {
        return String.format(Locale.ROOT, duration.toMillis() < 9_950 ? "%.1f s" : "%.0f s", duration.toMillis() / 1e3);
    }

    /// `12 s`, `2:13`, `1:02:13`
    static String age(Duration duration) {
        long seconds = duration.toSeconds();
        if (seconds < 60) {
            return seconds + " s";
        }
        return seconds < 3_600 ? String.format(Locale.ROOT, "%d:%02d", seconds / 60, seconds % 60)
                : String.format(Locale.ROOT, "%d:%02d:%02d", seconds / 3_600, seconds / 60 % 60, seconds % 60);
    }
}
