package dev.cipherlink.server;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.server.HandshakeGate.HandshakeLimits;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// A gate whose clock is given, so that no test takes time.
abstract class HandshakeGateRig {

    static final long SECOND = Duration.ofSeconds(1).toNanos();
    static final InetAddress FLOODER = address(1);
    static final InetAddress OTHER = address(2);

    static InetAddress ip(String text) {
        return InetAddress.ofLiteral(text);
    }

    static InetAddress address(int number) {
        return ip("10." + (number >> 16) + "." + (number >> 8 & 255) + "." + (number & 255));
    }

    static Gate gate(int maxPerAddress, int maxInAll, int perSecond, int burst) {
        return new Gate(new HandshakeLimits(maxPerAddress, maxInAll, perSecond, burst));
    }

    /// A gate, and who is inside.
    static final class Gate {
        final HandshakeGate gate;
        final Map<InetAddress, Deque<HandshakeGate.Visit>> inside = new HashMap<>();
        final List<InetAddress> dropped = new ArrayList<>();
        double random = 0.5;

        Gate(HandshakeLimits limits) {
            gate = new HandshakeGate(limits, () -> random);
        }

        boolean enter(InetAddress address, long nanoTime) {
            var visit = new HandshakeGate.Visit[1];
            visit[0] = gate.enter(address, nanoTime, () -> dropped.add(address));
            if (visit[0] != null) {
                inside.computeIfAbsent(address, _ -> new ArrayDeque<>()).add(visit[0]);
            }
            return visit[0] != null;
        }

        HandshakeGate.Visit last(InetAddress address) {
            return inside.get(address).getLast();
        }

        void leave(InetAddress address) {
            inside.get(address).removeFirst().leave();
        }

        void establish(InetAddress address, long nanoTime) {
            assertTrue(enter(address, nanoTime));
            inside.get(address).removeLast().established(nanoTime);
        }

        boolean fail(InetAddress address, HandshakeGate.Failure failure, long nanoTime) {
            if (!enter(address, nanoTime)) {
                return false;
            }
            inside.get(address).removeLast().failed(failure, nanoTime);
            return true;
        }

        int addresses() {
            return gate.remembered();
        }
    }

    /// 10 in all, 8 of them for strangers, of whom some are dropped from the 5th on; 4 of a netblock.
    static Gate small() {
        return new Gate(new HandshakeLimits(3, 4, 10, 8, 4, 1_000, 1_000, 24, 48, true));
    }
}
