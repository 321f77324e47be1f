package dev.cipherlink.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.session.Link.KeepaliveTimer;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class KeepaliveTimerTest {

    /// Near the end of its range: [System#nanoTime] may start anywhere and overflow.
    private static final long START = Long.MAX_VALUE - 150;

    private final KeepaliveTimer timer = new KeepaliveTimer(Duration.ofNanos(100), START);

    @Test
    void isDueAfterAnIntervalOfSilence() {
        assertEquals(100, timer.nanosUntilDue(START));
        assertEquals(1, timer.nanosUntilDue(START + 99));
        assertEquals(0, timer.nanosUntilDue(START + 100));
        assertEquals(-100, timer.nanosUntilDue(START + 200));
    }

    @Test
    void startsAnewWithEachPacket() {
        timer.received(START + 99);
        assertEquals(1, timer.silentNanos(START + 100));
        assertEquals(99, timer.nanosUntilDue(START + 100));
    }

    /// A packet does not bring a keepalive nearer that was just sent, nor the other way round.
    @Test
    void isNotDueBeforeAnIntervalSinceTheLastKeepaliveHasPassed() {
        timer.keepaliveSent(START + 1_000);
        assertEquals(100, timer.nanosUntilDue(START + 1_000));
        assertEquals(0, timer.nanosUntilDue(START + 1_100));
        timer.received(START + 1_050);
        assertEquals(50, timer.nanosUntilDue(START + 1_100));
    }

    @Test
    void isExhaustedAfterThreeKeepalivesWithoutAnAnswer() {
        for (int i = 1; i <= 3; i++) {
            assertFalse(timer.isExhausted(), (i - 1) + " sent");
            timer.keepaliveSent(START + 100 * i);
        }
        assertTrue(timer.isExhausted());
        timer.answered();
        assertFalse(timer.isExhausted());
    }

    @Test
    void doesNotCountTheTimeInWhichTheReaderWrites() {
        timer.readingPaused();
        assertEquals(0, timer.silentNanos(START + 1_000));
        assertEquals(100, timer.nanosUntilDue(START + 1_000));
        timer.readingResumed(START + 1_000);
        assertEquals(0, timer.silentNanos(START + 1_000));
        assertEquals(70, timer.nanosUntilDue(START + 1_030));
    }
}
