package dev.cipherlink.console;

import dev.cipherlink.text.DurationText;
import java.util.Locale;

/// One line on stderr that redraws itself, from one second after the start. Used by one thread.
public final class ProgressBar {
    private static final long DELAY_NANOS = 1_000_000_000;
    private static final long INTERVAL_NANOS = 100_000_000;
    private static final int CELLS = 30;

    private final Output output;
    private final String unit;
    private final long startedAt;
    private final long totalBytes;
    private long nextAt;
    private boolean visible;

    /// For requests that are answered.
    ///
    /// @param totalBytes what has to be done; -1 if unknown
    /// @param nanoTime now, on the clock of [System#nanoTime]
    public ProgressBar(Output output, long totalBytes, long nanoTime) {
        this(output, "answered", totalBytes, nanoTime);
    }

    /// @param unit of what is counted, to follow the number
    public ProgressBar(Output output, String unit, long totalBytes, long nanoTime) {
        this.output = output;
        this.unit = unit;
        this.totalBytes = totalBytes;
        this.startedAt = nanoTime;
        this.nextAt = nanoTime + DELAY_NANOS;
    }

    /// Redraws, if stderr is a terminal and it is time to.
    ///
    /// @param done how many of the unit
    public void update(long doneBytes, long done, long nanoTime) {
        if (nanoTime - nextAt >= 0 && output.canShowProgress()) {
            nextAt = nanoTime + INTERVAL_NANOS;
            visible = true;
            output.errorText("\r\u001b[K" + text(doneBytes, done, nanoTime));
        }
    }

    /// Takes the bar away before something else is written; the next update draws it again.
    public void clear() {
        if (visible) {
            visible = false;
            output.errorText("\r\u001b[K");
        }
    }

    String text(long doneBytes, long done, long nanoTime) {
        double seconds = (nanoTime - startedAt) / 1e9;
        String rate = String.format(Locale.ROOT, "%,d %s, %,.0f/s", done, unit, done / seconds);
        if (totalBytes <= 0) {
            return rate;
        }
        double part = Math.min(1, (double) doneBytes / totalBytes);
        String bar = new Glyphs(output.isUtf8()).bar(part, CELLS);
        String left = part > 0 ? ", " + DurationText.measured((long) (seconds / part * (1 - part) * 1e9)) + " left" : "";
        return String.format(Locale.ROOT, "%s %3.0f%%  %s%s", bar, part * 100, rate, left);
    }
}
