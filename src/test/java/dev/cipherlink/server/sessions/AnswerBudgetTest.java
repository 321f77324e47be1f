package dev.cipherlink.server.sessions;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.budget.MemoryBudget;
import dev.cipherlink.session.RequestHandler;
import dev.cipherlink.store.StoreException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class AnswerBudgetTest {
    private static final Duration LONG = Duration.ofMinutes(5);
    private static final int KIBIBYTE = 1 << 10;

    private final MemoryBudget budget = new MemoryBudget(1 << 20);

    private AnswerBudget batch(String owner, Duration patience) {
        return new AnswerBudget(owner, budget, patience);
    }

    @Test
    void smallValuesNeedNone() {
        assertFalse(AnswerBudget.isNeededFor(65_535));
        assertTrue(AnswerBudget.isNeededFor(65_536));
    }

    @Test
    void aValueTakesItsSizeTwice() throws StoreException {
        AnswerBudget first = batch("ann", Duration.ZERO);
        AnswerBudget second = batch("bob", Duration.ZERO);
        AnswerBudget third = batch("eve", Duration.ZERO);
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
    void oneClientLeavesMemoryForAnother() throws StoreException {
        batch("ann", Duration.ZERO).take(128 * KIBIBYTE);
        batch("ann", Duration.ZERO).take(128 * KIBIBYTE);
        assertThrows(StoreException.class, () -> batch("ann", Duration.ZERO).take(128 * KIBIBYTE));
        batch("bob", Duration.ZERO).take(256 * KIBIBYTE);
    }

    @Test
    void aValueLargerThanTheBudgetTakesAllOfIt() throws StoreException {
        AnswerBudget large = batch("ann", Duration.ZERO);
        large.take(16 << 20);
        assertThrows(StoreException.class, () -> batch("bob", Duration.ZERO).take(64 * KIBIBYTE));
        large.giveBack();
        batch("bob", Duration.ZERO).take(512 * KIBIBYTE);
    }

    @Test
    void manySmallAnswersTakeSomeAndDoNotWait() throws StoreException {
        AnswerBudget small = batch("ann", LONG);
        assertTrue(small.takeForSmall());
        assertTrue(small.isTaken());
        assertFalse(small.isLarge());
        assertTrue(batch("bob", LONG).takeForSmall());
        assertFalse(batch("eve", LONG).takeForSmall());
        small.take(64 * KIBIBYTE - RequestHandler.MAX_SMALL_ANSWERS_BYTES / 2);
        assertTrue(small.isLarge());
        small.giveBack();
        assertTrue(batch("eve", LONG).takeForSmall());
    }

    @Test
    void aBatchThatFindsNoneWaits() throws Exception {
        AnswerBudget first = batch("ann", LONG);
        first.take(1 << 20);
        AnswerBudget second = batch("bob", LONG);
        var result = new CompletableFuture<Boolean>();
        Thread waiting = Thread.ofVirtual().start(() -> {
            try {
                second.take(64 * KIBIBYTE);
                result.complete(true);
            } catch (StoreException e) {
                result.completeExceptionally(e);
            }
        });
        await().until(() -> waiting.getState() == Thread.State.TIMED_WAITING);
        assertFalse(result.isDone());
        first.giveBack();
        assertTrue(result.get(60, TimeUnit.SECONDS));
    }

    @Test
    void anInterruptedBatchIsRefused() throws StoreException {
        batch("ann", LONG).take(1 << 20);
        Thread.currentThread().interrupt();
        assertThrows(StoreException.class, () -> batch("bob", LONG).take(64 * KIBIBYTE));
        assertTrue(Thread.interrupted());
    }
}
