package dev.cipherlink.prompt;

import dev.cipherlink.command.ReplyHandler.Progress;
import dev.cipherlink.console.Glyphs;
import dev.cipherlink.text.DurationText;
import dev.cipherlink.text.DurationText.SizeText;
import dev.cipherlink.text.TerminalText;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jline.utils.AttributedString;
import org.jline.utils.AttributedStringBuilder;
import org.jline.utils.AttributedStyle;

/// Formats the status line; no input or output. A narrow terminal loses the least important parts first.
final class StatusLine {
    private static final Duration QUIET = Duration.ofSeconds(6);

    /// @param weight the part with the smallest weight is left out first
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

    private String unread(List<JoinedRooms.Unread> rooms) {
        List<String> texts = new ArrayList<>();
        for (JoinedRooms.Unread room : rooms) {
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

    /// The state of the REPL's connection.
    sealed interface LinkState {

        /// @param roundTrip    of the last request that was timed; zero if none was
        /// @param sinceContact since the last sign of life from the server
        record Linked(Duration roundTrip, Duration sinceContact) implements LinkState {
        }

        /// @param attempt    the next one, from 1
        /// @param untilRetry zero while it is under way
        record Retrying(int attempt, Duration sinceContact, Duration untilRetry) implements LinkState {
        }

        /// There will be no further attempt.
        record Ended() implements LinkState {
        }
    }

    /// The contents of the status line.
    ///
    /// @param name       our own, on the server
    /// @param room       the current one; empty for none
    /// @param mode       `burst` or `step-by-step`
    /// @param queued     number of lines that wait for a connection
    /// @param waitingFor the oldest unanswered command with its age, such as `GET big 2 s`, and the progress of a large
    ///     value; empty for none
    record StatusFacts(LinkState link, String server, String name, String room, List<JoinedRooms.Unread> unread, String mode,
                       int inFlight, int window, int queued, String waitingFor) {
    }

    /// The progress of a large value, for the status line. Remembers when it last advanced. Thread-safe.
    static final class TransferBar {
        /// Smaller values are transferred too fast to show.
        private static final long LARGE_BYTES = 1 << 20;
        private static final Duration PATIENCE = Duration.ofSeconds(5);
        private static final int CELLS = 10;

        private final Glyphs glyphs;
        private Progress last = new Progress(0, 0, false);
        private long movedAt;

        TransferBar(Glyphs glyphs) {
            this.glyphs = glyphs;
        }

        /// `███░░░░░░░ 30% of 16.0 MiB, 1.6 MiB/s, 7.0 s left`; empty for a value that is not large.
        ///
        /// @param waited   since the command was sent
        /// @param nanoTime the present [System#nanoTime]
        synchronized String text(Progress progress, Duration waited, long nanoTime) {
            if (!progress.equals(last)) {
                last = progress;
                movedAt = nanoTime;
            }
            if (progress.totalBytes() < LARGE_BYTES) {
                return "";
            }
            double part = (double) progress.doneBytes() / progress.totalBytes();
            return String.format(Locale.ROOT, "%s %.0f%% of %s", glyphs.bar(part, CELLS), Math.floor(part * 100),
                    SizeText.rounded(progress.totalBytes())) + pace(part, waited, nanoTime);
        }

        private String pace(double part, Duration waited, long nanoTime) {
            long still = nanoTime - movedAt;
            if (still >= PATIENCE.toNanos()) {
                return ", nothing moved for " + StatusLine.age(Duration.ofNanos(still));
            }
            if (part == 0) {
                return "";
            }
            double bytesPerSecond = last.doneBytes() / (waited.toNanos() / 1e9);
            long left = (long) (waited.toNanos() / part * (1 - part));
            return ", " + SizeText.rounded(bytesPerSecond) + "/s, " + DurationText.measured(left) + " left";
        }
    }
}
