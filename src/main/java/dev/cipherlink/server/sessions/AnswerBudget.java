package dev.cipherlink.server.sessions;

import dev.cipherlink.budget.MemoryBudget;
import dev.cipherlink.session.RequestHandler;
import dev.cipherlink.store.StoreException;
import java.time.Duration;

/// The memory of the running batch for large data: requests that run, values on their way to their readers, and many
/// small answers. It comes from a budget of the process in which each client has a share.
///
/// A batch that finds none waits in turn for batches that hold some, and is refused after [#PATIENCE], because their
/// clients may be reading slowly. A waiting batch holds none itself. Used by one thread.
final class AnswerBudget {

    /// Shared by all running batches: a quarter of the heap.
    static final MemoryBudget BUDGET = MemoryBudget.ofHeap(4);

    private static final Duration PATIENCE = Duration.ofSeconds(5);
    /// The value, and the answer made from it or the store's record of it.
    private static final int COPIES = 2;
    /// Small answers, plain and sealed.
    private static final long SMALL_ANSWERS_BYTES = 2L * RequestHandler.MAX_SMALL_ANSWERS_BYTES;

    private final String owner;
    private final MemoryBudget budget;
    private final Duration patience;
    private long taken;
    private boolean isLarge;

    /// @param owner of the session
    AnswerBudget(String owner) {
        this(owner, BUDGET, PATIENCE);
    }

    AnswerBudget(String owner, MemoryBudget budget, Duration patience) {
        this.owner = owner;
        this.budget = budget;
        this.patience = patience;
    }

    /// Whether a value or request of this size needs memory from the budget.
    static boolean isNeededFor(long bytes) {
        return bytes >= RequestHandler.LARGE_ANSWER_BYTES;
    }

    /// Takes memory for a large value. Blocks until there is some; the largest value waits until it is the only one.
    ///
    /// @throws StoreException if there was none for too long
    void take(long valueBytes) throws StoreException {
        long needed = Math.min(budget.bytes(), taken + COPIES * valueBytes);
        giveBack();
        if (!budget.take(owner, needed, 0, patience)) {
            throw StoreException.noMemoryToRead();
        }
        taken = needed;
        isLarge = true;
    }

    /// Takes memory for small answers, if available at once.
    boolean takeForSmall() {
        boolean isThere = budget.tryTake(owner, SMALL_ANSWERS_BYTES, taken);
        if (isThere) {
            taken += SMALL_ANSWERS_BYTES;
        }
        return isThere;
    }

    /// Whether memory is held that others may be waiting for.
    boolean isTaken() {
        return taken > 0;
    }

    /// Whether memory is held for something large; no more may be taken then.
    boolean isLarge() {
        return isLarge;
    }

    void giveBack() {
        budget.giveBack(owner, taken);
        taken = 0;
        isLarge = false;
    }
}
