package dev.cipherlink.cli;

import dev.cipherlink.session.Progress;
import java.time.Duration;
import java.util.Locale;

/// How far a large value has come, for the status line. Remembers when it last moved. Thread-safe.
final class TransferBar {
    /// Smaller values come and go in an instant.
    private static final long LARGE_BYTES = 1 << 20;
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final int CELLS = 10;

    private final Glyphs glyphs;
    private Progress last = new Progress(0, 0, false);
    private long movedAt;

    TransferBar(Glyphs glyphs) {
        this.glyphs = glyphs;
    }

    /// `███░░░░░░░ 30% of 16.0 MiB, 1.6 MiB/s, 7.0 s left`; empty for what is not large.
    ///
    /// @param waited   since the command was sent
    /// @param nanoTime now, on the clock of [System#nanoTime]
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
