package dev.cipherlink.server;

import java.net.InetAddress;
import java.util.concurrent.ConcurrentHashMap;

/// Limits how many connections of one address may be waiting to be established. Thread-safe, never blocks.
final class HandshakeGate {

    private final int maxPerAddress;
    /// Only addresses with a handshake under way have an entry, so the connection permits bound the table.
    private final ConcurrentHashMap<InetAddress, Integer> underWay = new ConcurrentHashMap<>();

    HandshakeGate(int maxPerAddress) {
        this.maxPerAddress = maxPerAddress;
    }

    /// @return whether the handshake may begin; if so, [#leave] must follow
    boolean enter(InetAddress address) {
        return underWay.merge(address, 1, Integer::sum) <= maxPerAddress || refuse(address);
    }

    private boolean refuse(InetAddress address) {
        leave(address);
        return false;
    }

    void leave(InetAddress address) {
        underWay.compute(address, (ignored, count) -> count == null || count == 1 ? null : count - 1);
    }
}
