package dev.cipherlink.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.server.HandshakeGate.HandshakeLimits;
import dev.cipherlink.server.access.Netblock;
import java.net.InetAddress;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// The limits of the gate: handshakes under way, and their rate.
class HandshakeGateTest extends HandshakeGateRig {

    /// Issue 13.12: one IPv6 customer has 2^64 addresses, and more; each was counted apart.
    @Test
    void countsASlash64OfIpv6AsOneAddress() {
        var gate = small();
        for (int i = 0; i < 3; i++) {
            assertTrue(gate.enter(ip("2001:db8:1:2::" + i), 0));
        }
        assertFalse(gate.enter(ip("2001:db8:1:2:ffff::1"), 0));
        assertTrue(gate.enter(ip("2001:db8:1:3::1"), 0), "another /64");
        assertFalse(gate.enter(ip("2001:db8:1:4::1"), 0), "of a /48 that has enough");
        assertTrue(gate.enter(ip("2001:db8:2::1"), 0), "of another /48");
    }

    /// Issue 13.12: eight addresses of one network had all places.
    @Test
    void limitsTheAddressesOfANetblockTogether() {
        var gate = small();
        for (int i = 1; i <= 4; i++) {
            assertTrue(gate.enter(ip("192.0.2." + i), 0));
        }
        assertFalse(gate.enter(ip("192.0.2.5"), 0));
        assertTrue(gate.enter(ip("192.0.3.5"), 0));
        gate.leave(ip("192.0.2.1"));
        assertTrue(gate.enter(ip("192.0.2.5"), 0));
    }

    /// Issue 13.12: the size of a netblock is a setting.
    @Test
    void netblocksHaveTheSizeThatWasConfigured() {
        var limits = HandshakeLimits.of(64, 200, 10, 20, true);
        var gate = new Gate(limits);
        assertEquals("192.0.0.0/10", Netblock.of(ip("192.63.255.255"), 10, 20).toString());
        assertEquals("2001:0:0:0:0:0:0:0/20", Netblock.of(ip("2001:fff::1"), 10, 20).toString());
        assertEquals("192.0.2.1/32", Netblock.source(ip("192.0.2.1")).toString());
        for (int i = 0; i < limits.maxPerNetblock(); i++) {
            assertTrue(gate.enter(ip("192.0." + i + ".1"), 0));
        }
        assertFalse(gate.enter(ip("192.63.0.1"), 0));
        assertTrue(gate.enter(ip("192.64.0.1"), 0));
    }

    /// Issue 13.12: silent connections that have all places give way to those that come, the oldest first.
    @Test
    void theOldestThatHasProvedNothingMakesRoom() {
        var gate = small();
        for (int i = 0; i < 8; i++) {
            gate.random = 0.99;
            assertTrue(gate.enter(ip("10.0." + i + ".1"), i));
        }
        gate.last(ip("10.0.0.1")).proved();
        assertFalse(gate.enter(OTHER, SECOND), "each has its time");
        assertEquals(List.of(), gate.dropped);
        for (int i = 0; i < 7; i++) {
            assertTrue(gate.enter(ip("11.0." + i + ".1"), 3 * SECOND));
        }
        assertEquals(IntStream.rangeClosed(1, 7).mapToObj(i -> ip("10.0." + i + ".1")).toList(), gate.dropped);
        assertFalse(gate.enter(OTHER, 3 * SECOND), "now they are young, or have proved something");
    }

    /// Issue 13.12: the fuller, the more often; of a flood everybody gets a share.
    @Test
    void dropsEarlyAtRandom() {
        var gate = small();
        gate.random = 0.49;
        int entered = 0;
        for (int i = 0; i < 100; i++) {
            entered += gate.enter(ip("10.0." + i + ".1"), 0) ? 1 : 0;
        }
        assertEquals(6, entered, "half of the places between 4 and 8 are taken");
        gate.random = 0.51;
        assertTrue(gate.enter(OTHER, 0));
    }

    /// Enters and leaves at once, as often as it may.
    private static int visits(Gate gate, InetAddress address, long nanoTime) {
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
    void leavingTwiceMakesNoRoomForTwo() {
        var gate = gate(1, 1, 1_000, 1_000);
        assertTrue(gate.enter(FLOODER, 0));
        HandshakeGate.Visit visit = gate.last(FLOODER);
        visit.leave();
        visit.failed(HandshakeGate.Failure.TOO_SLOW, 0);
        assertTrue(gate.enter(FLOODER, 0));
        assertFalse(gate.enter(OTHER, 0));
    }

    @Test
    void forgetsAddressesThatAreAsGoodAsNew() {
        var gate = gate(1, 1, 1, 1);
        for (int i = 0; i < 1_000; i++) {
            visits(gate, address(i), i * 2 * SECOND);
            assertTrue(gate.addresses() <= 4, "addresses " + gate.addresses());
        }
    }

    @Test
    void remembersABoundedNumberOfAddresses() {
        var gate = gate(1, 512, 1, 1);
        for (int i = 0; i < 200_000; i++) {
            visits(gate, address(i), 0);
        }
        assertEquals(2 * HandshakeGate.MAX_QUIET, gate.addresses());
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
        assertTrue(gate.addresses() <= 2 * (HandshakeGate.MAX_QUIET + maxInAll), "addresses " + gate.addresses());
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
            }
        }
    }

    @Test
    void aConnectionThatIsTakenBackDoesNotCountForItsAddress() {
        InetAddress address = ip("192.0.2.7");
        var gate = new Gate(new HandshakeLimits(8, 8, 1, 1));
        for (int i = 0; i < 5; i++) {
            assertTrue(gate.enter(address, 0));
            HandshakeGate.Visit visit = gate.last(address);
            gate.leave(address);
            visit.refund();
        }
        assertTrue(gate.enter(address, 0));
        assertFalse(gate.enter(address, 0));
        assertEquals(2, gate.addresses(), "an address, and its netblock");
    }
}
