package dev.cipherlink.noise;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.noise.CipherState.Aead;
import dev.cipherlink.noise.CipherState.Aead.CipherKey;
import java.io.IOException;
import java.net.ProtocolException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CipherStateTest {

    private static final byte[] NO_AD = {};
    private static final long LAST_NONCE = -2L;

    @Test
    void encryptsAndDecryptsAtEveryEdgeOfTheCounter() throws IOException {
        List<VectorValue> edges = VectorValue.resource("noise_cipher_edges_and_rekey.json").get("nonce_edges").elements();
        assertEquals(44, edges.size());
        for (VectorValue edge : edges) {
            long n = Long.parseUnsignedLong(edge.get("n").text());
            byte[] ad = edge.get("ad").bytes();
            var sender = keyed(suite(edge), edge.get("key").bytes());
            sender.setNonce(n);
            assertArrayEquals(edge.get("ciphertext").bytes(), sender.encryptWithAd(ad, edge.get("plaintext").bytes()));
            assertEquals(n + 1, sender.nonce());
            var receiver = keyed(suite(edge), edge.get("key").bytes());
            receiver.setNonce(n);
            assertArrayEquals(edge.get("plaintext").bytes(),
                    receiver.decryptWithAd(ad, edge.get("ciphertext").bytes()));
            assertEquals(n + 1, receiver.nonce());
        }
    }

    @Test
    void rekeysInBothDirectionsAsTheKnownChains() throws IOException {
        List<VectorValue> chains = VectorValue.resource("noise_cipher_edges_and_rekey.json").get("rekey_chain").elements();
        assertEquals(2, chains.size());
        for (VectorValue chain : chains) {
            List<VectorValue> steps = chain.get("steps").elements();
            var sender = keyed(suite(chain), steps.getFirst().get("key").bytes());
            var receiver = keyed(suite(chain), steps.getFirst().get("key").bytes());
            for (VectorValue step : steps) {
                assertEquals(step.get("n").text(), Long.toString(sender.nonce()));
                assertArrayEquals(step.get("ciphertext").bytes(),
                        sender.encryptWithAd(NO_AD, step.get("plaintext").bytes()));
                assertArrayEquals(step.get("plaintext").bytes(),
                        receiver.decryptWithAd(NO_AD, step.get("ciphertext").bytes()));
                sender.rekey();
                receiver.rekey();
            }
            // The last key of the chain seals what our last key opens.
            var successor = keyed(suite(chain), steps.getLast().get("key_after_rekey").bytes());
            successor.setNonce(steps.size());
            assertArrayEquals(new byte[9], receiver.decryptWithAd(NO_AD, successor.encryptWithAd(NO_AD, new byte[9])));
        }
    }

    @ParameterizedTest
    @EnumSource(Suite.class)
    void stopsBeforeTheReservedCounter(Suite suite) throws IOException {
        var sender = keyed(suite, key(1));
        var receiver = keyed(suite, key(1));
        sender.setNonce(LAST_NONCE);
        receiver.setNonce(LAST_NONCE);
        byte[] last = sender.encryptWithAd(NO_AD, new byte[3]);
        assertArrayEquals(new byte[3], receiver.decryptWithAd(NO_AD, last));
        assertEquals(CipherState.RESERVED_NONCE, sender.nonce());

        assertThrows(IllegalStateException.class, () -> sender.encryptWithAd(NO_AD, new byte[3]));
        assertEquals("more messages than the counter has numbers",
                assertThrows(ProtocolException.class, () -> receiver.decryptWithAd(NO_AD, last)).getMessage());
        assertDead(sender);
        assertDead(receiver);
    }

    @ParameterizedTest
    @EnumSource(Suite.class)
    void aMessageWithAnyBitFlippedIsRefusedAndKillsTheState(Suite suite) {
        byte[] sealed = keyed(suite, key(1)).encryptWithAd(NO_AD, new byte[] {1, 2, 3, 4, 5});
        for (int bit = 0; bit < sealed.length * 8; bit++) {
            byte[] flipped = sealed.clone();
            flipped[bit / 8] ^= (byte) (1 << bit % 8);
            var receiver = keyed(suite, key(1));
            assertThrows(ProtocolException.class, () -> receiver.decryptWithAd(NO_AD, flipped));
            assertEquals(0, receiver.nonce());
            assertDead(receiver);
        }
    }

    @ParameterizedTest
    @EnumSource(Suite.class)
    void leavesNothingUnauthenticatedInTheOutput(Suite suite) {
        byte[] sealed = new byte[1016];
        keyed(suite, key(1)).encrypt(text(1000), 0, 1000, sealed, 0);
        sealed[1015] ^= 1;
        byte[] out = new byte[1000];

        assertThrows(ProtocolException.class, () -> keyed(suite, key(1)).decrypt(sealed, 0, sealed.length, out, 0));

        assertArrayEquals(new byte[1000], out);
    }

    @ParameterizedTest
    @EnumSource(Suite.class)
    void refusesAMessageShorterThanATag(Suite suite) {
        for (int length = 0; length < Aead.TAG_BYTES; length++) {
            byte[] message = new byte[length];
            var whole = keyed(suite, key(1));
            assertEquals("a message of " + length + " bytes cannot hold its tag",
                    assertThrows(ProtocolException.class, () -> whole.decryptWithAd(NO_AD, message)).getMessage());
            assertDead(whole);
            var part = keyed(suite, key(1));
            assertThrows(ProtocolException.class, () -> part.decrypt(message, 0, message.length, new byte[8], 0));
            assertDead(part);
        }
    }

    @ParameterizedTest
    @EnumSource(Suite.class)
    void refusesOtherAssociatedDataAnotherKeyAndAnotherCounter(Suite suite) {
        byte[] sealed = keyed(suite, key(1)).encryptWithAd(new byte[] {1}, new byte[5]);
        var later = keyed(suite, key(1));
        later.setNonce(1);

        assertThrows(ProtocolException.class, () -> keyed(suite, key(1)).decryptWithAd(new byte[] {2}, sealed));
        assertThrows(ProtocolException.class, () -> keyed(suite, key(2)).decryptWithAd(new byte[] {1}, sealed));
        assertThrows(ProtocolException.class, () -> later.decryptWithAd(new byte[] {1}, sealed));
    }

    @ParameterizedTest
    @EnumSource(Suite.class)
    void worksBetweenTheMiddlesOfArrays(Suite suite) throws IOException {
        for (int length : new int[] {0, 1, 15, 16, 17, 1000, 65_519}) {
            byte[] plaintext = text(length);
            byte[] expected = keyed(suite, key(1)).encryptWithAd(NO_AD, plaintext);
            byte[] in = new byte[length + 20];
            System.arraycopy(plaintext, 0, in, 7, length);
            byte[] sealed = new byte[length + 40];
            assertEquals(length + 16, keyed(suite, key(1)).encrypt(in, 7, length, sealed, 9));
            assertArrayEquals(expected, Arrays.copyOfRange(sealed, 9, 9 + length + 16));
            assertArrayEquals(new byte[9], Arrays.copyOf(sealed, 9));
            assertArrayEquals(new byte[15], Arrays.copyOfRange(sealed, 25 + length, 40 + length));

            byte[] opened = new byte[length + 5];
            assertEquals(length, keyed(suite, key(1)).decrypt(sealed, 9, length + 16, opened, 5));
            assertArrayEquals(plaintext, Arrays.copyOfRange(opened, 5, 5 + length));
        }
    }

    @ParameterizedTest
    @EnumSource(Suite.class)
    void encryptsInPlaceButRefusesEveryOtherOverlap(Suite suite) {
        byte[] array = new byte[200];
        System.arraycopy(text(100), 0, array, 10, 100);
        byte[] expected = keyed(suite, key(1)).encryptWithAd(NO_AD, text(100));
        var state = keyed(suite, key(1));

        assertThrows(IllegalArgumentException.class, () -> state.encrypt(array, 10, 100, array, 9));
        assertThrows(IllegalArgumentException.class, () -> state.encrypt(array, 10, 100, array, 11));
        assertThrows(IllegalArgumentException.class, () -> state.decrypt(array, 10, 116, array, 10));
        assertThrows(IllegalArgumentException.class, () -> state.decrypt(array, 10, 116, array, 0));
        assertEquals(116, state.encrypt(array, 10, 100, array, 10));

        assertArrayEquals(expected, Arrays.copyOfRange(array, 10, 126));
    }

    @ParameterizedTest
    @EnumSource(Suite.class)
    void refusesRangesOutsideTheArraysAndStaysUsable(Suite suite) {
        var state = keyed(suite, key(1));

        assertThrows(IndexOutOfBoundsException.class, () -> state.encrypt(new byte[9], 0, 10, new byte[99], 0));
        assertThrows(IndexOutOfBoundsException.class, () -> state.encrypt(new byte[9], -1, 5, new byte[99], 0));
        assertThrows(IndexOutOfBoundsException.class, () -> state.encrypt(new byte[9], 0, 9, new byte[24], 0));
        assertThrows(IndexOutOfBoundsException.class, () -> state.decrypt(new byte[32], 0, 33, new byte[99], 0));
        assertThrows(IndexOutOfBoundsException.class, () -> state.decrypt(new byte[32], 0, 32, new byte[15], 0));

        assertEquals(0, state.nonce());
        assertEquals(25, state.encrypt(new byte[9], 0, 9, new byte[25], 0));
    }

    @Test
    void passesDataThroughBeforeThereIsAKey() throws IOException {
        var state = new CipherState(Suite.AES_GCM);
        byte[] data = {1, 2, 3};

        assertFalse(state.hasKey());
        assertArrayEquals(data, state.encryptWithAd(NO_AD, data));
        assertArrayEquals(data, state.decryptWithAd(NO_AD, data));
        assertEquals(0, state.nonce());
        assertThrows(IllegalStateException.class, () -> state.encrypt(data, 0, 3, new byte[19], 0));
        assertThrows(IllegalStateException.class, state::rekey);
    }

    @Test
    void neverPassesDataThroughOnceClosed() {
        var neverKeyed = new CipherState(Suite.AES_GCM);
        neverKeyed.close();
        assertDead(neverKeyed);
        var closed = keyed(Suite.CHACHA_POLY, key(1));
        closed.close();
        closed.close();
        assertDead(closed);
    }

    @Test
    void aNewKeyStartsTheCounterAgain() {
        var state = keyed(Suite.AES_GCM, key(1));
        state.encryptWithAd(NO_AD, new byte[1]);
        state.initializeKey(key(2));

        assertEquals(0, state.nonce());
        assertArrayEquals(keyed(Suite.AES_GCM, key(2)).encryptWithAd(NO_AD, new byte[1]),
                state.encryptWithAd(NO_AD, new byte[1]));
    }

    @Test
    void wipingTheOriginalLeavesTheCopyUsable() {
        var original = keyed(Suite.CHACHA_POLY, key(1));
        original.encryptWithAd(NO_AD, new byte[1]);
        var copy = original.copy();
        original.wipe();
        var expected = keyed(Suite.CHACHA_POLY, key(1));
        expected.setNonce(1);

        assertDead(original);
        assertArrayEquals(expected.encryptWithAd(NO_AD, new byte[4]), copy.encryptWithAd(NO_AD, new byte[4]));
    }

    @Test
    void arraysThatOverlapAreRefused() {
        var state = keyed(Suite.AES_GCM, key(1));
        byte[] array = new byte[64];
        assertThrows(IllegalArgumentException.class, () -> state.encrypt(array, 0, 16, array, 8));
        assertThrows(IllegalArgumentException.class, () -> state.encrypt(array, 8, 16, array, 0));
        assertThrows(IllegalArgumentException.class, () -> state.decrypt(array, 0, 32, array, 0));
        assertEquals(32, state.encrypt(array, 0, 16, array, 16), "side by side");
        assertEquals(32, state.encrypt(array, 32, 16, array, 0), "the other way round");
        assertEquals(2, state.nonce());
    }

    @Test
    void aKeyThatIsTooShortIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> new CipherKey(Suite.AES_GCM, new byte[31]));
    }

    @Test
    void itsTextHasNoKey() {
        var state = keyed(Suite.AES_GCM, key(7));
        assertEquals("CipherState[AES_GCM, n=0]", state.toString());
        state.close();
        assertEquals("CipherState[AES_GCM, n=0, dead]", state.toString());
    }

    @Test
    void aDestroyedKeyGivesNothingAway() {
        var key = new CipherKey(Suite.AES_GCM, key(7));
        key.destroy();

        assertTrue(key.isDestroyed());
        assertThrows(IllegalStateException.class, key::getEncoded);
    }

    private static void assertDead(CipherState state) {
        assertThrows(IllegalStateException.class, () -> state.encryptWithAd(NO_AD, new byte[1]));
        assertThrows(IllegalStateException.class, () -> state.decryptWithAd(NO_AD, new byte[17]));
        assertThrows(IllegalStateException.class, () -> state.encrypt(new byte[1], 0, 1, new byte[17], 0));
        assertThrows(IllegalStateException.class, () -> state.decrypt(new byte[17], 0, 17, new byte[1], 0));
        assertThrows(IllegalStateException.class, () -> state.initializeKey(key(1)));
        assertThrows(IllegalStateException.class, state::rekey);
        assertThrows(IllegalStateException.class, state::copy);
    }

    private static CipherState keyed(Suite suite, byte[] key) {
        var state = new CipherState(suite);
        state.initializeKey(key);
        return state;
    }

    private static byte[] key(int filling) {
        byte[] key = new byte[CipherKey.BYTES];
        Arrays.fill(key, (byte) filling);
        return key;
    }

    private static byte[] text(int length) {
        byte[] text = new byte[length];
        for (int i = 0; i < length; i++) {
            text[i] = (byte) (i * 31 + 7);
        }
        return text;
    }

    private static Suite suite(VectorValue known) {
        return Stream.of(Suite.values())
                .filter(suite -> suite.protocolName().contains("_" + known.get("cipher").text() + "_"))
                .findFirst().orElseThrow();
    }
}
