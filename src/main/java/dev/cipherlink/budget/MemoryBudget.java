package dev.cipherlink.budget;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;

/// Heap for one kind of what clients have the server keep, in bytes, for all sessions of the process.
///
/// What an owner (a client's identity) takes beyond its first must leave as much free for others as the owner then has: one
/// owner gets half, two a third each, and there always is room for the next. An OutOfMemoryError in place of a refusal strikes
/// whichever thread asks for memory next, perhaps one of those on which the JVM runs all virtual threads. Thread-safe.
public final class MemoryBudget {

    private final long bytes;
    private long free;
    private final Map<String, Long> taken = new HashMap<>();
    /// Who waits, in turn; one whose own share is used up does not hold up others.
    private final ArrayDeque<Waiter> waiters = new ArrayDeque<>();
    /// What they have already.
    private long waitingBytes;

    private static final class Waiter {
        private final String owner;
        private final long wanted;
        private final long own;
        private boolean isServed;

        Waiter(String owner, long wanted, long own) {
            this.owner = owner;
            this.wanted = wanted;
            this.own = own;
        }
    }

    public MemoryBudget(long bytes) {
        this.bytes = bytes;
        free = bytes;
    }

    /// A share of the largest heap, such as a quarter for 4.
    public static MemoryBudget ofHeap(int share) {
        return new MemoryBudget(Runtime.getRuntime().maxMemory() / share);
    }

    /// All that there is.
    public long bytes() {
        return bytes;
    }

    /// Takes so much, if nobody waits and it is there.
    ///
    /// @param own what the owner has of it for the same thing, which grows
    /// @return false if there is no room; then nothing is taken
    public synchronized boolean tryTake(String owner, long wanted, long own) {
        if (!waiters.isEmpty() || !mayTake(owner, wanted, own)) {
            return false;
        }
        add(owner, wanted);
        return true;
    }

    /// Takes so much, and blocks while it is not there.
    ///
    /// @param own what the owner has of it for the same thing, which grows
    /// @return false if it was not there for so long, or all who have some wait themselves, or the thread was interrupted; then
    ///         nothing is taken
    public synchronized boolean take(String owner, long wanted, long own, Duration patience) {
        if (tryTake(owner, wanted, own)) {
            return true;
        }
        if (wanted + own > bytes) {
            return false;
        }
        var waiter = new Waiter(owner, wanted, own);
        waiters.add(waiter);
        waitingBytes += own;
        serveWaiters();
        // Where all who have some wait, the last one does not: they would wait for each other.
        boolean isStuck = own > 0 && waitingBytes == bytes - free;
        try {
            long deadline = System.nanoTime() + patience.toNanos();
            for (long left = patience.toNanos(); !waiter.isServed && !isStuck && left > 0; left = deadline - System.nanoTime()) {
                wait(left / 1_000_000, (int) (left % 1_000_000));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (!waiter.isServed) {
            waiters.remove(waiter);
            waitingBytes -= own;
            serveWaiters();
        }
        return waiter.isServed;
    }

    /// Takes what cannot be refused; there may be less than nothing left.
    public synchronized void force(String owner, long wanted) {
        add(owner, wanted);
    }

    /// Gives back what was taken, or a part of it.
    public synchronized void giveBack(String owner, long back) {
        if (back != 0) {
            add(owner, -back);
            serveWaiters();
        }
    }

    private boolean mayTake(String owner, long wanted, long own) {
        long others = taken.getOrDefault(owner, 0L) - own;
        return wanted <= free && (others == 0 || others + own + wanted <= free - wanted);
    }

    private void add(String owner, long more) {
        free -= more;
        taken.merge(owner, more, (before, added) -> before + added == 0 ? null : before + added);
    }

    private void serveWaiters() {
        boolean isAnyServed = false;
        Iterator<Waiter> each = waiters.iterator();
        while (each.hasNext()) {
            Waiter waiter = each.next();
            boolean isWithinShare = taken.getOrDefault(waiter.owner, 0L) == waiter.own
                    || mayTake(waiter.owner, waiter.wanted, waiter.own);
            if (isWithinShare && waiter.wanted > free) {
                // What comes free is kept together for it.
                break;
            }
            if (isWithinShare) {
                add(waiter.owner, waiter.wanted);
                waiter.isServed = true;
                waitingBytes -= waiter.own;
                isAnyServed = true;
                each.remove();
            }
        }
        if (isAnyServed) {
            notifyAll();
        }
    }

    /// What is left; less than nothing after [#force].
    public synchronized long freeBytes() {
        return free;
    }
}
