package dev.cipherlink.seal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.crypto.KeyPair;
import dev.cipherlink.crypto.PublicKey;
import dev.cipherlink.command.Command;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;

class SealedTextTest {
    private static final Instant NOON = Instant.parse("2026-03-01T12:00:00.123Z");
    private final KeyPair ann = KeyPair.generate();
    private final KeyPair bob = KeyPair.generate();

    private String sealed(String text) throws IOException {
        return SealedText.seal(ann, PublicKey.of(bob.publicKey()), NOON, text);
    }

    private static byte[] message(String sealed) {
        return Base64.getUrlDecoder().decode(sealed.substring(SealedText.NOTICE.length()));
    }

    private static String latin1(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    @Test
    void opensForItsRecipientAlone() throws IOException {
        String sealed = sealed("grüße\u0007");
        assertTrue(SealedText.isSealed(sealed));
        assertFalse(latin1(message(sealed)).contains(latin1("grüße".getBytes(StandardCharsets.UTF_8))), sealed);
        assertEquals(new SealedText(PublicKey.of(ann.publicKey()), NOON, "grüße\u0007"), SealedText.open(bob, sealed));
        assertThrows(ProtocolException.class, () -> SealedText.open(ann, sealed));
    }

    @Test
    void aChangeOfAnyByteRefusesIt() throws IOException {
        byte[] message = message(sealed("hello"));
        for (int i = 0; i < message.length; i++) {
            byte[] damaged = message.clone();
            damaged[i] ^= (byte) 0x80;
            String text = SealedText.NOTICE + Base64.getUrlEncoder().withoutPadding().encodeToString(damaged);
            assertThrows(ProtocolException.class, () -> SealedText.open(bob, text), "byte " + i);
        }
        String text = sealed("hello");
        for (int end = SealedText.NOTICE.length(); end < text.length(); end++) {
            String cut = text.substring(0, end);
            assertThrows(ProtocolException.class, () -> SealedText.open(bob, cut));
        }
        assertThrows(ProtocolException.class, () -> SealedText.open(bob, SealedText.NOTICE + "not base64 at all"));
    }

    @Test
    void shortTextsHaveOneLengthAndTheLongestFitsIntoATell() throws IOException {
        assertEquals(sealed("no").length(), sealed("yes, but only if you come as well").length());
        String longest = "x".repeat(SealedText.MAX_TEXT_BYTES);
        String sealed = sealed(longest);
        assertEquals(longest, SealedText.open(bob, sealed).text());
        assertTrue(new Command.Tell("bob", sealed).encode().length > 3_000);
        assertThrows(IllegalArgumentException.class, () -> sealed(longest + "x"));
        assertThrows(IllegalArgumentException.class, () -> sealed("ü".repeat(SealedText.MAX_TEXT_BYTES / 2 + 1)));
        assertThrows(IllegalArgumentException.class, () -> sealed("two\nlines"));
        assertEquals("", SealedText.open(bob, sealed("")).text());
    }

    /// A value that was sealed for bob is no message to him.
    @Test
    void aLockOfAValueIsNoMessage() throws IOException {
        byte[] value = SealedValue.seal(ann, "k".getBytes(StandardCharsets.UTF_8), new byte[3], List.of(PublicKey.of(bob.publicKey())));
        for (int lock = 0; lock < 2; lock++) {
            byte[] message = Arrays.copyOfRange(value, 9 + lock * 128, 9 + (lock + 1) * 128);
            String text = SealedText.NOTICE + Base64.getUrlEncoder().withoutPadding().encodeToString(message);
            assertThrows(ProtocolException.class, () -> SealedText.open(bob, text));
        }
    }
}
