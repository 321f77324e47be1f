package dev.cipherlink.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// The clock is given, so that nothing here takes time.
class HandshakeGateTest {

    private static final long SECOND = Duration.ofSeconds(1).toNanos();
    private static final InetAddress FLOODER = address(1);
    private static final InetAddress OTHER = address(2);

    private static InetAddress address(int number) {
        try {
            return InetAddress.getByAddress(ByteBuffer.allocate(4).putInt(0x0a000000 + number).array());
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }

    private static HandshakeGate gate(int maxPerAddress, int maxInAll, int perSecond, int burst) {
        return new HandshakeGate(new HandshakeLimits(maxPerAddress, maxInAll, perSecond, burst));
    }

    /// Enters and leaves at once, as often as it may.
    private static int visits(HandshakeGate gate, InetAddress address, long nanoTime) {
        int visits = 0;
        while (gate.enter(address, nanoTime)) {
            gate.leave(address);
            visits++;
        }
        return visits;
    }

    @Test
    void letsTheBurstThroughAndThenTheRate() {
        var gate = gate(64, 512, 200, 400);
        assertEquals(400, visits(gate, FLOODER, 0));
        assertEquals(0, visits(gate, FLOODER, SECOND / 201));
        assertEquals(1, visits(gate, FLOODER, SECOND / 199));
        assertEquals(199, visits(gate, FLOODER, SECOND + SECOND / 1_000));
        assertEquals(400, visits(gate, FLOODER, 100 * SECOND), "no more than the burst is saved up");
    }

    @Test
    void doesNotLetTheRateBeExceededInTheLongRun() {
        var gate = gate(1, 1, 10, 5);
        int visits = 0;
        for (int millis = 0; millis < 60_000; millis += 7) {
            visits += visits(gate, FLOODER, millis * 1_000_000L);
        }
        assertTrue(visits >= 600 && visits <= 605, "visits " + visits);
    }

    @Test
    void worksWhereTheClockPassesItsLargestNumber() {
        var gate = gate(1, 1, 10, 5);
        long start = Long.MAX_VALUE - SECOND / 2;
        assertEquals(5, visits(gate, FLOODER, start));
        assertEquals(5, visits(gate, FLOODER, start + SECOND));
    }

    @Test
    void isNotEmptiedByTimesThatComeInTheWrongOrder() {
        var gate = gate(1, 1, 1, 2);
        assertTrue(gate.enter(FLOODER, SECOND));
        gate.leave(FLOODER);
        assertFalse(gate.enter(FLOODER, SECOND / 2), "a thread that read the clock before the other one");
        assertTrue(gate.enter(FLOODER, SECOND));
    }

    @Test
    void limitsWhatIsUnderWayOfOneAddressAndServesOthers() {
        var gate = gate(3, 100, 1_000, 1_000);
        for (int i = 0; i < 3; i++) {
            assertTrue(gate.enter(FLOODER, 0));
        }
        assertFalse(gate.enter(FLOODER, 0));
        assertTrue(gate.enter(OTHER, 0));
        gate.leave(FLOODER);
        assertTrue(gate.enter(FLOODER, 0));
        assertFalse(gate.enter(FLOODER, 0));
    }

    @Test
    void limitsWhatIsUnderWayInAll() {
        var gate = gate(3, 5, 1_000, 1_000);
        for (int i = 0; i < 5; i++) {
            assertTrue(gate.enter(address(i), 0));
        }
        assertFalse(gate.enter(address(6), 0));
        gate.leave(address(4));
        assertTrue(gate.enter(address(6), 0));
        assertFalse(gate.enter(address(7), 0));
    }

    @Test
    void aFloodOfOneAddressLeavesTheTokensOfOthersAlone() {
        var gate = gate(64, 512, 1, 2);
        assertEquals(2, visits(gate, FLOODER, 0));
        assertEquals(2, visits(gate, OTHER, 0));
        assertEquals(0, visits(gate, FLOODER, 0));
    }

    @Test
    void nobodyLeavesWithoutHavingEntered() {
        var gate = gate(1, 1, 1_000, 1_000);
        assertThrows(IllegalStateException.class, () -> gate.leave(FLOODER));
        assertTrue(gate.enter(FLOODER, 0));
        assertThrows(IllegalStateException.class, () -> gate.leave(OTHER));
        gate.leave(FLOODER);
        assertThrows(IllegalStateException.class, () -> gate.leave(FLOODER));
        assertTrue(gate.enter(FLOODER, 0));
        assertFalse(gate.enter(FLOODER, 0), "leaving twice would have made room for two");
    }

    @Test
    void forgetsAddressesThatAreAsGoodAsNew() {
        var gate = gate(1, 1, 1, 1);
        for (int i = 0; i < 1_000; i++) {
            visits(gate, address(i), i * 2 * SECOND);
            assertTrue(gate.addresses() <= 2, "addresses " + gate.addresses());
        }
    }

    @Test
    void remembersABoundedNumberOfAddresses() {
        var gate = gate(1, 512, 1, 1);
        for (int i = 0; i < 200_000; i++) {
            visits(gate, address(i), 0);
        }
        assertEquals(HandshakeGate.MAX_QUIET_ADDRESSES, gate.addresses());
        assertEquals(0, visits(gate, address(199_999), 0), "the last ones are remembered");
    }

    @Test
    void remembersABoundedNumberOfAddressesAlthoughTheOldestAreStillUnderWay() {
        int maxInAll = 8;
        var gate = gate(1, maxInAll, 1, 1);
        for (int i = 0; i < 400_000; i++) {
            // All that may enter stay for a long while; the others are turned away.
            gate.enter(address(i), 0);
            if (i >= maxInAll && i % 50_000 == 0) {
                gate.leave(address(i / 50_000 - 1));
            }
        }
        assertTrue(gate.addresses() <= HandshakeGate.MAX_QUIET_ADDRESSES + maxInAll, "addresses " + gate.addresses());
    }

    @Test
    void neverLosesCountInARandomCourse() {
        var random = new Random(1);
        var gate = gate(3, 7, 1_000_000_000, 1_000_000);
        var model = new int[10];
        int inAll = 0;
        for (int i = 0; i < 300_000; i++) {
            int who = random.nextInt(model.length);
            if (random.nextBoolean()) {
                boolean mayEnter = model[who] < 3 && inAll < 7;
                assertEquals(mayEnter, gate.enter(address(who), i));
                model[who] += mayEnter ? 1 : 0;
                inAll += mayEnter ? 1 : 0;
            } else if (model[who] > 0) {
                gate.leave(address(who));
                model[who]--;
                inAll--;
            } else {
                assertThrows(IllegalStateException.class, () -> gate.leave(address(who)));
            }
        }
    }

    @Test
    void aConnectionThatIsTakenBackDoesNotCountForItsAddress() {
        InetAddress address = InetAddress.ofLiteral("192.0.2.7");
        var gate = new HandshakeGate(new HandshakeLimits(8, 8, 1, 1));
        for (int i = 0; i < 5; i++) {
            assertTrue(gate.enter(address, 0));
            gate.leave(address);
            gate.refund(address);
        }
        assertTrue(gate.enter(address, 0));
        assertFalse(gate.enter(address, 0));
        gate.refund(InetAddress.ofLiteral("192.0.2.8"));
        assertEquals(1, gate.addresses());
    }
}
