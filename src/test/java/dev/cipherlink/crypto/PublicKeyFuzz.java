package dev.cipherlink.crypto;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.fuzz.FuzzTarget;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/// A line with a public key, or a fingerprint: one that encodes to the same, or a refusal that quotes nothing.
public final class PublicKeyFuzz implements FuzzTarget {
    @Override
    public byte[][] seeds() {
        String key = PublicKeyLine.encodeKey(PublicKey.of(new byte[32]));
        String printed = PublicKey.of(new byte[32]).fingerprint().toString();
        return FuzzTarget.latin1("cipherlink-x25519 " + key + " ann",
                "cipherlink-x25519\tq83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=  bob.b-b_1 ", "ssh-ed25519 AAAA x", key,
                "cipherlink-x25519 \u00a0\u0085 " + key, printed, printed.toUpperCase(Locale.ROOT), " " + printed + "\n");
    }

    @Override
    public boolean accepts(byte[] input) {
        String text = new String(input, StandardCharsets.ISO_8859_1);
        return acceptsLine(text) | acceptsFingerprint(text);
    }

    private static boolean acceptsLine(String text) {
        try {
            PublicKeyLine line = PublicKeyLine.parse(text);
            assertEquals(line, PublicKeyLine.parse(line.encode()));
            assertTrue(PublicKeyLine.isName(line.name()) && text.contains(line.name()));
            return true;
        } catch (IllegalArgumentException e) {
            assertRefusal(e, text);
            return false;
        }
    }

    private static boolean acceptsFingerprint(String text) {
        try {
            Fingerprint fingerprint = Fingerprint.parse(text);
            assertEquals(fingerprint, Fingerprint.parse(fingerprint.toString()));
            return true;
        } catch (IllegalArgumentException e) {
            assertRefusal(e, "");
            return false;
        }
    }

    /// Not a kind of it, such as NumberFormatException by accident.
    private static void assertRefusal(IllegalArgumentException e, String text) {
        assertEquals(IllegalArgumentException.class, e.getClass());
        IdentityFileFuzz.assertQuotesNothing(e.getMessage(), text);
    }
}
