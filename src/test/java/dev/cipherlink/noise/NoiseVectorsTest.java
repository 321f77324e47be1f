package dev.cipherlink.noise;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.cipherlink.crypto.KeyPair;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

class NoiseVectorsTest {

    @TestFactory
    Stream<DynamicTest> ownVectorsHoldOnBothSides() throws IOException {
        return tests(VectorValue.resource("noise_xx.json"));
    }

    /// Made by the peer in Python, which has an ML-KEM of its own.
    @TestFactory
    Stream<DynamicTest> theVectorsOfThePythonPeerHoldOnBothSides() throws IOException {
        return tests(VectorValue.resource("noise_xxhfs.json"));
    }

    @TestFactory
    Stream<DynamicTest> publishedVectorsHoldOnBothSides() throws IOException {
        return tests(VectorValue.published("noise_xx_25519_blake2b.json"));
    }

    private static Stream<DynamicTest> tests(VectorValue file) {
        List<VectorValue> vectors = file.get("vectors").elements();
        assertFalse(vectors.isEmpty());
        return IntStream.range(0, vectors.size()).mapToObj(i -> dynamicTest(
                i + " " + vectors.get(i).get("protocol_name").text(), () -> run(vectors.get(i))));
    }

    private static void run(VectorValue vector) throws IOException, GeneralSecurityException {
        Suite suite = Stream.of(Suite.values())
                .filter(s -> s.protocolName().equals(vector.get("protocol_name").text())).findFirst().orElseThrow();
        List<VectorValue> messages = vector.get("messages").elements();
        try (var initiator = side(vector, suite, true); var responder = side(vector, suite, false)) {
            for (int i = 0; i < 3; i++) {
                var sender = i % 2 == 0 ? initiator : responder;
                var receiver = i % 2 == 0 ? responder : initiator;
                byte[] message = sender.writeMessage(payload(messages.get(i)));
                assertCiphertext(messages.get(i), message);
                assertArrayEquals(payload(messages.get(i)), receiver.readMessage(message));
            }
            assertArrayEquals(vector.get("handshake_hash").bytes(), initiator.handshakeHash());
            assertArrayEquals(vector.get("handshake_hash").bytes(), responder.handshakeHash());
            assertArrayEquals(key(vector, "resp_static").publicKey(), initiator.remoteStatic());
            assertArrayEquals(key(vector, "init_static").publicKey(), responder.remoteStatic());
            runTransport(messages, initiator.split(), responder.split());
        }
    }

    private static void runTransport(List<VectorValue> messages, TransportState initiator, TransportState responder)
            throws IOException, GeneralSecurityException {
        assertEquals(6, messages.size());
        for (int i = 3; i < messages.size(); i++) {
            var sender = i % 2 == 0 ? initiator : responder;
            var receiver = i % 2 == 0 ? responder : initiator;
            byte[] plaintext = payload(messages.get(i));
            byte[] message = new byte[plaintext.length + TransportState.TAG_BYTES];
            assertEquals(message.length, sender.seal(plaintext, 0, plaintext.length, message, 0));
            assertCiphertext(messages.get(i), message);
            byte[] opened = new byte[plaintext.length];
            assertEquals(opened.length, receiver.open(message, 0, message.length, opened, 0));
            assertArrayEquals(plaintext, opened);
        }
    }

    private static HandshakeState side(VectorValue vector, Suite suite, boolean initiator) {
        String prefix = initiator ? "init_" : "resp_";
        var parameters = new HandshakeState.Parameters(suite, initiator, vector.get(prefix + "prologue").bytes());
        return new HandshakeState(parameters, key(vector, prefix + "static"), key(vector, prefix + "ephemeral"),
                suite.isHybrid() ? new MlKem768Test.FixedRandom(vector.get(prefix + "kem_random").bytes()) : null);
    }

    private static KeyPair key(VectorValue vector, String name) {
        return KeyPair.of(vector.get(name).bytes());
    }

    /// The largest payload is described, not spelled out.
    private static byte[] payload(VectorValue message) {
        if (!message.get("payload").isNull()) {
            return message.get("payload").bytes();
        }
        assertEquals("the byte 63 (c) 65519 times", message.get("payload_is").text());
        byte[] payload = new byte[TransportState.MAX_PLAINTEXT_BYTES];
        Arrays.fill(payload, (byte) 'c');
        return payload;
    }

    private static void assertCiphertext(VectorValue expected, byte[] actual) throws GeneralSecurityException {
        if (expected.get("ciphertext").isNull()) {
            assertArrayEquals(expected.get("ciphertext_sha256").bytes(),
                    MessageDigest.getInstance("SHA-256").digest(actual));
        } else {
            assertArrayEquals(expected.get("ciphertext").bytes(), actual);
        }
    }
}
