package dev.cipherlink.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.store.Expiry.Deadline;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ExpiryTest {
    private final ManualClock clock = new ManualClock();
    private final Deadline deadline = new Deadline(clock.getAsLong() + 10, Key.of(new byte[] {1}));
    private final List<Boolean> hadDue = new ArrayList<>();
    private final Expiry expiry = new Expiry(clock, this::remove);

    /// As a store does: the deadline first, then the key.
    private void remove(Deadline due) {
        expiry.remove(due);
        hadDue.add(expiry.hasDue());
    }

    /// The size of a store in memory counted a key that had expired, between the removal of its deadline and its own.
    @Test
    void aKeyIsDueUntilItsRemovalIsOver() {
        expiry.add(deadline);
        assertFalse(expiry.hasDue());
        clock.advance(Duration.ofNanos(10));
        assertTrue(expiry.hasDue());
        expiry.removeDue();
        assertEquals(List.of(true), hadDue);
        assertFalse(expiry.hasDue());
    }
}
