package dev.cipherlink.session;

import dev.cipherlink.budget.MemoryBudget;
import dev.cipherlink.message.Message.Payload;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// A request that is put together from fragments, within what a request may have and what the process has memory for.
final class Fragments {

    /// For all requests of the process that are not complete: a sixth of the heap.
    static final MemoryBudget BUDGET = MemoryBudget.ofHeap(6);

    private static final String NO_MEMORY = "the server has no memory for a request of this size now; try again later";
    /// How long a request may stay without its next fragment.
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    /// How long others are waited for who have memory that is needed.
    private static final Duration MEMORY_PATIENCE = Duration.ofSeconds(5);

    private final String owner;
    private final int maxBytes;
    private final MemoryBudget budget;
    private final Runnable beforeWait;
    private final List<byte[]> fragments = new ArrayList<>(0);
    private int bytes;
    private long taken;
    private Payload request = Payload.EMPTY;
    private String refusal;
    /// When the last one came; 0 if nothing is kept. Read by any thread.
    private volatile long lastAt;

    /// @param beforeWait called before memory is waited for: lets go what others must not wait for meanwhile
    Fragments(String owner, int maxBytes, MemoryBudget budget, Runnable beforeWait) {
        this.owner = owner;
        this.maxBytes = maxBytes;
        this.budget = budget;
        this.beforeWait = beforeWait;
    }

    /// What can be run, since it is there three times then, beside what else the process has: an eighth of the heap.
    static long largestBytes(MemoryBudget budget) {
        return budget.bytes() / 4 * 3;
    }

    /// Whether fragments are waiting for their last one.
    boolean isBegun() {
        return bytes > 0 || refusal != null;
    }

    /// What they take in memory.
    long retainedBytes() {
        return bytes;
    }

    /// Copies a fragment behind the others; nothing is kept of a request that is refused. Blocks for a few seconds while others
    /// have the memory.
    ///
    /// @param now a [System#nanoTime]
    void add(Payload fragment, long now) {
        if (refusal != null) {
            return;
        }
        if (fragment.length() > maxBytes - bytes) {
            refuse("the request is larger than " + maxBytes + " bytes; send less at once");
            return;
        }
        if (fragment.length() > largestBytes(budget) - bytes) {
            refuse("the server has memory for requests of up to " + largestBytes(budget) + " bytes only; send less at once, or ask its "
                    + "operator for a larger heap");
            return;
        }
        int more = fragment.length();
        if (!budget.tryTake(owner, more, taken)) {
            beforeWait.run();
            if (!budget.take(owner, more, taken, MEMORY_PATIENCE)) {
                refuse(NO_MEMORY);
                return;
            }
        }
        taken += more;
        try {
            fragments.add(fragment.toBytes());
            bytes += fragment.length();
            lastAt = now | 1;
        } catch (OutOfMemoryError e) {
            refuse(NO_MEMORY);
        }
    }

    /// Whether the next fragment has been missing for too long. Any thread may ask.
    boolean isOverdue(long now) {
        long last = lastAt;
        return last != 0 && now - last > PATIENCE.toNanos();
    }

    /// Keeps nothing of a request that does not go on; the rest of it, if it comes, is refused.
    void expire() {
        refuse("the next part of the request did not come for " + PATIENCE.toSeconds() + " s; send it again");
    }

    private void refuse(String reason) {
        clear();
        refusal = reason;
    }

    /// The last one has come: makes them one, unless that is refused.
    ///
    /// @param why there is no memory to run the request; null if there is
    void complete(String why) {
        if (why != null) {
            refuse(why);
            return;
        }
        try {
            byte[] joined = new byte[bytes];
            int end = 0;
            for (byte[] fragment : fragments) {
                System.arraycopy(fragment, 0, joined, end, fragment.length);
                end += fragment.length;
            }
            fragments.clear();
            request = Payload.of(joined);
        } catch (OutOfMemoryError e) {
            refuse(NO_MEMORY);
        }
    }

    /// What they made; empty before [#complete], and after [#clear].
    Payload request() {
        return request;
    }

    /// Why there is no request; null if there is one.
    String refusal() {
        return refusal;
    }

    /// Forgets them, and gives back what they took.
    void clear() {
        fragments.clear();
        request = Payload.EMPTY;
        bytes = 0;
        refusal = null;
        lastAt = 0;
        budget.giveBack(owner, taken);
        taken = 0;
    }
}
