package dev.cipherlink.server.sessions;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.budget.MemoryBudget;
import dev.cipherlink.session.AnswerBatch;
import dev.cipherlink.store.StoreException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class AnswerRoomTest {
    private static final Duration LONG = Duration.ofMinutes(5);
    private static final int KIBIBYTE = 1 << 10;

    private final MemoryBudget budget = new MemoryBudget(1 << 20);

    private AnswerRoom room(String owner, Duration patience) {
        return new AnswerRoom(owner, budget, patience);
    }

    @Test
    void smallValuesNeedNone() {
        assertFalse(AnswerRoom.isNeededFor(65_535));
        assertTrue(AnswerRoom.isNeededFor(65_536));
    }

    @Test
    void aValueTakesItsSizeTwice() throws StoreException {
        AnswerRoom first = room("ann", Duration.ZERO);
        AnswerRoom second = room("bob", Duration.ZERO);
        AnswerRoom third = room("eve", Duration.ZERO);
        first.take(256 * KIBIBYTE);
        second.take(256 * KIBIBYTE);
        assertThrows(StoreException.class, () -> third.take(64 * KIBIBYTE));
        assertFalse(third.isTaken());
        first.giveBack();
        third.take(256 * KIBIBYTE);
        assertTrue(third.isLarge());
    }

    /// Issue 13.9: one client that read slowly had all of it.
    @Test
    void oneClientLeavesRoomForAnother() throws StoreException {
        room("ann", Duration.ZERO).take(128 * KIBIBYTE);
        room("ann", Duration.ZERO).take(128 * KIBIBYTE);
        assertThrows(StoreException.class, () -> room("ann", Duration.ZERO).take(128 * KIBIBYTE));
        room("bob", Duration.ZERO).take(256 * KIBIBYTE);
    }

    @Test
    void oneThatIsLargerThanTheRoomHasAllOfIt() throws StoreException {
        AnswerRoom large = room("ann", Duration.ZERO);
        large.take(16 << 20);
        assertThrows(StoreException.class, () -> room("bob", Duration.ZERO).take(64 * KIBIBYTE));
        large.giveBack();
        room("bob", Duration.ZERO).take(512 * KIBIBYTE);
    }

    @Test
    void manySmallAnswersTakeSomeAndDoNotWait() throws StoreException {
        AnswerRoom small = room("ann", LONG);
        assertTrue(small.takeForSmall());
        assertTrue(small.isTaken());
        assertFalse(small.isLarge());
        assertTrue(room("bob", LONG).takeForSmall());
        assertFalse(room("eve", LONG).takeForSmall());
        small.take(64 * KIBIBYTE - AnswerBatch.MAX_SMALL_BYTES / 2);
        assertTrue(small.isLarge());
        small.giveBack();
        assertTrue(room("eve", LONG).takeForSmall());
    }

    @Test
    void whoFindsNoneWaits() throws Exception {
        AnswerRoom first = room("ann", LONG);
        first.take(1 << 20);
        AnswerRoom second = room("bob", LONG);
        var result = new CompletableFuture<Boolean>();
        Thread waiting = Thread.ofVirtual().start(() -> {
            try {
                second.take(64 * KIBIBYTE);
                result.complete(true);
            } catch (StoreException e) {
                result.completeExceptionally(e);
            }
        });
        while (waiting.getState() != Thread.State.TIMED_WAITING) {
            Thread.onSpinWait();
        }
        assertFalse(result.isDone());
        first.giveBack();
        assertTrue(result.get(30, TimeUnit.SECONDS));
    }

    @Test
    void whoIsInterruptedIsRefused() throws StoreException {
        room("ann", LONG).take(1 << 20);
        Thread.currentThread().interrupt();
        assertThrows(StoreException.class, () -> room("bob", LONG).take(64 * KIBIBYTE));
        assertTrue(Thread.interrupted());
    }
}
