package dev.cipherlink.budget;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;

/// Bytes of heap for one kind of thing that clients have the server keep, for all sessions of the process.
///
/// An owner (a client's identity) that takes more than one thing must leave as much free as it then has: one owner gets half, two a
/// third each, and there is always some for the next. If all that an owner has waits for more, one of its things goes on with what
/// is free. Without a refusal, an OutOfMemoryError would strike the next thread that allocates, perhaps one of those on which the JVM
/// runs all virtual threads. Thread-safe.
public final class MemoryBudget {

    private final long bytes;
    private long free;
    private final Map<String, Share> shares = new HashMap<>();
    /// Those that wait, in turn; one whose own share is used up does not hold up others.
    private final ArrayDeque<Waiter> waiters = new ArrayDeque<>();
    /// Bytes that those that wait have already.
    private long waitingBytes;

    /// What an owner has.
    private static final class Share {
        private long taken;
        /// Of that, for things that wait for more.
        private long waiting;
    }

    private static final class Waiter {
        private final String owner;
        private final long wanted;
        private final long own;
        private boolean isServed;
        private boolean isRefused;

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

    /// The size of the budget.
    public long bytes() {
        return bytes;
    }

    /// Takes memory if it is there and no owner waits for some.
    ///
    /// @param own what the owner has of it for the same thing, which grows
    /// @return false if it is not there; then nothing is taken
    public synchronized boolean tryTake(String owner, long wanted, long own) {
        if (!waiters.isEmpty() || !mayTake(owner, wanted, own)) {
            return false;
        }
        add(owner, wanted);
        return true;
    }

    /// Takes memory, and blocks while it is not there.
    ///
    /// @param own what the owner has of it for the same thing, which grows
    /// @return false if it was not there in time, or all that have some wait and this one is refused for the others, or the thread was
    ///         interrupted; then nothing is taken, and the caller is to give back what it has
    public synchronized boolean take(String owner, long wanted, long own, Duration patience) {
        if (tryTake(owner, wanted, own)) {
            return true;
        }
        if (wanted + own > bytes) {
            return false;
        }
        var waiter = new Waiter(owner, wanted, own);
        waiters.add(waiter);
        countWaiting(waiter, own);
        serveWaiters();
        try {
            long deadline = System.nanoTime() + patience.toNanos();
            for (long left = patience.toNanos(); !waiter.isServed && !waiter.isRefused && left > 0; left = deadline - System.nanoTime()) {
                wait(left / 1_000_000, (int) (left % 1_000_000));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (!waiter.isServed && !waiter.isRefused) {
            waiters.remove(waiter);
            countWaiting(waiter, -own);
            serveWaiters();
        }
        return waiter.isServed;
    }

    /// Takes memory for something that cannot be refused; [#freeBytes] may be negative then.
    public synchronized void force(String owner, long wanted) {
        add(owner, wanted);
    }

    /// Gives back all or a part of what was taken.
    public synchronized void giveBack(String owner, long back) {
        if (back != 0) {
            add(owner, -back);
            serveWaiters();
        }
    }

    private boolean mayTake(String owner, long wanted, long own) {
        Share share = shares.get(owner);
        long others = (share == null ? 0 : share.taken) - own;
        return wanted <= free && (others == 0 || others + own + wanted <= free - wanted);
    }

    private void add(String owner, long more) {
        free -= more;
        Share share = shares.computeIfAbsent(owner, _ -> new Share());
        share.taken += more;
        if (share.taken == 0) {
            shares.remove(owner);
        }
    }

    private void countWaiting(Waiter waiter, long more) {
        waitingBytes += more;
        Share share = shares.get(waiter.owner);
        if (share != null) {
            share.waiting += more;
        }
    }

    private void serveWaiters() {
        boolean isAnyServed = false;
        Iterator<Waiter> each = waiters.iterator();
        while (each.hasNext()) {
            Waiter waiter = each.next();
            Share share = shares.get(waiter.owner);
            boolean isWithinShare = share == null || share.taken == share.waiting
                    || mayTake(waiter.owner, waiter.wanted, waiter.own);
            if (isWithinShare && waiter.wanted > free) {
                // Freed memory is kept for it until there is enough.
                break;
            }
            if (isWithinShare) {
                add(waiter.owner, waiter.wanted);
                waiter.isServed = true;
                countWaiting(waiter, -waiter.own);
                isAnyServed = true;
                each.remove();
            }
        }
        if (isAnyServed | refuseOneIfStuck()) {
            notifyAll();
        }
    }

    /// If all that have some wait, they would wait for each other: one does not get more, and gives back what it has. That is the last
    /// of an owner that has others too, or else the last of all.
    private boolean refuseOneIfStuck() {
        if (waitingBytes == 0 || waitingBytes != bytes - free) {
            return false;
        }
        Waiter refused = null;
        for (Waiter waiter : waiters) {
            if (waiter.own > 0 && (refused == null || isOneOfSeveral(waiter) || !isOneOfSeveral(refused))) {
                refused = waiter;
            }
        }
        refused.isRefused = true;
        waiters.remove(refused);
        countWaiting(refused, -refused.own);
        return true;
    }

    private boolean isOneOfSeveral(Waiter waiter) {
        return shares.get(waiter.owner).taken > waiter.own;
    }

    /// Bytes left; may be negative after [#force].
    public synchronized long freeBytes() {
        return free;
    }
}
