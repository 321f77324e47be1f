package dev.cipherlink.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.audit.LineLimit;
import dev.cipherlink.server.access.Netblock;
import java.net.InetAddress;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/// Issue 13.13: each refused stranger was a line, 63 GB a day.
class StrangerLogTest {

    private static final long MINUTE = Duration.ofMinutes(1).toNanos();

    private final LineLimit<Netblock> log = ConnectionLog.strangers(0);

    private static Netblock block(int number) {
        return Netblock.of(InetAddress.ofLiteral("10." + number / 256 + "." + number % 256 + ".1"), 24, 48);
    }

    private int lines(int netblocks, int connections) {
        int lines = 0;
        for (int i = 0; i < connections; i++) {
            for (int j = 0; j < netblocks; j++) {
                lines += log.mayLog(block(j)) ? 1 : 0;
            }
        }
        return lines;
    }

    @Test
    void aNetblockHasAFewLinesAMinuteAndTheRestIsTold() {
        assertEquals(ConnectionLog.STRANGERS_PER_NETBLOCK, lines(1, 1_000));
        assertNull(log.told(MINUTE - 1));
        assertEquals("997 more connections of strangers ended in the last minute; most came from 10.0.0.0/24: 1000", log.told(MINUTE));
        assertEquals(2, lines(1, 2));
        assertNull(log.told(2 * MINUTE), "nothing was left out");
    }

    @Test
    void allTogetherHaveFewLinesToo() {
        assertEquals(ConnectionLog.STRANGERS_IN_ALL, lines(10_000, 5));
        String told = log.told(MINUTE);
        assertTrue(told.startsWith(5 * 10_000 - ConnectionLog.STRANGERS_IN_ALL + " more"), told);
    }
}
