package dev.cipherlink.noise;

import static dev.cipherlink.noise.HandshakeState.Step.DEAD;
import static dev.cipherlink.noise.HandshakeState.Step.DONE;
import static dev.cipherlink.noise.HandshakeState.Step.READ_MESSAGE;
import static dev.cipherlink.noise.HandshakeState.Step.SPLIT;
import static dev.cipherlink.noise.HandshakeState.Step.WRITE_MESSAGE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.cipherlink.noise.HandshakeState.Step;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class HandshakeStateTest {

    private static final byte[] PROLOGUE = "prologue".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] EMPTY = {};
    private static final KeyPair INITIATOR_KEYS = KeyPair.generate();
    private static final KeyPair RESPONDER_KEYS = KeyPair.generate();

    /// Both sides of one handshake; [#run] lets the first messages go through.
    private record Sides(HandshakeState initiator, HandshakeState responder) {

        static Sides of(Suite suite) {
            return new Sides(HandshakeState.initiator(suite, PROLOGUE, INITIATOR_KEYS),
                    HandshakeState.responder(suite, PROLOGUE, RESPONDER_KEYS));
        }

        static Sides after(int messages, Suite suite) throws IOException {
            return of(suite).run(messages);
        }

        Sides run(int messages) throws IOException {
            for (int i = 0; i < messages; i++) {
                receiver(i).readMessage(sender(i).writeMessage(EMPTY));
            }
            return this;
        }

        HandshakeState sender(int message) {
            return message % 2 == 0 ? initiator : responder;
        }

        HandshakeState receiver(int message) {
            return message % 2 == 0 ? responder : initiator;
        }
    }

    @ParameterizedTest
    @EnumSource(Suite.class)
    void messagesWithoutPayloadHave32And96And64Bytes(Suite suite) throws IOException {
        var sides = Sides.of(suite);
        for (int i = 0; i < 3; i++) {
            byte[] message = sides.sender(i).writeMessage(EMPTY);
            assertEquals(List.of(32, 96, 64).get(i), message.length);
            assertEquals(0, sides.receiver(i).readMessage(message).length);
        }
    }

    @Test
    void saysWhatTheCallerMustDoNext() throws IOException {
        var expectedInitiator = List.of(WRITE_MESSAGE, READ_MESSAGE, WRITE_MESSAGE, SPLIT);
        var expectedResponder = List.of(READ_MESSAGE, WRITE_MESSAGE, READ_MESSAGE, SPLIT);
        for (int i = 0; i <= 3; i++) {
            var sides = Sides.after(i, Suite.AES_GCM);
            assertEquals(expectedInitiator.get(i), sides.initiator().next());
            assertEquals(expectedResponder.get(i), sides.responder().next());
        }
        var sides = Sides.after(3, Suite.AES_GCM);
        sides.initiator().split();
        assertEquals(DONE, sides.initiator().next());
        sides.initiator().close();
        assertEquals(DONE, sides.initiator().next());
    }

    @Test
    void everyActionInEveryStateIsAllowedOrFatal() throws IOException {
        for (Step state : Step.values()) {
            for (Step action : List.of(WRITE_MESSAGE, READ_MESSAGE, SPLIT)) {
                var handshake = handshakeIn(state);
                assertEquals(state, handshake.next());
                if (action == state) {
                    act(handshake, action);
                    assertFalse(handshake.next() == DEAD, () -> action + " in " + state);
                } else {
                    assertThrows(IllegalStateException.class, () -> act(handshake, action), () -> action + " in " + state);
                    assertEquals(DEAD, handshake.next());
                    assertDead(handshake);
                }
            }
        }
    }

    /// A real message is waiting for whoever reads: the action fails for its turn alone.
    private byte[] messageForTheReader;

    private HandshakeState handshakeIn(Step state) throws IOException {
        return switch (state) {
            case WRITE_MESSAGE -> {
                messageForTheReader = Sides.of(Suite.AES_GCM).initiator().writeMessage(EMPTY);
                yield Sides.of(Suite.AES_GCM).initiator();
            }
            case READ_MESSAGE -> {
                messageForTheReader = Sides.of(Suite.AES_GCM).initiator().writeMessage(EMPTY);
                yield Sides.of(Suite.AES_GCM).responder();
            }
            case SPLIT -> Sides.after(3, Suite.AES_GCM).responder();
            case DONE -> {
                var handshake = Sides.after(3, Suite.AES_GCM).initiator();
                handshake.split();
                yield handshake;
            }
            case DEAD -> {
                var handshake = Sides.of(Suite.AES_GCM).initiator();
                handshake.close();
                yield handshake;
            }
        };
    }

    private void act(HandshakeState handshake, Step action) throws IOException {
        switch (action) {
            case WRITE_MESSAGE -> handshake.writeMessage(EMPTY);
            case READ_MESSAGE -> handshake.readMessage(messageForTheReader);
            case SPLIT -> handshake.split();
            case DONE, DEAD -> throw new IllegalArgumentException("not an action: " + action);
        }
    }

    @Test
    void theInitiatorKnowsThePeerAfterMessage2AndTheResponderAfterMessage3() throws IOException {
        for (int i = 0; i <= 3; i++) {
            var sides = Sides.after(i, Suite.CHACHA_POLY);
            assertRemoteStatic(sides.initiator(), i >= 2, RESPONDER_KEYS);
            assertRemoteStatic(sides.responder(), i >= 3, INITIATOR_KEYS);
        }
    }

    private static void assertRemoteStatic(HandshakeState side, boolean known, KeyPair expected) {
        if (known) {
            assertArrayEquals(expected.publicKey(), side.remoteStatic());
        } else {
            assertThrows(IllegalStateException.class, side::remoteStatic);
        }
    }

    @Test
    void theCallerCanAbortBeforeMessage3() throws IOException {
        var initiator = Sides.after(2, Suite.AES_GCM).initiator();
        initiator.remoteStatic();
        initiator.close();

        assertDead(initiator);
    }

    @ParameterizedTest
    @EnumSource(Suite.class)
    void bothSidesEndWithTheSameHandshakeHashAndNoOther(Suite suite) throws IOException {
        var one = Sides.after(3, suite);
        var other = Sides.after(3, suite);
        byte[] hash = one.initiator().handshakeHash();

        assertEquals(64, hash.length);
        assertArrayEquals(hash, one.responder().handshakeHash());
        assertFalse(Arrays.equals(hash, other.initiator().handshakeHash()));
        one.initiator().split();
        assertArrayEquals(hash, one.initiator().handshakeHash());
        assertThrows(IllegalStateException.class, () -> Sides.after(2, suite).initiator().handshakeHash());
    }

    @ParameterizedTest
    @EnumSource(Suite.class)
    void aFlippedBitInAnyByteOfAMessageEndsTheHandshake(Suite suite) throws IOException {
        for (int number = 0; number < 3; number++) {
            int length = Sides.after(number, suite).sender(number).writeMessage(EMPTY).length;
            for (int i = 0; i < length; i++) {
                var sides = Sides.after(number, suite);
                byte[] message = sides.sender(number).writeMessage(EMPTY);
                message[i] ^= (byte) (1 << i % 7);
                if (number == 0) {
                    // Message 1 is in the clear: the damage shows in message 2, at the initiator.
                    sides.responder().readMessage(message);
                    byte[] reply = sides.responder().writeMessage(EMPTY);
                    assertReadFails(sides.initiator(), reply);
                } else {
                    assertReadFails(sides.receiver(number), message);
                }
            }
        }
    }

    @Test
    void aMessageCutAnywhereOrExtendedEndsTheHandshake() throws IOException {
        for (int number = 0; number < 3; number++) {
            int length = Sides.after(number, Suite.AES_GCM).sender(number).writeMessage(EMPTY).length;
            for (int cut = 0; cut < length; cut++) {
                var sides = Sides.after(number, Suite.AES_GCM);
                byte[] message = sides.sender(number).writeMessage(EMPTY);
                assertReadFails(sides.receiver(number), Arrays.copyOf(message, cut));
            }
            if (number > 0) {
                var sides = Sides.after(number, Suite.AES_GCM);
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

    @Test
    void usesANewEphemeralForEachHandshake() throws IOException {
        assertFalse(Arrays.equals(Sides.of(Suite.AES_GCM).initiator().writeMessage(EMPTY),
                Sides.of(Suite.AES_GCM).initiator().writeMessage(EMPTY)));
    }

    @Test
    void wipesTheEphemeralAndKeepsTheCallersStaticKey() throws IOException {
        for (boolean complete : new boolean[] {true, false}) {
            var ephemeral = KeyPair.generate();
            var parameters = new HandshakeState.Parameters(Suite.AES_GCM, true, PROLOGUE);
            var initiator = new HandshakeState(parameters, INITIATOR_KEYS, ephemeral);
            var responder = Sides.of(Suite.AES_GCM).responder();
            new Sides(initiator, responder).run(complete ? 3 : 1);
            if (complete) {
                initiator.split();
            } else {
                initiator.close();
            }
            assertThrows(IllegalStateException.class, () -> ephemeral.dh(RESPONDER_KEYS.publicKey()));
            assertEquals(32, INITIATOR_KEYS.dh(RESPONDER_KEYS.publicKey()).length);
        }
    }

    @Test
    void describesItselfWithoutKeys() throws IOException {
        assertEquals("HandshakeState[AES_GCM, responder, WRITE_MESSAGE]",
                Sides.after(1, Suite.AES_GCM).responder().toString());
        assertEquals("KeyPair[X25519]", INITIATOR_KEYS.toString());
    }

    @Test
    void knowsItsSuiteBytesAndNoOthers() throws IOException {
        assertEquals(Suite.AES_GCM, Suite.of(1));
        assertEquals(Suite.CHACHA_POLY, Suite.of(2));
        for (int other = 0; other < 256; other++) {
            int suiteByte = other;
            if (other != 1 && other != 2) {
                assertThrows(ProtocolException.class, () -> Suite.of(suiteByte));
            }
        }
        assertEquals(29, Suite.AES_GCM.protocolName().length());
        assertEquals(33, Suite.CHACHA_POLY.protocolName().length());
    }

    private static ProtocolException assertReadFails(HandshakeState side, byte[] message) {
        var thrown = assertThrows(ProtocolException.class, () -> side.readMessage(message));
        assertDead(side);
        return thrown;
    }

    private static void assertDead(HandshakeState side) {
        assertEquals(DEAD, side.next());
        assertThrows(IllegalStateException.class, side::remoteStatic);
        assertThrows(IllegalStateException.class, side::handshakeHash);
        assertThrows(IllegalStateException.class, () -> side.writeMessage(EMPTY));
        assertThrows(IllegalStateException.class, () -> side.readMessage(new byte[32]));
        assertThrows(IllegalStateException.class, side::split);
        side.close();
        assertEquals(DEAD, side.next());
    }
}
