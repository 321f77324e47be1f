package dev.cipherlink.noise;

import static dev.cipherlink.noise.HandshakeState.Step.DEAD;
import static dev.cipherlink.noise.HandshakeState.Step.DONE;
import static dev.cipherlink.noise.HandshakeState.Step.READ_MESSAGE;
import static dev.cipherlink.noise.HandshakeState.Step.SPLIT;
import static dev.cipherlink.noise.HandshakeState.Step.WRITE_MESSAGE;
import static dev.cipherlink.noise.Sides.INITIATOR_KEYS;
import static dev.cipherlink.noise.Sides.PROLOGUE;
import static dev.cipherlink.noise.Sides.RESPONDER_KEYS;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.crypto.KeyPair;
import dev.cipherlink.noise.HandshakeState.Step;
import java.io.IOException;
import java.net.ProtocolException;
import java.security.PrivateKey;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class HandshakeStateTest {

    private static final byte[] EMPTY = {};

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
                    assertThrows(IllegalStateException.class, () -> act(handshake, action),
                            () -> action + " in " + state);
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
            var initiator = new HandshakeState(parameters, INITIATOR_KEYS, ephemeral, null);
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

    /// The initiator's decapsulation key, however the handshake ends.
    @Test
    void wipesTheKemKeyPair() throws IOException, ReflectiveOperationException {
        for (String end : List.of("close", "split", "failure")) {
            var initiator = Sides.after(end.equals("split") ? 3 : 1, Suite.HYBRID_AES_GCM).initiator();
            var secret = (PrivateKey) field(field(field(initiator, "transcript"), "localKem"), "decapsulationKey");
            assertFalse(secret.isDestroyed());
            switch (end) {
                case "close" -> initiator.close();
                case "split" -> initiator.split();
                default -> assertThrows(ProtocolException.class, () -> initiator.readMessage(new byte[1_200]));
            }
            assertTrue(secret.isDestroyed(), end);
        }
    }

    private static Object field(Object owner, String name) throws ReflectiveOperationException {
        var field = owner.getClass().getDeclaredField(name);
        field.setAccessible(true);
        return field.get(owner);
    }

    @Test
    void describesItselfWithoutKeys() throws IOException {
        assertEquals("HandshakeState[AES_GCM, responder, WRITE_MESSAGE]",
                Sides.after(1, Suite.AES_GCM).responder().toString());
        assertEquals("KeyPair[X25519]", INITIATOR_KEYS.toString());
    }

    @Test
    void knowsItsSuiteBytesAndNoOthers() throws IOException {
        assertEquals(List.of(1, 2, 3, 4), Stream.of(Suite.values()).map(Suite::suiteByte).toList());
        for (Suite suite : Suite.values()) {
            assertEquals(suite, Suite.of(suite.suiteByte()));
        }
        for (int other = 0; other < 256; other++) {
            int suiteByte = other;
            if (other < 1 || other > 4) {
                assertThrows(ProtocolException.class, () -> Suite.of(suiteByte));
            }
        }
        assertEquals(List.of("Noise_XX_25519_AESGCM_BLAKE2b", "Noise_XX_25519_ChaChaPoly_BLAKE2b",
                        "Noise_XXhfs_25519+MLKEM768_AESGCM_BLAKE2b", "Noise_XXhfs_25519+MLKEM768_ChaChaPoly_BLAKE2b"),
                Stream.of(Suite.values()).map(Suite::protocolName).toList());
    }

    /// `docs/protocol.md`, section 1; there message 1 has the suite byte besides.
    @ParameterizedTest
    @EnumSource(Suite.class)
    void itsMessagesHaveTheSizesOfTheDocument(Suite suite) throws IOException {
        List<Integer> expected = suite.isHybrid() ? List.of(1_216, 1_200, 64) : List.of(32, 96, 64);
        for (int number = 0; number < 3; number++) {
            assertEquals(expected.get(number), suite.messageBytes(number + 1));
            assertEquals(expected.get(number), Sides.after(number, suite).sender(number).writeMessage(EMPTY).length);
        }
    }

    @ParameterizedTest
    @EnumSource(Suite.class)
    void aSuiteIsNamedAfterItsHandshake(Suite suite) {
        assertEquals(suite.isHybrid() ? "hybrid" : "classic", suite.kind());
    }

    /// The key pair of ML-KEM that is made in advance serves one handshake.
    @ParameterizedTest
    @EnumSource(Suite.class)
    void whatIsPreparedIsUsedOnce(Suite suite) throws IOException {
        suite.prepare();
        suite.prepare();
        var keys = new HashSet<String>();
        for (int i = 0; i < 3; i++) {
            var sides = Sides.of(suite);
            byte[] first = sides.initiator().writeMessage(EMPTY);
            sides.responder().readMessage(first);
            sides.initiator().readMessage(sides.responder().writeMessage(EMPTY));
            sides.responder().readMessage(sides.initiator().writeMessage(EMPTY));
            assertArrayEquals(sides.initiator().handshakeHash(), sides.responder().handshakeHash());
            assertTrue(keys.add(HexFormat.of().formatHex(first, 32, first.length)) || !suite.isHybrid());
        }
    }

    @Test
    void itsTextHasNoKey() {
        var sides = Sides.of(Suite.AES_GCM);
        assertEquals("HandshakeState[AES_GCM, initiator, WRITE_MESSAGE]", sides.initiator().toString());
        assertEquals("HandshakeState[AES_GCM, responder, READ_MESSAGE]", sides.responder().toString());
    }

    static void assertDead(HandshakeState side) {
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
