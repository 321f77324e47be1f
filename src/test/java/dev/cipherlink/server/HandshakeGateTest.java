package dev.cipherlink.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.server.HandshakeGate.HandshakeLimits;
import dev.cipherlink.server.access.Netblock;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// The clock is given, so that nothing here takes time.
class HandshakeGateTest {

    private static final long SECOND = Duration.ofSeconds(1).toNanos();
    private static final InetAddress FLOODER = address(1);
    private static final InetAddress OTHER = address(2);

    private static InetAddress ip(String text) {
        return InetAddress.ofLiteral(text);
    }

    private static InetAddress address(int number) {
        return ip("10." + (number >> 16) + "." + (number >> 8 & 255) + "." + (number & 255));
    }

    private static Gate gate(int maxPerAddress, int maxInAll, int perSecond, int burst) {
        return new Gate(new HandshakeLimits(maxPerAddress, maxInAll, perSecond, burst));
    }

    /// A gate, and who is inside.
    private static final class Gate {
        private final HandshakeGate gate;
        private final Map<InetAddress, Deque<HandshakeGate.Visit>> inside = new HashMap<>();
        private final List<InetAddress> dropped = new ArrayList<>();
        private double random = 0.5;

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
    private static Gate small() {
        return new Gate(new HandshakeLimits(3, 4, 10, 8, 4, 1_000, 1_000, 24, 48, true));
    }

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
        var gate = new Gate(HandshakeLimits.DEFAULT.forNetblocks(10, 20));
        assertEquals("192.0.0.0/10", Netblock.of(ip("192.63.255.255"), 10, 20).toString());
        assertEquals("2001:0:0:0:0:0:0:0/20", Netblock.of(ip("2001:fff::1"), 10, 20).toString());
        assertEquals("192.0.2.1/32", Netblock.source(ip("192.0.2.1")).toString());
        for (int i = 0; i < HandshakeLimits.DEFAULT.maxPerNetblock(); i++) {
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

    /// Issue 13.12: who was let in lately comes in though strangers have all they may have.
    @Test
    void keepsPlacesForThoseWhoWereLetInLately() {
        var gate = small();
        gate.establish(OTHER, 0);
        gate.random = 0.99;
        for (int i = 0; i < 20; i++) {
            assertEquals(i < 8, gate.enter(ip("10.1." + i + ".1"), SECOND));
        }
        assertTrue(gate.enter(OTHER, SECOND) && gate.enter(OTHER, SECOND));
        assertFalse(gate.enter(OTHER, SECOND), "not even they have more than all");
        assertTrue(gate.enter(OTHER, 4 * SECOND), "but old ones make room");
    }

    @Test
    void afterADayAnAddressThatWasLetInIsAStrangersAgain() {
        var gate = small();
        gate.establish(OTHER, 0);
        gate.random = 0.99;
        for (int i = 0; i < 8; i++) {
            assertTrue(gate.enter(ip("10.1." + i + ".1"), 90_000 * SECOND));
        }
        assertFalse(gate.enter(OTHER, 90_000 * SECOND));
    }

    @Test
    void remembersABoundedNumberOfThoseWhoWereLetIn() {
        var gate = new Gate(new HandshakeLimits(1, 1, 1_000, 1_000));
        for (int i = 0; i < 100_000; i++) {
            gate.establish(address(i), 0);
        }
        assertEquals(HandshakeGate.MAX_KNOWN, gate.gate.known());
    }

    /// Issue 13.12: as PerSourcePenalties has it.
    @Test
    void failuresAddUpToAPenalty() {
        var gate = small();
        for (int i = 0; i < 9; i++) {
            assertEquals(i < 3, gate.fail(FLOODER, HandshakeGate.Failure.NOT_PROVED, 0), "one or two are nobody's fault");
        }
        assertTrue(gate.enter(ip("11.0.0.1"), 0), "others are served");
        assertTrue(gate.fail(FLOODER, HandshakeGate.Failure.NOT_PROVED, SECOND), "some time is over");
        assertFalse(gate.enter(FLOODER, 2 * SECOND));
    }

    @Test
    void penaltiesGrowToTenMinutesAndEnd() {
        var gate = small();
        for (int i = 0; i < 1_000; i++) {
            gate.enter(FLOODER, 0);
            gate.inside.getOrDefault(FLOODER, new ArrayDeque<>()).forEach(visit -> visit.failed(HandshakeGate.Failure.TOO_SLOW, 0));
            gate.inside.clear();
        }
        assertFalse(gate.enter(FLOODER, 2 * SECOND));
        assertTrue(gate.enter(FLOODER, 601 * SECOND));
    }

    /// Issue 13.12: a network whose addresses fail one after the other is punished as a whole, at a quarter.
    @Test
    void aNetblockIsPunishedForItsAddresses() {
        var gate = small();
        int failures = 0;
        for (int i = 1; i < 250; i++) {
            failures += gate.fail(ip("192.0.2." + i), HandshakeGate.Failure.NOT_PROVED, 0) ? 1 : 0;
        }
        assertEquals(12, failures);
        assertTrue(gate.enter(ip("192.0.3.1"), 0));
    }

    @Test
    void whoWasLetInLatelyIsNotPunishedForOthersOfItsAddress() {
        var gate = small();
        gate.establish(FLOODER, 0);
        for (int i = 0; i < 100; i++) {
            assertTrue(gate.fail(FLOODER, HandshakeGate.Failure.NOT_PROVED, 0));
        }
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
