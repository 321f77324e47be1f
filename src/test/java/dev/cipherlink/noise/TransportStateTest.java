package dev.cipherlink.noise;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.crypto.KeyPair;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TransportStateTest {

    private static final int PACKETS = 70_000;

    /// One direction as the specification tells it, straight on the JDK, sharing no code with what is tested.
    private static final class Reference {
        private final Suite suite;
        private byte[] key;
        private final Cipher cipher;
        private long n;

        Reference(Suite suite, byte[] key) throws GeneralSecurityException {
            this.suite = suite;
            this.key = key;
            cipher = Cipher.getInstance(suite.keyAlgorithm().equals("AES") ? "AES/GCM/NoPadding" : "ChaCha20-Poly1305");
        }

        byte[] seal(byte[] plaintext) throws GeneralSecurityException {
            byte[] message = encrypt(n++, plaintext);
            if (n % 65_536 == 0) {
                key = Arrays.copyOf(encrypt(-1L, new byte[32]), 32);
            }
            return message;
        }

        private byte[] encrypt(long counter, byte[] plaintext) throws GeneralSecurityException {
            boolean gcm = suite.keyAlgorithm().equals("AES");
            byte[] nonce = ByteBuffer.allocate(12).order(gcm ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN)
                    .putInt(0).putLong(counter).array();
            cipher.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(key, gcm ? "AES" : "ChaCha20"),
                    gcm ? new GCMParameterSpec(128, nonce) : new IvParameterSpec(nonce));
            return cipher.doFinal(plaintext);
        }
    }

    private record Ends(TransportState initiator, TransportState responder) {

        static Ends of(Suite suite) {
            return new Ends(new TransportState(keyed(suite, 1), keyed(suite, 2)),
                    new TransportState(keyed(suite, 2), keyed(suite, 1)));
        }
    }

    private static void travel(TransportState from, TransportState to, int value) throws IOException {
        byte[] plaintext = {(byte) value};
        assertArrayEquals(plaintext, open(to, seal(from, plaintext)));
    }

    @ParameterizedTest
    @EnumSource(names = {"AES_GCM", "CHACHA_POLY"})
    void replacesTheKeyOfEachDirectionByTimeOnceBothAgreed(Suite suite) throws IOException {
        var now = new AtomicLong(5);
        var initiator = new TransportState(keyed(suite, 1), keyed(suite, 2), now::get);
        var responder = new TransportState(keyed(suite, 2), keyed(suite, 1), now::get);
        now.addAndGet(TransportState.KEY_NANOS);
        travel(initiator, responder, 1);
        assertEquals(new TransportState.Rekeys(0, 0), initiator.rekeys(), "nothing was agreed");
        initiator.rekeyByTime();
        responder.rekeyByTime();
        travel(initiator, responder, 2);
        assertEquals(new TransportState.Rekeys(1, 0), initiator.rekeys());
        assertEquals(new TransportState.Rekeys(0, 1), responder.rekeys());
        travel(responder, initiator, 3);
        assertEquals(new TransportState.Rekeys(1, 1), responder.rekeys());
        now.addAndGet(TransportState.KEY_NANOS - 1);
        travel(initiator, responder, 4);
        assertEquals(1, initiator.rekeys().sending(), "a nanosecond too early");
        for (int i = 0; i < 5; i++) {
            now.addAndGet(3 * TransportState.KEY_NANOS);
            travel(initiator, responder, i);
            travel(initiator, responder, i);
            travel(responder, initiator, i);
        }
        assertEquals(new TransportState.Rekeys(6, 6), initiator.rekeys());
    }

    @Test
    void theTurnByCountAndTheOneByTimeMayMeet() throws IOException {
        var now = new AtomicLong();
        var initiator = new TransportState(keyed(Suite.AES_GCM, 1), keyed(Suite.AES_GCM, 2), now::get);
        var responder = new TransportState(keyed(Suite.AES_GCM, 2), keyed(Suite.AES_GCM, 1), now::get);
        initiator.rekeyByTime();
        responder.rekeyByTime();
        for (int i = 1; i <= TransportState.MESSAGES_PER_KEY; i++) {
            now.addAndGet(i >= TransportState.MESSAGES_PER_KEY - 1 ? TransportState.KEY_NANOS : 0);
            travel(initiator, responder, i & 0x7f);
        }
        assertEquals(3, responder.rekeys().receiving(), "two by time, one by count");
        travel(initiator, responder, 9);
        now.addAndGet(TransportState.KEY_NANOS);
        travel(initiator, responder, 9);
        assertEquals(4, responder.rekeys().receiving());
    }

    /// The second attempt, under the next key, is the last.
    @Test
    void aDamagedMessageStillEndsIt() throws IOException {
        var now = new AtomicLong();
        for (boolean isUnderNextKey : new boolean[] {false, true}) {
            var initiator = new TransportState(keyed(Suite.CHACHA_POLY, 1), keyed(Suite.CHACHA_POLY, 2), now::get);
            var responder = new TransportState(keyed(Suite.CHACHA_POLY, 2), keyed(Suite.CHACHA_POLY, 1), now::get);
            initiator.rekeyByTime();
            responder.rekeyByTime();
            now.addAndGet(isUnderNextKey ? TransportState.KEY_NANOS : 0);
            byte[] message = seal(initiator, new byte[1]);
            message[3] ^= 1;
            assertThrows(ProtocolException.class, () -> open(responder, message));
            message[3] ^= 1;
            assertThrows(IOException.class, () -> open(responder, message));
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"AES_GCM", "CHACHA_POLY"})
    void goesOnAfterEachRest(Suite suite) throws Exception {
        var ends = Ends.of(suite);
        var toResponder = new Reference(suite, key(1));
        var toInitiator = new Reference(suite, key(2));
        for (int i = 0; i < 20; i++) {
            byte[] plaintext = ByteBuffer.allocate(8).putLong(i).array();
            assertTravels(plaintext, toResponder, ends.initiator(), ends.responder());
            assertTravels(plaintext, toInitiator, ends.responder(), ends.initiator());
            ends.initiator().rest();
            ends.responder().rest();
            ends.responder().rest();
        }
    }

    /// The hybrid suites have the same ciphers.
    @ParameterizedTest
    @EnumSource(names = {"AES_GCM", "CHACHA_POLY"})
    void rekeysByCountInBothDirectionsLikeAnIndependentComputation(Suite suite) throws Exception {
        var ends = Ends.of(suite);
        var toResponder = new Reference(suite, key(1));
        var toInitiator = new Reference(suite, key(2));
        for (int i = 0; i < PACKETS; i++) {
            byte[] plaintext = ByteBuffer.allocate(8).putLong(i).array();
            assertTravels(plaintext, toResponder, ends.initiator(), ends.responder());
            // One direction lags behind: each must count for itself.
            if (i % 2 == 0 || i > PACKETS / 2) {
                assertTravels(plaintext, toInitiator, ends.responder(), ends.initiator());
            }
        }
        for (int i = 0; i < PACKETS / 4; i++) {
            assertTravels(new byte[1], toInitiator, ends.responder(), ends.initiator());
        }
        assertTrue(toResponder.n > 65_536 && toInitiator.n > 65_536);
    }

    private static void assertTravels(byte[] plaintext, Reference reference, TransportState from, TransportState to)
            throws IOException, GeneralSecurityException {
        byte[] message = seal(from, plaintext);
        assertArrayEquals(reference.seal(plaintext), message);
        assertArrayEquals(plaintext, open(to, message));
    }

    @ParameterizedTest
    @EnumSource(Suite.class)
    void swappedRolesCannotReadEachOther(Suite suite) throws IOException {
        var one = Ends.of(suite).initiator();
        var other = Ends.of(suite).initiator();
        byte[] message = seal(one, new byte[5]);

        assertThrows(ProtocolException.class, () -> open(other, message));
        assertThrows(ProtocolException.class, () -> open(one, message));
    }

    @ParameterizedTest
    @EnumSource(Suite.class)
    void splitGivesBothSidesOppositeDirections(Suite suite) throws IOException {
        try (var initiatorKeys = KeyPair.generate(); var responderKeys = KeyPair.generate();
                var initiator = HandshakeState.initiator(suite, new byte[0], initiatorKeys);
                var responder = HandshakeState.responder(suite, new byte[0], responderKeys)) {
            responder.readMessage(initiator.writeMessage(new byte[0]));
            initiator.readMessage(responder.writeMessage(new byte[0]));
            responder.readMessage(initiator.writeMessage(new byte[0]));
            try (var one = initiator.split(); var other = responder.split()) {
                assertArrayEquals(new byte[3], open(other, seal(one, new byte[3])));
                assertArrayEquals(new byte[4], open(one, seal(other, new byte[4])));
                byte[] reflected = seal(one, new byte[3]);
                assertThrows(ProtocolException.class, () -> open(one, reflected));
            }
        }
    }

    @Test
    void aMessageOutOfOrderIsRefused() throws IOException {
        var ends = Ends.of(Suite.AES_GCM);
        seal(ends.initiator(), new byte[1]);
        byte[] second = seal(ends.initiator(), new byte[1]);

        assertThrows(ProtocolException.class, () -> open(ends.responder(), second));
    }

    @Test
    void aRepeatedMessageIsRefused() throws IOException {
        var ends = Ends.of(Suite.CHACHA_POLY);
        byte[] message = seal(ends.initiator(), new byte[1]);
        open(ends.responder(), message);

        assertThrows(ProtocolException.class, () -> open(ends.responder(), message));
    }

    @Test
    void aForgedMessageClosesBothDirections() throws IOException {
        var ends = Ends.of(Suite.AES_GCM);
        byte[] good = seal(ends.initiator(), new byte[1]);
        byte[] forged = good.clone();
        forged[0] ^= 1;

        assertThrows(ProtocolException.class, () -> open(ends.responder(), forged));

        assertClosed(ends.responder(), good);
    }

    @Test
    void messagesOfImpossibleSizeCloseTheState() {
        for (int size : new int[] {0, 15, HandshakeState.MAX_MESSAGE_BYTES + 1}) {
            var end = Ends.of(Suite.AES_GCM).initiator();
            assertThrows(ProtocolException.class, () -> end.open(new byte[size], 0, size, new byte[70_000], 0));
            assertClosed(end, new byte[16]);
        }
    }

    @ParameterizedTest
    @EnumSource(Suite.class)
    void carriesFromZeroTo65519BytesAndNotOneMore(Suite suite) throws IOException {
        var ends = Ends.of(suite);
        assertEquals(0, open(ends.responder(), seal(ends.initiator(), new byte[0])).length);
        byte[] largest = seal(ends.initiator(), new byte[TransportState.MAX_PLAINTEXT_BYTES]);
        assertEquals(HandshakeState.MAX_MESSAGE_BYTES, largest.length);
        assertEquals(TransportState.MAX_PLAINTEXT_BYTES, open(ends.responder(), largest).length);

        assertThrows(IllegalArgumentException.class,
                () -> seal(ends.initiator(), new byte[TransportState.MAX_PLAINTEXT_BYTES + 1]));

        // Refusing our own mistake used up no counter.
        assertArrayEquals(new byte[2], open(ends.responder(), seal(ends.initiator(), new byte[2])));
    }

    @Test
    void closingIsFinalAndMayBeRepeated() {
        var end = Ends.of(Suite.AES_GCM).initiator();
        end.close();
        end.close();

        assertEquals("TransportState[sending CipherState[AES_GCM, n=0, dead], receiving CipherState[AES_GCM, n=0, dead]]", end.toString());
        assertClosed(end, new byte[16]);
    }

    /// A key wiped under a running seal would send a message under a key of zeros.
    @Test
    void closingWhileAnotherThreadSealsNeverMakesAnUnreadableMessage() throws Exception {
        for (int round = 0; round < 50; round++) {
            var ends = Ends.of(Suite.AES_GCM);
            var failure = new AtomicReference<Throwable>();
            var started = new CountDownLatch(1);
            var sealer = Thread.ofPlatform().start(() -> {
                try {
                    while (true) {
                        byte[] message = seal(ends.initiator(), new byte[64]);
                        open(ends.responder(), message);
                        started.countDown();
                    }
                } catch (IOException | RuntimeException e) {
                    failure.set(e);
                }
            });
            started.await();
            ends.initiator().close();
            sealer.join();
            assertInstanceOf(IOException.class, failure.get());
            assertFalse(failure.get() instanceof ProtocolException, () -> failure.get().toString());
        }
    }

    private static void assertClosed(TransportState end, byte[] message) {
        for (var thrown : new IOException[] {
                assertThrows(IOException.class, () -> seal(end, new byte[1])),
                assertThrows(IOException.class, () -> open(end, message))}) {
            assertEquals("the transport state is closed", thrown.getMessage());
        }
    }

    private static byte[] seal(TransportState from, byte[] plaintext) throws IOException {
        byte[] message = new byte[plaintext.length + TransportState.TAG_BYTES];
        assertEquals(message.length, from.seal(plaintext, 0, plaintext.length, message, 0));
        return message;
    }

    private static byte[] open(TransportState to, byte[] message) throws IOException {
        byte[] plaintext = new byte[message.length - TransportState.TAG_BYTES];
        assertEquals(plaintext.length, to.open(message, 0, message.length, plaintext, 0));
        return plaintext;
    }

    private static CipherState keyed(Suite suite, int filling) {
        var state = new CipherState(suite);
        state.initializeKey(key(filling));
        return state;
    }

    private static byte[] key(int filling) {
        byte[] key = new byte[32];
        Arrays.fill(key, (byte) filling);
        return key;
    }
}
