package dev.cipherlink.server;

import java.net.InetAddress;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/// What strangers may cost: how many connections may be waiting to be established, of one address and in all, and how
/// many an address may begin in a second. Asked before the first byte is read, so before any Diffie-Hellman.
/// Thread-safe, never blocks.
final class HandshakeGate {

    /// Addresses remembered; beyond this, those that have been quiet longest are forgotten.
    private static final int MAX_ADDRESSES = 65_536;

    private final HandshakeLimits limits;
    /// In the order of the last visit.
    private final Map<InetAddress, Visitor> visitors = new LinkedHashMap<>(16, 0.75f, true);
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
        Visitor visitor = visitors.computeIfAbsent(address,
                ignored -> new Visitor(new TokenBucket(limits.perSecond(), limits.burst(), nanoTime)));
        boolean mayEnter = underWay < limits.maxInAll() && visitor.underWay < limits.maxPerAddress()
                && visitor.bucket.take(nanoTime);
        if (mayEnter) {
            underWay++;
            visitor.underWay++;
        }
        forgetQuiet(nanoTime);
        return mayEnter;
    }

    synchronized void leave(InetAddress address) {
        underWay--;
        visitors.get(address).underWay--;
    }

    /// Drops the least recent visitor once it is indistinguishable from a new one, or when the table is full.
    private void forgetQuiet(long nanoTime) {
        Iterator<Visitor> oldestFirst = visitors.values().iterator();
        Visitor oldest = oldestFirst.next();
        if (oldest.underWay == 0 && (visitors.size() > MAX_ADDRESSES || oldest.bucket.isFull(nanoTime))) {
            oldestFirst.remove();
        }
    }
}
