package dev.cipherlink.session;

import dev.cipherlink.budget.MemoryBudget;
import dev.cipherlink.command.Reply;
import dev.cipherlink.command.Reply.Outcome;
import dev.cipherlink.message.Message.Payload;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// A request that is put together from fragments, within the limit of a request and the memory of the process.
final class Fragments {

    /// For all requests of the process that are not complete: a fifth of the heap.
    static final MemoryBudget BUDGET = MemoryBudget.ofHeap(5);
    private static final String NO_MEMORY = "the server has no memory for a request of this size now; try again later";
    /// Time for the next fragment of a request to come.
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    /// Time to wait for memory that other sessions have.
    private static final Duration MEMORY_PATIENCE = Duration.ofSeconds(15);
    /// Time for a request that holds what the largest needs, since others wait for it: this, and a second for each 16 KiB.
    private static final Duration WHOLE_PATIENCE = Duration.ofSeconds(60);
    private static final int SLOWEST_BYTES_PER_SECOND = 16 << 10;
    /// A request is large if it has more than this, and more than a 16th of the budget; a 64th where there is memory for one.
    private static final int LARGE_BYTES = 64 << 10;
    private static final int LARGE_SHARE = 16;
    private static final int LARGE_SHARE_OF_ONE = 64;

    private final String owner;
    private final int maxBytes;
    private final MemoryBudget budget;
    private final Runnable beforeWait;
    private final List<byte[]> fragments = new ArrayList<>(0);
    private int bytes;
    private long taken;
    private Payload request = Payload.EMPTY;
    private Reply refusal;
    /// When it began to hold what the largest request needs; 0 if it does not.
    private long wholeAt;
    /// When it is dropped unless another fragment comes; 0 if nothing is kept. Read by any thread.
    private volatile long dueAt;

    /// @param beforeWait called before memory is waited for: releases what other sessions must not wait for meanwhile
    Fragments(String owner, int maxBytes, MemoryBudget budget, Runnable beforeWait) {
        this.owner = owner;
        this.maxBytes = maxBytes;
        this.budget = budget;
        this.beforeWait = beforeWait;
    }

    /// The largest request that can run, a sixth of the heap: it is in memory twice then, beside the value of the one before.
    static long largestBytes(MemoryBudget budget) {
        return budget.bytes() / 6 * 5;
    }

    /// Whether fragments are waiting for their last one.
    boolean isBegun() {
        return bytes > 0 || refusal != null;
    }

    /// Bytes of memory that they take.
    long retainedBytes() {
        return bytes;
    }

    /// Copies a fragment behind the others; nothing is kept of a request that is refused. Blocks for up to 15 s while other
    /// sessions have the memory.
    ///
    /// @param now a [System#nanoTime]
    void add(Payload fragment, long now) {
        if (refusal != null) {
            return;
        }
        if (fragment.length() > maxBytes - bytes) {
            refuse("the request is larger than " + maxBytes + " bytes; send less at once", Outcome.REFUSED);
            return;
        }
        if (fragment.length() > largestBytes(budget) - bytes) {
            refuse("the server has memory for requests of up to " + largestBytes(budget) + " bytes only; send less at once, or ask its "
                    + "operator for a larger heap", Outcome.REFUSED);
            return;
        }
        if (!takeFor(bytes + fragment.length(), now)) {
            refuse(NO_MEMORY, Outcome.FAILED);
            return;
        }
        try {
            fragments.add(fragment.toBytes());
            bytes += fragment.length();
            dueAt = dueAt(now) | 1;
        } catch (OutOfMemoryError e) {
            refuse(NO_MEMORY, Outcome.FAILED);
        }
    }

    /// Takes memory for a request of so many bytes so far. One that is large for the budget takes at once what the largest needs:
    /// of several that grow at the same time, each would have a part and none enough.
    private boolean takeFor(int soFar, long now) {
        long whole = Math.min(maxBytes, largestBytes(budget));
        int share = whole > budget.bytes() / 2 ? LARGE_SHARE_OF_ONE : LARGE_SHARE;
        boolean isLarge = soFar > Math.max(LARGE_BYTES, budget.bytes() / share);
        long more = (isLarge ? whole : soFar) - taken;
        if (more <= 0) {
            return true;
        }
        if (!budget.tryTake(owner, more, taken)) {
            beforeWait.run();
            if (!budget.take(owner, more, taken, MEMORY_PATIENCE)) {
                return false;
            }
        }
        taken += more;
        wholeAt = isLarge ? now | 1 : 0;
        return true;
    }

    private long dueAt(long now) {
        long next = now + PATIENCE.toNanos();
        long end = wholeAt + WHOLE_PATIENCE.plusSeconds(bytes / SLOWEST_BYTES_PER_SECOND).toNanos();
        return wholeAt != 0 && end - next < 0 ? end : next;
    }

    /// Whether the next fragment has been missing for too long, or the request comes too slowly. Any thread may ask.
    boolean isOverdue(long now) {
        long due = dueAt;
        return due != 0 && now - due > 0;
    }

    /// Forgets a request that does not go on; the rest of it, if it comes, is refused.
    void expire() {
        refuse("the rest of the request did not come in time; send it again", Outcome.REFUSED);
    }

    private void refuse(String reason, Outcome outcome) {
        clear();
        refusal = Reply.error(reason, outcome);
    }

    /// Joins the fragments, after the last one has come, unless the request is refused.
    ///
    /// @param why there is no memory to run the request; null if there is
    void complete(String why) {
        if (why != null) {
            refuse(why, Outcome.FAILED);
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
            refuse(NO_MEMORY, Outcome.FAILED);
        }
    }

    /// The joined request; empty before [#complete], and after [#clear].
    Payload request() {
        return request;
    }

    /// The answer that says why there is no request; null if there is one.
    Reply refusal() {
        return refusal;
    }

    /// Forgets them, and gives back what they took.
    void clear() {
        fragments.clear();
        request = Payload.EMPTY;
        bytes = 0;
        refusal = null;
        wholeAt = 0;
        dueAt = 0;
        budget.giveBack(owner, taken);
        taken = 0;
    }
}
