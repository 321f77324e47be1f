package dev.cipherlink.channel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.channel.AdaptiveSpin.Decision;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import org.junit.jupiter.api.Test;

class AdaptiveSpinTest {

    private static final long LONG_NANOS = 10 * Decision.SHORT_NANOS;

    private final Decision decision = new Decision();
    private long now = 1;

    /// A wait for bytes that come after so long.
    ///
    /// @return whether it spun
    private boolean waitFor(long nanos) {
        decision.begin(now, 2);
        boolean spins = decision.goesOn(now);
        if (decision.goesOn(now + nanos)) {
            decision.found();
        } else {
            decision.parked(now + nanos);
        }
        now += nanos;
        return spins;
    }

    @Test
    void spinsAfterAShortWaitOnly() {
        assertFalse(waitFor(1_000), "nothing is known of a new connection");
        assertTrue(waitFor(LONG_NANOS), "the last wait was short");
        for (int i = 0; i < 100; i++) {
            assertFalse(waitFor(LONG_NANOS), "idle since wait " + i);
        }
        assertFalse(waitFor(1_000), "the last wait was long");
        assertTrue(waitFor(1_000));
    }

    @Test
    void spinsNoLongerThanItsLimit() {
        waitFor(1_000);
        decision.begin(now, 2);
        assertTrue(decision.goesOn(now + Decision.SPIN_NANOS - 1));
        assertFalse(decision.goesOn(now + Decision.SPIN_NANOS));
    }

    @Test
    void goesOnWhileItFindsBytes() {
        waitFor(1_000);
        for (int i = 0; i < 100; i++) {
            assertTrue(waitFor(1_000), "wait " + i);
        }
    }

    @Test
    void pausesTwiceAsLongAfterEachSpinInVain() {
        long inVain = Decision.SPIN_NANOS + 1;
        waitFor(1_000);
        for (int pause = 1; pause <= 64; pause *= 2) {
            assertTrue(waitFor(inVain), "before a pause of " + pause);
            for (int i = 0; i < pause; i++) {
                assertFalse(waitFor(inVain), i + " of a pause of " + pause);
            }
        }
        assertTrue(waitFor(1_000), "after a pause of 64");
        assertTrue(waitFor(inVain), "found before");
        assertFalse(waitFor(inVain), "a pause of one again");
        assertTrue(waitFor(inVain));
    }

    @Test
    void parksOnceATurn() {
        waitFor(1_000);
        long end = now + Decision.TURN_NANOS;
        while (now < end) {
            assertTrue(waitFor(1_000));
        }
        assertFalse(waitFor(1_000), "others have a turn");
        assertTrue(waitFor(1_000));
    }

    @Test
    void doesNotSpinOnOneProcessor() {
        waitFor(1_000);
        decision.begin(now, 1);
        assertFalse(decision.goesOn(now));
    }

    @Test
    void hasRestedAfterAWaitOfASecond() {
        waitFor(Decision.REST_NANOS - 1);
        assertFalse(decision.hasRested());
        waitFor(Decision.REST_NANOS);
        assertTrue(decision.hasRested());
        decision.begin(now, 2);
        assertFalse(decision.hasRested());
    }

    @Test
    void readsWhatComesWhileItLooks() throws IOException {
        var in = new InputStream() {
            private int looks;

            @Override
            public int available() {
                return ++looks < 3 ? 0 : 1;
            }

            @Override
            public int read() {
                return looks;
            }

            @Override
            public int read(byte[] target, int offset, int length) {
                target[offset] = (byte) looks;
                return 1;
            }
        };
        byte[] target = new byte[4];
        assertEquals(1, new AdaptiveSpin().read(in, target, 1, 3));
        assertArrayEquals(new byte[] {0, 3, 0, 0}, target, "read after the third look");
    }

    /// A wait spins after a short one, which the first read is unless another process has the processor.
    @Test
    void looksAgainAfterAShortWait() throws IOException {
        var spin = new AdaptiveSpin();
        var in = new InputStream() {
            private int looks;

            @Override
            public int available() {
                return ++looks < 5 ? 0 : 1;
            }

            @Override
            public int read() {
                int made = looks;
                looks = 0;
                return made;
            }
        };
        byte[] looks = new byte[1];
        for (int i = 0; i < 100_000 && looks[0] < 5; i++) {
            spin.read(in, looks, 0, 1);
        }
        assertEquals(5, looks[0], "four looks of every wait, and one while it spun");
    }

    @Test
    void readsTheEndOfAStream() throws IOException {
        assertEquals(-1, new AdaptiveSpin().read(new ByteArrayInputStream(new byte[0]), new byte[1], 0, 1));
    }
}
