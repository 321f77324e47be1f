package dev.cipherlink.seal;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.cipherlink.crypto.PublicKey;
import dev.cipherlink.crypto.Sodium;
import java.util.Arrays;
import java.util.StringJoiner;

/// Words for two people to compare aloud: the same on both sides exactly if each has the other's real key.
///
/// 128 bits of BLAKE2b-512 over `cipherlink words`, a zero byte and both keys, the smaller one first, hashed 65,536 times more. A
/// server that shows each side a key of its own would have to find two of its keys that give the same words: 2^64 attempts of that
/// many hashes each, so 2^80. Each of the eight words is 16 bits: consonant, vowel, consonant, vowel, consonant.
public final class AuthenticationWords {
    private static final String CONSONANTS = "bdfghklmnprstvwz";
    private static final String VOWELS = "aeio";
    private static final int WORDS = 8;
    private static final int ROUNDS = 65_536;
    private static final byte[] LABEL = "cipherlink words\0".getBytes(US_ASCII);

    private AuthenticationWords() {
    }

    /// Eight words with a space between them; the order of the keys does not matter. Takes about a tenth of a second.
    public static String of(PublicKey one, PublicKey other) {
        byte[] first = one.bytes();
        byte[] second = other.bytes();
        boolean isInOrder = Arrays.compareUnsigned(first, second) <= 0;
        byte[] input = Arrays.copyOf(LABEL, LABEL.length + 2 * PublicKey.BYTES);
        System.arraycopy(isInOrder ? first : second, 0, input, LABEL.length, PublicKey.BYTES);
        System.arraycopy(isInOrder ? second : first, 0, input, LABEL.length + PublicKey.BYTES, PublicKey.BYTES);
        byte[] digest = new byte[Sodium.BLAKE2B_BYTES];
        Sodium.blake2b(digest, input, input.length);
        for (int i = 0; i < ROUNDS; i++) {
            byte[] next = new byte[Sodium.BLAKE2B_BYTES];
            Sodium.blake2b(next, digest, digest.length);
            digest = next;
        }
        var words = new StringJoiner(" ");
        for (int i = 0; i < WORDS; i++) {
            words.add(word((digest[2 * i] & 0xff) << 8 | digest[2 * i + 1] & 0xff));
        }
        return words.toString();
    }

    private static String word(int bits) {
        return "" + CONSONANTS.charAt(bits >> 12) + VOWELS.charAt(bits >> 10 & 3) + CONSONANTS.charAt(bits >> 6 & 15)
                + VOWELS.charAt(bits >> 4 & 3) + CONSONANTS.charAt(bits & 15);
    }
}
