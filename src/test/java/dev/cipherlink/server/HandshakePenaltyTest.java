package dev.cipherlink.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.server.HandshakeGate.HandshakeLimits;
import java.util.ArrayDeque;
import org.junit.jupiter.api.Test;

/// Addresses that the gate remembers: those whose handshakes failed, and those that were let in.
class HandshakePenaltyTest extends HandshakeGateRig {

    /// Issue 13.12: an address let in lately comes in though strangers have all they may have.
    @Test
    void keepsPlacesForAddressesLetInLately() {
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
    void remembersABoundedNumberOfAddressesLetIn() {
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
    void aClientLetInLatelyIsNotPunishedForOthersOfItsAddress() {
        var gate = small();
        gate.establish(FLOODER, 0);
        for (int i = 0; i < 100; i++) {
            assertTrue(gate.fail(FLOODER, HandshakeGate.Failure.NOT_PROVED, 0));
        }
    }
}
