package dev.cipherlink.forward;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.forward.Relay.ForwardLimits;
import dev.cipherlink.forward.Forwards.ForwardClock;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class ForwardClockTest {

    private static final long SECOND = 1_000_000_000L;

    private static ForwardClock clock(int idleSeconds, int halfCloseSeconds) {
        return new ForwardClock(new ForwardLimits(Duration.ofSeconds(idleSeconds), Duration.ofSeconds(halfCloseSeconds)), 0);
    }

    @Test
    void silenceEndsAConnectionOnlyWhereThereIsALimit() {
        assertFalse(clock(0, 0).isExpired(1_000_000 * SECOND, 0, true, false));
        assertFalse(clock(60, 0).isExpired(59 * SECOND, 0, false, false));
        assertTrue(clock(60, 0).isExpired(60 * SECOND, 0, false, false));
    }

    @Test
    void everyByteBeginsTheSilenceAnew() {
        var clock = clock(60, 0);
        assertFalse(clock.isExpired(59 * SECOND, 1, false, false));
        assertFalse(clock.isExpired(118 * SECOND, 1, false, false));
        assertTrue(clock.isExpired(119 * SECOND, 1, false, false));
    }

    @Test
    void aHalfClosedConnectionHasALimitOfItsOwn() {
        var clock = clock(0, 10);
        assertFalse(clock.isExpired(100 * SECOND, 0, false, false));
        assertTrue(clock.isExpired(100 * SECOND, 0, true, false));
    }

    @Test
    void aPeerThatWasToldToCloseGetsASecondWhateverItSends() {
        var clock = clock(0, 0);
        assertFalse(clock.isExpired(5 * SECOND, 1, true, true));
        assertFalse(clock.isExpired(6 * SECOND - 1, 2, true, true));
        assertTrue(clock.isExpired(6 * SECOND, 3, true, true));
    }

    @Test
    void theDefaultsLetAnIdleConnectionLive() {
        assertEquals(Duration.ZERO, ForwardLimits.DEFAULT.idleTimeout());
        assertEquals(Duration.ofMinutes(5), ForwardLimits.DEFAULT.halfCloseTimeout());
    }
}
