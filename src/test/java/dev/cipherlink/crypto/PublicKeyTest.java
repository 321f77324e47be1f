package dev.cipherlink.crypto;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PublicKeyTest {

    private static final String BASE64 = "j0DFrbaPJWJK5bIU6nZ6bslNgp09e14a0bpvPiE4KF8=";
    private static final String LINE = "cipherlink-x25519 " + BASE64 + " ann.laptop-2";

    @Test
    void keepsItsOwnBytes() {
        byte[] bytes = new byte[32];
        var key = PublicKey.of(bytes);
        bytes[0] = 1;
        key.bytes()[1] = 1;

        assertArrayEquals(new byte[32], key.bytes());
    }

    @Test
    void isEqualByItsBytes() {
        byte[] other = new byte[32];
        other[31] = (byte) 0x80;

        assertEquals(PublicKey.of(new byte[32]), PublicKey.of(new byte[32]));
        assertEquals(PublicKey.of(new byte[32]).hashCode(), PublicKey.of(new byte[32]).hashCode());
        assertNotEquals(PublicKey.of(new byte[32]), PublicKey.of(other));
        assertNotEquals(PublicKey.of(other), other, "an array");
    }

    @Test
    void hasExactly32Bytes() {
        assertThrows(IllegalArgumentException.class, () -> PublicKey.of(new byte[31]));
        assertThrows(IllegalArgumentException.class, () -> PublicKey.of(new byte[33]));
    }

    @Test
    void aLineSurvivesParsingAndEncoding() {
        assertEquals(LINE, PublicKeyLine.parse(LINE).encode());
        assertEquals(LINE, PublicKeyLine.parse("  " + LINE.replace(" ", " \t ") + " \r\n").encode());
        assertEquals("ann.laptop-2", PublicKeyLine.parse(LINE).name());
    }

    @Test
    void aLineHoldsTheKeyThatAnIndependentImplementationDerived() {
        byte[] secret = new byte[32];
        for (int i = 0; i < secret.length; i++) {
            secret[i] = (byte) i;
        }
        try (var pair = KeyPair.of(secret)) {
            assertEquals(LINE, new PublicKeyLine(PublicKey.of(pair.publicKey()), "ann.laptop-2").encode());
        }
    }

    @Test
    void refusesEveryBeginningOfALineWithoutAName() {
        for (int length = 0; length <= LINE.length() - "ann.laptop-2".length(); length++) {
            String beginning = LINE.substring(0, length);
            assertThrows(IllegalArgumentException.class, () -> PublicKeyLine.parse(beginning), beginning);
        }
    }

    @Test
    void refusesAnotherKeyTypeAndAFourthWord() {
        assertThrows(IllegalArgumentException.class, () -> PublicKeyLine.parse(LINE.replace("x25519", "ed25519")));
        assertThrows(IllegalArgumentException.class, () -> PublicKeyLine.parse(LINE + " operator"));
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "j0DFrbaPJWJK5bIU6nZ6bslNgp09e14a0bpvPiE4KF8", // not padded
        "j0DFrbaPJWJK5bIU6nZ6bslNgp09e14a0bpvPiE4KF9=", // stray bits: a second spelling of the same key
        "j0DFrbaPJWJK5bIU6nZ6bslNgp09e14a0bpvPiE4KA==", // 31 bytes
        "j0DFrbaPJWJK5bIU6nZ6bslNgp09e14a0bpvPiE4KF8A", // 33 bytes
        "j0DFrbaPJWJK5bIU6nZ6bslNgp09e14a0bpvPiE4K_8=", // the URL alphabet
        "=", "*", "jé"})
    void refusesEveryOtherSpellingOfAKeyAndQuotesNone(String base64) {
        var refusal = assertThrows(IllegalArgumentException.class, () -> PublicKeyLine.parseKey(base64));

        assertTrue(refusal.getMessage().startsWith("bad base64"), refusal.getMessage());
        assertFalse(refusal.getMessage().contains(base64.substring(0, 1) + "0DF"), refusal.getMessage());
    }

    @Test
    void namesAreShortAndAscii() {
        for (String good : new String[] {"a", "7", "Ann", "a.b_c-d", "x".repeat(32)}) {
            assertTrue(PublicKeyLine.isName(good), good);
        }
        for (String bad : new String[] {"", " ", "-a", ".a", "_a", "a b", "a\n", "a\u0000", "änn", "а", "a\u200b",
                "a/b", "a:b", "a#", "x".repeat(33)}) {
            assertFalse(PublicKeyLine.isName(bad), bad);
            assertThrows(IllegalArgumentException.class, () -> new PublicKeyLine(PublicKey.of(new byte[32]), bad));
        }
    }
}
