package dev.cipherlink.server;

import java.net.InetAddress;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/// What strangers may cost: how many connections may be waiting to be established, of one address and in all, and how
/// many an address may begin in a second. Asked before the first byte is read, so before any Diffie-Hellman.
/// Thread-safe, never blocks.
final class HandshakeGate {

    /// Addresses remembered though none of their connections is waiting; beyond this, those that have been quiet
    /// longest are forgotten.
    static final int MAX_QUIET_ADDRESSES = 65_536;
    /// Each visit adds an address at most: what was added while the oldest could not be forgotten yet shrinks again.
    private static final int FORGOTTEN_PER_VISIT = 2;

    private final HandshakeLimits limits;
    /// Those with connections under way: at most as many as there are such connections.
    private final Map<InetAddress, Visitor> busy = new HashMap<>();
    /// All others, in the order of their last visit.
    private final Map<InetAddress, Visitor> quiet = new LinkedHashMap<>();
    private int underWay;

    private static final class Visitor {
        private final TokenBucket bucket;
        private int underWay;

        Visitor(TokenBucket bucket) {
            this.bucket = bucket;
        }
    }

    HandshakeGate(HandshakeLimits limits) {
        this.limits = limits;
    }

    /// @return whether the handshake may begin; if so, [#leave] must follow
    synchronized boolean enter(InetAddress address, long nanoTime) {
        Visitor visitor = busy.get(address);
        if (visitor == null) {
            visitor = quiet.remove(address);
        }
        if (visitor == null) {
            visitor = new Visitor(new TokenBucket(limits.perSecond(), limits.burst(), nanoTime));
        }
        boolean mayEnter = underWay < limits.maxInAll() && visitor.underWay < limits.maxPerAddress()
                && visitor.bucket.take(nanoTime);
        if (mayEnter) {
            underWay++;
            visitor.underWay++;
        }
        (visitor.underWay > 0 ? busy : quiet).put(address, visitor);
        forgetQuiet(nanoTime);
        return mayEnter;
    }

    /// @throws IllegalStateException if no connection of this address is under way
    synchronized void leave(InetAddress address) {
        Visitor visitor = busy.get(address);
        if (visitor == null) {
            throw new IllegalStateException("a connection left that had not entered");
        }
        underWay--;
        visitor.underWay--;
        if (visitor.underWay == 0) {
            busy.remove(address);
            quiet.put(address, visitor);
        }
    }

    /// Takes back that a connection was begun: it was no stranger's.
    synchronized void refund(InetAddress address) {
        Visitor visitor = busy.getOrDefault(address, quiet.get(address));
        if (visitor != null) {
            visitor.bucket.giveBack();
        }
    }

    /// How many addresses are remembered.
    synchronized int addresses() {
        return busy.size() + quiet.size();
    }

    /// Drops the least recent visitors once they are indistinguishable from new ones, or when the table is full.
    private void forgetQuiet(long nanoTime) {
        Iterator<Visitor> oldestFirst = quiet.values().iterator();
        for (int i = 0; i < FORGOTTEN_PER_VISIT && oldestFirst.hasNext(); i++) {
            Visitor oldest = oldestFirst.next();
            if (quiet.size() <= MAX_QUIET_ADDRESSES && !oldest.bucket.isFull(nanoTime)) {
                return;
            }
            oldestFirst.remove();
        }
    }
}
