package dev.cipherlink.noise;

import static dev.cipherlink.noise.HandshakeStateTest.assertDead;
import static dev.cipherlink.noise.Sides.INITIATOR_KEYS;
import static dev.cipherlink.noise.Sides.PROLOGUE;
import static dev.cipherlink.noise.Sides.RESPONDER_KEYS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.crypto.KeyPair;
import java.io.IOException;
import java.net.ProtocolException;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Messages of an attacker between the two sides, or in place of one.
class HandshakeDamageTest {

    private static final byte[] EMPTY = {};

    /// The offsets to damage in a message: all of a small one; in one with a KEM's key or ciphertext, all at both ends and every 17th.
    private static IntStream offsets(int length) {
        return IntStream.range(0, length).filter(i -> i < 64 || i >= length - 96 || i % 17 == 0);
    }

    @ParameterizedTest
    @EnumSource(Suite.class)
    void aFlippedBitInAnyByteOfAMessageEndsTheHandshake(Suite suite) throws IOException {
        for (int number = 0; number < 3; number++) {
            int length = Sides.after(number, suite).sender(number).writeMessage(EMPTY).length;
            for (int i : offsets(length).toArray()) {
                var sides = Sides.after(number, suite);
                byte[] message = sides.sender(number).writeMessage(EMPTY);
                message[i] ^= (byte) (1 << i % 7);
                if (number == 0) {
                    // Message 1 is in the clear: the damage shows in message 2, at the initiator.
                    sides.responder().readMessage(message);
                    byte[] reply;
                    try {
                        reply = sides.responder().writeMessage(EMPTY);
                    } catch (ProtocolException e) {
                        // A coefficient of the KEM key that became too large.
                        assertTrue(i >= KeyPair.KEY_BYTES, "byte " + i);
                        assertDead(sides.responder());
                        continue;
                    }
                    assertReadFails(sides.initiator(), reply);
                } else {
                    assertReadFails(sides.receiver(number), message);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"AES_GCM", "HYBRID_AES_GCM"})
    void aMessageCutAnywhereOrExtendedEndsTheHandshake(Suite suite) throws IOException {
        for (int number = 0; number < 3; number++) {
            int length = Sides.after(number, suite).sender(number).writeMessage(EMPTY).length;
            for (int cut : offsets(length).toArray()) {
                var sides = Sides.after(number, suite);
                byte[] message = sides.sender(number).writeMessage(EMPTY);
                assertReadFails(sides.receiver(number), Arrays.copyOf(message, cut));
            }
            if (number > 0) {
                var sides = Sides.after(number, suite);
                byte[] message = sides.sender(number).writeMessage(EMPTY);
                assertReadFails(sides.receiver(number), Arrays.copyOf(message, length + 1));
            }
        }
    }

    @Test
    void aLowOrderEphemeralOfTheInitiatorIsRefused() throws IOException {
        for (byte[] point : KeyPairTest.lowOrderPoints()) {
            var responder = Sides.of(Suite.AES_GCM).responder();
            responder.readMessage(point);
            assertThrows(ProtocolException.class, () -> responder.writeMessage(EMPTY));
            assertDead(responder);
        }
    }

    @Test
    void aLowOrderEphemeralOfTheResponderIsRefused() throws IOException {
        for (byte[] point : KeyPairTest.lowOrderPoints()) {
            var sides = Sides.after(1, Suite.CHACHA_POLY);
            byte[] message = sides.responder().writeMessage(EMPTY);
            System.arraycopy(point, 0, message, 0, point.length);
            var thrown = assertReadFails(sides.initiator(), message);
            assertEquals("the peer's public key gives an all-zero shared secret", thrown.getMessage());
        }
    }

    @Test
    void message1ReflectedToItsSenderIsRefused() throws IOException {
        var initiator = Sides.of(Suite.AES_GCM).initiator();
        assertReadFails(initiator, initiator.writeMessage(EMPTY));
    }

    @Test
    void message2OfAnotherRunIsRefusedAndShowsNoKey() throws IOException {
        var recorded = Sides.after(1, Suite.AES_GCM).responder().writeMessage(EMPTY);
        assertReadFails(Sides.after(1, Suite.AES_GCM).initiator(), recorded);
    }

    @Test
    void message3OfAnotherRunIsRefused() throws IOException {
        var recorded = Sides.after(2, Suite.AES_GCM).initiator().writeMessage(EMPTY);
        assertReadFails(Sides.after(2, Suite.AES_GCM).responder(), recorded);
    }

    @Test
    void differentProloguesEndTheHandshakeAtMessage2() throws IOException {
        var initiator = HandshakeState.initiator(Suite.AES_GCM, PROLOGUE, INITIATOR_KEYS);
        var responder = HandshakeState.responder(Suite.AES_GCM, EMPTY, RESPONDER_KEYS);
        responder.readMessage(initiator.writeMessage(EMPTY));
        assertReadFails(initiator, responder.writeMessage(EMPTY));
    }

    @Test
    void differentSuitesEndTheHandshakeAtMessage2() throws IOException {
        var initiator = HandshakeState.initiator(Suite.AES_GCM, PROLOGUE, INITIATOR_KEYS);
        var responder = HandshakeState.responder(Suite.CHACHA_POLY, PROLOGUE, RESPONDER_KEYS);
        responder.readMessage(initiator.writeMessage(EMPTY));
        assertReadFails(initiator, responder.writeMessage(EMPTY));
    }

    @Test
    void twoInitiatorsGetNowhere() throws IOException {
        var one = Sides.of(Suite.AES_GCM).initiator();
        var other = Sides.of(Suite.AES_GCM).initiator();
        one.writeMessage(EMPTY);
        assertReadFails(one, other.writeMessage(EMPTY));
    }

    @Test
    void aMessageMayHave65535BytesAndNotOneMore() throws IOException {
        int room = HandshakeState.MAX_MESSAGE_BYTES - KeyPair.KEY_BYTES;
        var sides = Sides.of(Suite.AES_GCM);
        byte[] largest = sides.initiator().writeMessage(new byte[room]);
        assertEquals(HandshakeState.MAX_MESSAGE_BYTES, largest.length);
        assertEquals(room, sides.responder().readMessage(largest).length);

        var sender = Sides.of(Suite.AES_GCM).initiator();
        assertThrows(IllegalArgumentException.class, () -> sender.writeMessage(new byte[room + 1]));
        assertDead(sender);
        assertReadFails(Sides.of(Suite.AES_GCM).responder(), Arrays.copyOf(largest, largest.length + 1));
    }

    private static ProtocolException assertReadFails(HandshakeState side, byte[] message) {
        var thrown = assertThrows(ProtocolException.class, () -> side.readMessage(message));
        assertDead(side);
        return thrown;
    }
}
