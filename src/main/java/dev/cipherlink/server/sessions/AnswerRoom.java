package dev.cipherlink.server.sessions;

import dev.cipherlink.budget.MemoryBudget;
import dev.cipherlink.session.AnswerBatch;
import dev.cipherlink.store.StoreException;
import java.time.Duration;

/// The memory that the batch of one session has for what is large: requests that run, values on their way to their readers, and
/// many small answers. Of a budget of the process, in which each client has a share.
///
/// Who finds none waits for those who have some, in turn, and is refused if that takes long: they may be reading slowly. Who waits
/// has none. Used by one thread.
final class AnswerRoom {

    /// For all batches under way: a quarter of the heap.
    static final MemoryBudget BUDGET = MemoryBudget.ofHeap(4);

    private static final Duration PATIENCE = Duration.ofSeconds(5);
    /// The value, and the answer that is made of it, or the store's record of it.
    private static final int COPIES = 2;
    /// Small answers as they are, and as they are sealed.
    private static final long SMALL_ANSWERS_BYTES = 2L * AnswerBatch.MAX_SMALL_BYTES;

    private final String owner;
    private final MemoryBudget budget;
    private final Duration patience;
    private long taken;
    private boolean isLarge;

    /// @param owner whose session it is
    AnswerRoom(String owner) {
        this(owner, BUDGET, PATIENCE);
    }

    AnswerRoom(String owner, MemoryBudget budget, Duration patience) {
        this.owner = owner;
        this.budget = budget;
        this.patience = patience;
    }

    /// Whether there has to be room for a value, or a request, of this size.
    static boolean isNeededFor(long bytes) {
        return bytes >= AnswerBatch.LARGE_BYTES;
    }

    /// Takes memory for a large value. Blocks while there is none; the largest value waits until it is alone.
    ///
    /// @throws StoreException if there was none for too long
    void take(long valueBytes) throws StoreException {
        long needed = Math.min(budget.bytes(), taken + COPIES * valueBytes);
        giveBack();
        if (!budget.take(owner, needed, 0, patience)) {
            throw StoreException.noRoomToRead();
        }
        taken = needed;
        isLarge = true;
    }

    /// Takes memory for small answers, if it is there.
    boolean takeForSmall() {
        boolean isThere = budget.tryTake(owner, SMALL_ANSWERS_BYTES, taken);
        if (isThere) {
            taken += SMALL_ANSWERS_BYTES;
        }
        return isThere;
    }

    /// Whether there is memory that others may wait for.
    boolean isTaken() {
        return taken > 0;
    }

    /// Whether it was for something large: then nothing more is to be taken.
    boolean isLarge() {
        return isLarge;
    }

    void giveBack() {
        budget.giveBack(owner, taken);
        taken = 0;
        isLarge = false;
    }
}
