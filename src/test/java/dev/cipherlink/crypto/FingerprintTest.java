package dev.cipherlink.crypto;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Locale;
import org.junit.jupiter.api.Test;

class FingerprintTest {

    /// Computed with Python's `hashlib` from the description in the class doc.
    private static final String OF_ZEROS = "ywem-s494-asbv-nbsk-x9nw-j15h-jffb-p8n7";
    private static final String OF_COUNTING = "c966-v3ga-1wme-9ehd-r5xx-c1vy-p2f3-drmt";

    @Test
    void hasTheKnownAnswers() {
        assertEquals(OF_ZEROS, PublicKey.of(new byte[32]).fingerprint().toString());
        assertEquals(OF_COUNTING, counting().fingerprint().toString());
    }

    @Test
    void readsWhatItPrints() {
        assertEquals(counting().fingerprint(), Fingerprint.parse(OF_COUNTING));
        assertEquals(counting().fingerprint().hashCode(), Fingerprint.parse(OF_COUNTING).hashCode());
        assertNotEquals(counting().fingerprint(), Fingerprint.parse(OF_ZEROS));
    }

    @Test
    void ignoresCaseAndBlanksAround() {
        assertEquals(counting().fingerprint(), Fingerprint.parse("  " + OF_COUNTING.toUpperCase(Locale.ROOT) + "\t\n"));
    }

    @Test
    void refusesEveryProperBeginning() {
        for (int length = 0; length < OF_COUNTING.length(); length++) {
            String beginning = OF_COUNTING.substring(0, length);
            var refusal = assertThrows(IllegalArgumentException.class, () -> Fingerprint.parse(beginning));
            assertTrue(refusal.getMessage().contains("only " + length + " of the 39"), refusal.getMessage());
        }
    }

    @Test
    void refusesAnythingLonger() {
        assertThrows(IllegalArgumentException.class, () -> Fingerprint.parse(OF_COUNTING + "0"));
        assertThrows(IllegalArgumentException.class, () -> Fingerprint.parse(OF_COUNTING + "-c966"));
    }

    @Test
    void refusesEveryOtherCharacterAtEveryPlace() {
        for (int place = 0; place < OF_COUNTING.length(); place++) {
            char wrong = OF_COUNTING.charAt(place) == '-' ? '0' : '-';
            for (char character : new char[] {wrong, 'i', 'l', 'o', 'u', ' ', 'é', '\u0660', '\u212a'}) {
                var text = new StringBuilder(OF_COUNTING);
                text.setCharAt(place, character);
                String damaged = text.toString();
                assertThrows(IllegalArgumentException.class, () -> Fingerprint.parse(damaged), damaged);
            }
        }
    }

    @Test
    void changesWithEveryBitOfTheKey() {
        for (int bit = 0; bit < 256; bit++) {
            byte[] key = counting().bytes();
            key[bit / 8] ^= (byte) (1 << bit % 8);
            assertNotEquals(counting().fingerprint(), PublicKey.of(key).fingerprint());
        }
    }

    private static PublicKey counting() {
        byte[] bytes = new byte[32];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) i;
        }
        return PublicKey.of(bytes);
    }
}
