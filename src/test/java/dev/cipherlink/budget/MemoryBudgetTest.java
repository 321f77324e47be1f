package dev.cipherlink.budget;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/// Issue 13.9: one client never starves another.
class MemoryBudgetTest {
    private static final Duration LONG = Duration.ofMinutes(5);

    private final MemoryBudget budget = new MemoryBudget(100);

    private CompletableFuture<Boolean> waiting(String owner, long wanted) {
        return waiting(owner, wanted, 0);
    }

    private CompletableFuture<Boolean> waiting(String owner, long wanted, long own) {
        var result = new CompletableFuture<Boolean>();
        Thread thread = Thread.ofVirtual().start(() -> result.complete(budget.take(owner, wanted, own, LONG)));
        await().until(() -> thread.getState() == Thread.State.TIMED_WAITING || !thread.isAlive());
        return result;
    }

    private static boolean served(CompletableFuture<Boolean> result) throws Exception {
        return result.get(60, TimeUnit.SECONDS);
    }

    private int takeAll(String owner) {
        int taken = 0;
        while (budget.tryTake(owner, 1, 0)) {
            taken++;
        }
        return taken;
    }

    @Test
    void eachOwnerLeavesAsMuchAsItHas() {
        assertEquals(50, takeAll("ann"));
        assertEquals(25, takeAll("bob"));
        assertEquals(12, takeAll("eve"), "of the 25 that are left");
        budget.giveBack("ann", 50);
        assertEquals(63, budget.freeBytes());
        assertTrue(budget.tryTake("zoe", 63, 0));
    }

    @Test
    void oneThingMayTakeWhatIsThere() {
        assertTrue(budget.tryTake("ann", 80, 0));
        assertTrue(budget.tryTake("ann", 10, 80), "the same that grows");
        assertFalse(budget.tryTake("ann", 1, 0), "another");
        assertFalse(budget.tryTake("bob", 11, 0));
        assertTrue(budget.tryTake("bob", 10, 0));
        assertFalse(budget.take("bob", 101, 0, LONG), "there never will be so much");
    }

    @Test
    void waitingThreadsAreServedInTurn() throws Exception {
        assertTrue(budget.tryTake("ann", 90, 0));
        CompletableFuture<Boolean> large = waiting("bob", 60);
        CompletableFuture<Boolean> small = waiting("eve", 5);
        assertFalse(budget.tryTake("zoe", 1, 0), "others were first");
        assertFalse(small.isDone(), "what comes free is kept for the first");
        budget.giveBack("ann", 90);
        assertTrue(served(large));
        assertTrue(served(small));
        assertEquals(35, budget.freeBytes());
    }

    @Test
    void whoseShareIsUsedUpDoesNotHoldUpOthers() throws Exception {
        assertTrue(budget.tryTake("ann", 45, 0));
        CompletableFuture<Boolean> second = waiting("ann", 30);
        CompletableFuture<Boolean> other = waiting("bob", 20);
        assertTrue(served(other));
        assertFalse(second.isDone());
        budget.giveBack("ann", 45);
        assertTrue(served(second));
    }

    @Test
    void aThreadThatWaitsTooLongOrIsInterruptedGetsNothing() throws Exception {
        assertTrue(budget.tryTake("ann", 60, 0));
        assertFalse(budget.take("bob", 50, 0, Duration.ofMillis(10)));
        CompletableFuture<Boolean> small = waiting("eve", 30);
        assertTrue(served(small));
        Thread.currentThread().interrupt();
        assertFalse(budget.take("bob", 50, 0, LONG));
        assertTrue(Thread.interrupted());
        assertEquals(10, budget.freeBytes());
    }

    /// A client with its share used up waits for its own memory; other holders do not count as stuck with it.
    @Test
    void aHolderTakesMoreFreeMemoryPastWaitingThreads() throws Exception {
        assertTrue(budget.tryTake("ann", 40, 0));
        CompletableFuture<Boolean> second = waiting("ann", 30);
        assertTrue(budget.take("bob", 10, 0, LONG));
        assertTrue(budget.take("bob", 10, 10, LONG));
        assertFalse(second.isDone());
        budget.giveBack("ann", 40);
        assertTrue(served(second));
    }

    /// All had a part of what they needed, and waited until their time was over.
    @Test
    void aHolderThatWouldWaitForWaitingThreadsGetsNothing() throws Exception {
        assertTrue(budget.tryTake("ann", 50, 0));
        assertTrue(budget.tryTake("bob", 40, 0));
        var first = new CompletableFuture<Boolean>();
        Thread thread = Thread.ofVirtual().start(() -> first.complete(budget.take("ann", 30, 50, LONG)));
        await().until(() -> thread.getState() == Thread.State.TIMED_WAITING);
        assertFalse(budget.take("bob", 30, 40, LONG));
        budget.giveBack("bob", 40);
        assertTrue(served(first));
    }

    /// The last one that did not wait gave back what it had, and the others waited for each other until their time was over, an other
    /// client behind them.
    @Test
    void theLastHolderThatWaitsGetsNothingOnceAllHoldersWait() throws Exception {
        assertTrue(budget.tryTake("ann", 30, 0));
        assertTrue(budget.tryTake("ann", 15, 0));
        assertTrue(budget.tryTake("ann", 5, 0));
        CompletableFuture<Boolean> first = waiting("ann", 60, 30);
        CompletableFuture<Boolean> second = waiting("ann", 60, 15);
        assertFalse(first.isDone() || second.isDone(), "the third may end");
        budget.giveBack("ann", 5);
        assertFalse(served(second), "all wait");
        CompletableFuture<Boolean> other = waiting("bob", 10);
        assertFalse(first.isDone(), "the second still has what it had");
        budget.giveBack("ann", 15);
        assertTrue(served(first));
        assertTrue(served(other));
        assertEquals(0, budget.freeBytes());
    }

    @Test
    void anOwnerOfSeveralThingsGivesWayToOneOfASingle() throws Exception {
        assertTrue(budget.tryTake("ann", 30, 0));
        assertTrue(budget.tryTake("ann", 15, 0));
        assertTrue(budget.tryTake("bob", 10, 0));
        CompletableFuture<Boolean> first = waiting("ann", 60, 30);
        CompletableFuture<Boolean> second = waiting("ann", 60, 15);
        CompletableFuture<Boolean> other = waiting("bob", 46, 10);
        assertFalse(served(second));
        budget.giveBack("ann", 15);
        assertTrue(served(first));
        assertFalse(other.isDone());
        budget.giveBack("ann", 90);
        assertTrue(served(other));
    }

    /// Four large requests of one client each had a part, and all waited until their time was over.
    @Test
    void oneThingOfAnOwnerGoesOnIfAllOthersWait() throws Exception {
        assertTrue(budget.tryTake("bob", 60, 0));
        for (int i = 0; i < 3; i++) {
            assertTrue(budget.tryTake("ann", 5, 0));
        }
        var turns = new ArrayList<CompletableFuture<Boolean>>();
        for (int i = 0; i < 3; i++) {
            turns.add(waiting("ann", 70, 5));
        }
        budget.giveBack("bob", 60);
        for (int i = 0; i < 3; i++) {
            assertTrue(served(turns.get(i)));
            assertEquals(i, 2 - turns.stream().filter(turn -> !turn.isDone()).count(), "one at a time");
            budget.giveBack("ann", 75);
        }
        assertEquals(100, budget.freeBytes());
    }

    @Test
    void forcedMemoryIsCounted() {
        budget.force("ann", 130);
        assertEquals(-30, budget.freeBytes());
        assertFalse(budget.tryTake("bob", 1, 0));
        budget.giveBack("ann", 130);
        assertTrue(budget.tryTake("bob", 100, 0));
    }
}
