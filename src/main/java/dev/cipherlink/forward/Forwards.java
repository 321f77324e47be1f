package dev.cipherlink.forward;

import dev.cipherlink.forward.Relay.ForwardLimits;
import dev.cipherlink.forward.Relay.RelayEnd;
import java.io.IOException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.LongAdder;

/// The connections that are forwarded now, and what they and those before them have done. Thread-safe.
public final class Forwards {

    private final Set<Forward> live = ConcurrentHashMap.newKeySet();
    private final LongAdder opened = new LongAdder();
    private final LongAdder failed = new LongAdder();
    private long endedToTunnel;
    private long endedToPlain;

    public Forwards() {
        // Nothing is forwarded yet.
    }

    /// One forwarded connection. Thread-safe.
    public interface Forward {
        /// Bytes that the unencrypted side has sent.
        long bytesToTunnel();

        /// Bytes for the unencrypted side.
        long bytesToPlain();

        /// Ends it if its time is up.
        void checkTime(long nanoTime);

        /// Ends it at once: both sides are reset.
        void stop();
    }

    /// A forwarded connection that a thread of its own runs or waits for.
    public interface RunnableForward extends Forward {
        /// Blocks until the end.
        ///
        /// @param threads makes the second thread, if it needs one
        /// @throws IOException          if the connection was not forwarded after all, as a `TargetException` says
        /// @throws InterruptedException if it was interrupted; both sides are then reset
        RelayEnd run(ThreadFactory threads) throws IOException, InterruptedException;
    }

    /// @param live          connections that are forwarded now
    /// @param opened        that were, so far
    /// @param failed        that could not be
    /// @param bytesToTunnel of the unencrypted sides, so far
    /// @param bytesToPlain  for the unencrypted sides, so far
    public record Totals(int live, long opened, long failed, long bytesToTunnel, long bytesToPlain) {
    }

    /// Runs it, with a virtual thread besides the calling one. Blocks until it has ended.
    public RelayEnd run(RunnableForward forward) throws IOException, InterruptedException {
        return run(forward, Thread.ofVirtual().name("cipherlink-relay").factory());
    }

    /// Runs it, with one of these threads besides the calling one. Blocks until it has ended.
    public RelayEnd run(RunnableForward forward, ThreadFactory threads) throws IOException, InterruptedException {
        begun(forward);
        try {
            return forward.run(threads);
        } catch (IOException e) {
            opened.decrement();
            throw e;
        } finally {
            ended(forward);
        }
    }

    /// A connection is forwarded from now on, until [#ended].
    public void begun(Forward forward) {
        opened.increment();
        live.add(forward);
    }

    /// At no moment do its bytes count twice or not at all.
    public synchronized void ended(Forward forward) {
        endedToTunnel += forward.bytesToTunnel();
        endedToPlain += forward.bytesToPlain();
        live.remove(forward);
    }

    /// A connection that could not be forwarded.
    public void countFailure() {
        failed.increment();
    }

    /// Ends those whose time is up. To be called about once a second.
    public void checkTimes(long nanoTime) {
        live.forEach(forward -> forward.checkTime(nanoTime));
    }

    /// Ends all at once.
    public void stopAll() {
        live.forEach(Forward::stop);
    }

    public synchronized Totals totals() {
        long toTunnel = endedToTunnel;
        long toPlain = endedToPlain;
        int count = 0;
        for (Forward forward : live) {
            toTunnel += forward.bytesToTunnel();
            toPlain += forward.bytesToPlain();
            count++;
        }
        return new Totals(count, opened.sum(), failed.sum(), toTunnel, toPlain);
    }

    /// How long a forwarded connection may be silent. Thread-safe; asks no clock itself.
    public static final class ForwardClock {

        /// How long the peer may take to close after it was told that nothing can be delivered any more.
        private static final Duration LEAVING = Duration.ofSeconds(1);

        private final ForwardLimits limits;
        private long seenBytes;
        private long movedAt;
        private long leavingSince;
        private boolean wasLeaving;

        /// @param nanoTime of the beginning
        public ForwardClock(ForwardLimits limits, long nanoTime) {
            this.limits = limits;
            movedAt = nanoTime;
        }

        /// @param bytes        moved so far, both ways
        /// @param isHalfClosed whether one direction has ended
        /// @param isLeaving    whether all that is left is to wait for the peer's close
        public synchronized boolean isExpired(long nanoTime, long bytes, boolean isHalfClosed, boolean isLeaving) {
            if (bytes != seenBytes) {
                seenBytes = bytes;
                movedAt = nanoTime;
            }
            if (isLeaving && !wasLeaving) {
                wasLeaving = true;
                leavingSince = nanoTime;
            }
            return isLeaving && nanoTime - leavingSince >= LEAVING.toNanos()
                    || isOver(nanoTime, limits.idleTimeout()) || isHalfClosed && isOver(nanoTime, limits.halfCloseTimeout());
        }

        private boolean isOver(long nanoTime, Duration limit) {
            return !limit.isZero() && nanoTime - movedAt >= limit.toNanos();
        }
    }
}
