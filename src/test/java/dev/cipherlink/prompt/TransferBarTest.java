package dev.cipherlink.prompt;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.cipherlink.command.ReplyHandler.Progress;
import dev.cipherlink.console.Glyphs;
import dev.cipherlink.prompt.StatusLine.TransferBar;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class TransferBarTest {
    private static final long MIB = 1 << 20;

    private final TransferBar bar = new TransferBar(new Glyphs(true));
    private long nanos = Long.MAX_VALUE - 1_000;

    private String after(int seconds, double doneMib, long totalBytes) {
        nanos += Duration.ofSeconds(1).toNanos();
        return bar.text(new Progress((long) (doneMib * MIB), totalBytes, true), Duration.ofSeconds(seconds), nanos);
    }

    @Test
    void tellsHowFarAndForHowLong() {
        assertEquals("███░░░░░░░ 37% of 16.0 MiB, 2.0 MiB/s, 5.0 s left", after(3, 6, 16 * MIB));
        assertEquals("█████░░░░░ 50% of 16.0 MiB, 2.0 MiB/s, 4.0 s left", after(4, 8, 16 * MIB));
        assertEquals("#####..... 50% of 16.0 MiB, 2.0 MiB/s, 4.0 s left", new TransferBar(new Glyphs(false))
                .text(new Progress(8 * MIB, 16 * MIB, false), Duration.ofSeconds(4), nanos));
    }

    @Test
    void isNotFullBeforeTheEnd() {
        assertEquals("█████████░ 99% of 16.0 MiB, 8.0 MiB/s, 1.00 ms left", after(2, 15.992, 16 * MIB));
    }

    @Test
    void knowsNoPaceBeforeTheFirstByte() {
        assertEquals("░░░░░░░░░░ 0% of 1.0 MiB", after(1, 0, MIB));
    }

    @Test
    void saysThatNothingMoves() {
        after(1, 8, 16 * MIB);
        for (int second = 2; second <= 5; second++) {
            assertEquals("█████░░░░░ 50% of 16.0 MiB, ", after(second, 8, 16 * MIB).substring(0, 28));
        }
        assertEquals("█████░░░░░ 50% of 16.0 MiB, nothing moved for 5 s", after(6, 8, 16 * MIB));
        assertEquals("█████░░░░░ 56% of 16.0 MiB, 1.3 MiB/s, 5.4 s left", after(7, 9, 16 * MIB));
    }

    @Test
    void smallValuesHaveNone() {
        assertEquals("", after(9, 0.5, MIB - 1));
    }
}
