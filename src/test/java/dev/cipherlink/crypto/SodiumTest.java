package dev.cipherlink.crypto;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class SodiumTest {

    private static final byte[] KEY = new byte[32];
    private static final byte[] NONCE = new byte[24];

    static List<SecretboxVectors.Case> cases() throws IOException {
        return SecretboxVectors.all();
    }

    @Test
    void hasKnownAnswersToTestWith() throws IOException {
        assertEquals(23, cases().size());
    }

    @ParameterizedTest
    @MethodSource("cases")
    void sealsToTheKnownBox(SecretboxVectors.Case known) {
        var box = new byte[known.box().length];
        Sodium.seal(box, known.message(), known.nonce(), known.key());
        assertArrayEquals(known.box(), box);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void opensTheKnownBox(SecretboxVectors.Case known) {
        var message = new byte[known.message().length];
        assertTrue(Sodium.open(message, known.box(), known.nonce(), known.key()));
        assertArrayEquals(known.message(), message);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void refusesEveryForgedBox(SecretboxVectors.Case known) {
        int bits = Math.min(known.box().length, 64) * 8;
        for (int bit = 0; bit < bits; bit++) {
            assertFalse(opens(flipped(known.box(), bit), known.nonce(), known.key()), "box, bit " + bit);
        }
        for (int bit = 0; bit < 24 * 8; bit += 7) {
            assertFalse(opens(known.box(), flipped(known.nonce(), bit), known.key()), "nonce, bit " + bit);
        }
        for (int bit = 0; bit < 32 * 8; bit += 7) {
            assertFalse(opens(known.box(), known.nonce(), flipped(known.key(), bit)), "key, bit " + bit);
        }
        if (known.box().length > 16) {
            byte[] shorter = Arrays.copyOf(known.box(), known.box().length - 1);
            assertFalse(opens(shorter, known.nonce(), known.key()), "cut");
        }
    }

    private static boolean opens(byte[] box, byte[] nonce, byte[] key) {
        return Sodium.open(new byte[box.length - 16], box, nonce, key);
    }

    private static byte[] flipped(byte[] bytes, int bit) {
        byte[] copy = bytes.clone();
        copy[bit / 8] ^= (byte) (1 << bit % 8);
        return copy;
    }

    /// Lazysodium hands any length to native code: a short array there is read or written out of bounds.
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 15, 17, 23, 25, 31, 33, 63, 65, 1_000})
    void refusesEveryArrayOfAnotherLength(int wrong) {
        var message = new byte[2_000];
        var box = new byte[2_016];
        var wrongArray = new byte[wrong];
        assertRefused(() -> Sodium.seal(wrongArray, message, NONCE, KEY));
        assertRefused(() -> Sodium.seal(box, message, wrongArray, KEY));
        assertRefused(() -> Sodium.seal(box, message, NONCE, wrongArray));
        assertRefused(() -> Sodium.seal(box, wrongArray, NONCE, KEY));
        assertRefused(() -> Sodium.open(wrongArray, box, NONCE, KEY));
        assertRefused(() -> Sodium.open(message, wrongArray, NONCE, KEY));
        assertRefused(() -> Sodium.open(message, box, wrongArray, KEY));
        assertRefused(() -> Sodium.open(message, box, NONCE, wrongArray));
        assertRefused(() -> Sodium.x25519(wrongArray, KEY, KEY));
        assertRefused(() -> Sodium.x25519(new byte[32], wrongArray, KEY));
        assertRefused(() -> Sodium.x25519(new byte[32], KEY, wrongArray));
        assertRefused(() -> Sodium.x25519Base(wrongArray, KEY));
        assertRefused(() -> Sodium.x25519Base(new byte[32], wrongArray));
        assertRefused(() -> Sodium.blake2b(wrongArray, message, message.length));
    }

    @Test
    void refusesABoxThatIsShorterThanItsTag() {
        for (int length = 0; length < 16; length++) {
            var box = new byte[length];
            assertRefused(() -> Sodium.open(new byte[0], box, NONCE, KEY));
        }
    }

    private static void assertRefused(Runnable call) {
        assertThrows(IllegalArgumentException.class, call::run);
    }

    @Test
    void digestsTheExampleOfRfc7693() {
        var digest = new byte[64];
        Sodium.blake2b(digest, new byte[] {'a', 'b', 'c', 'd'}, 3);
        assertEquals("ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
                + "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923", HexFormat.of().formatHex(digest));
    }

    @Test
    void multipliesAsInRfc7748AndRefusesALowOrderPoint() {
        HexFormat hex = HexFormat.of();
        byte[] scalar = hex.parseHex("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4");
        byte[] point = hex.parseHex("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c");
        var shared = new byte[32];
        assertTrue(Sodium.x25519(shared, scalar, point));
        assertEquals("c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552", hex.formatHex(shared));
        assertFalse(Sodium.x25519(shared, scalar, new byte[32]), "a low-order point");
    }

    @Test
    void givesOtherRandomBytesEachTime() {
        var first = new byte[32];
        var second = new byte[32];
        Sodium.randomBytes(first);
        Sodium.randomBytes(second);
        assertFalse(Arrays.equals(first, second));
        assertFalse(Arrays.equals(first, new byte[32]));
    }
}
