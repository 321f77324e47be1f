package dev.cipherlink.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.server.SocketBudget.AcceptBackoff;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class AcceptBackoffTest {

    private final AcceptBackoff backoff = new AcceptBackoff();

    @Test
    void waitsLongerEachTimeButNeverMoreThanASecond() {
        var total = Duration.ZERO;
        var last = Duration.ZERO;
        for (int i = 0; i < 20; i++) {
            Duration wait = backoff.failed();
            assertTrue(wait.compareTo(last) >= 0 && wait.toMillis() <= 1_000, wait.toString());
            last = wait;
            total = total.plus(wait);
        }
        assertEquals(Duration.ofSeconds(1), last);
        backoff.reset();
        assertEquals(Duration.ofMillis(10), backoff.failed());
        assertTrue(total.toMillis() > 10_000);
    }

    @Test
    void logsTheFirstFailureAndThenOneASecond() {
        long start = 123;
        assertTrue(backoff.shouldLog(start));
        int logged = 0;
        for (int millis = 10; millis <= 10_000; millis += 10) {
            logged += backoff.shouldLog(start + millis * 1_000_000L) ? 1 : 0;
        }
        assertEquals(10, logged);
        assertFalse(backoff.shouldLog(start + 10_000_000_000L));
    }
}
