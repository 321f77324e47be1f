package dev.cipherlink.forward;

import dev.cipherlink.forward.Relay.RelayEnd;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.LongAdder;

/// The relays that run now, and what they and those before them have done. Thread-safe.
public final class Forwards {

    private final Set<Relay> live = ConcurrentHashMap.newKeySet();
    private final LongAdder opened = new LongAdder();
    private final LongAdder failed = new LongAdder();
    private long endedToTunnel;
    private long endedToPlain;

    public Forwards() {
        // No relay runs yet.
    }

    /// @param live          connections that are forwarded now
    /// @param opened        that were, so far
    /// @param failed        that could not be
    /// @param bytesToTunnel of the unencrypted sides, so far
    /// @param bytesToPlain  for the unencrypted sides, so far
    public record Totals(int live, long opened, long failed, long bytesToTunnel, long bytesToPlain) {
    }

    /// Runs it, with a virtual thread besides the calling one. Blocks until it has ended.
    public RelayEnd run(Relay relay) throws InterruptedException {
        return run(relay, Thread.ofVirtual().name("cipherlink-relay").factory());
    }

    /// Runs it, with one of these threads besides the calling one. Blocks until it has ended.
    public RelayEnd run(Relay relay, ThreadFactory threads) throws InterruptedException {
        opened.increment();
        live.add(relay);
        try {
            return relay.run(threads);
        } finally {
            ended(relay);
        }
    }

    /// At no moment do its bytes count twice or not at all.
    private synchronized void ended(Relay relay) {
        endedToTunnel += relay.bytesToTunnel();
        endedToPlain += relay.bytesToPlain();
        live.remove(relay);
    }

    /// A connection that could not be forwarded.
    public void countFailure() {
        failed.increment();
    }

    /// Ends those whose time is up. To be called about once a second.
    public void checkTimes(long nanoTime) {
        live.forEach(relay -> relay.checkTime(nanoTime));
    }

    /// Ends all at once.
    public void stopAll() {
        live.forEach(Relay::stop);
    }

    public synchronized Totals totals() {
        long toTunnel = endedToTunnel;
        long toPlain = endedToPlain;
        int count = 0;
        for (Relay relay : live) {
            toTunnel += relay.bytesToTunnel();
            toPlain += relay.bytesToPlain();
            count++;
        }
        return new Totals(count, opened.sum(), failed.sum(), toTunnel, toPlain);
    }
}
