package dev.cipherlink.crypto;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// A public key in a form for reading aloud and comparing: 160 bits as `8h3k-0c5t-w9e2-zrqj-4m7x-n1av-6pds-gbfy`.
///
/// The bits are the first 20 bytes of BLAKE2b-512 over the ASCII label `cipherlink public key fingerprint`, one zero byte
/// and the 32 bytes of the key. They are written in lower-case Crockford base 32: `0123456789` and
/// `abcdefghjkmnpqrstvwxyz`, without `i`, `l`, `o` and `u`, so that no two characters look alike.
///
/// Immutable; compared as a whole only. Prefixes cannot be compared on purpose: it is cheap to find a key whose
/// fingerprint begins like another one's.
public final class Fingerprint {

    private static final String ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
    private static final String LABEL = "cipherlink public key fingerprint\0";
    private static final int BITS_PER_CHARACTER = 5;
    private static final int GROUPS = 8;
    private static final int GROUP_CHARACTERS = 4;
    private static final int CHARACTERS = GROUPS * GROUP_CHARACTERS;
    private static final int BYTES = CHARACTERS * BITS_PER_CHARACTER / 8;
    private static final int PRINTED_CHARACTERS = CHARACTERS + GROUPS - 1;

    private final String printed;

    private Fingerprint(String printed) {
        this.printed = printed;
    }

    static Fingerprint of(PublicKey key) {
        byte[] label = LABEL.getBytes(StandardCharsets.US_ASCII);
        byte[] input = Arrays.copyOf(label, label.length + PublicKey.BYTES);
        System.arraycopy(key.bytes(), 0, input, label.length, PublicKey.BYTES);
        byte[] digest = new byte[Sodium.BLAKE2B_BYTES];
        Sodium.blake2b(digest, input, input.length);
        return new Fingerprint(print(Arrays.copyOf(digest, BYTES)));
    }

    /// Parses the form of [#toString]. Ignores case and surrounding blanks, nothing else.
    ///
    /// @throws IllegalArgumentException if it is not a whole fingerprint; the message says why
    public static Fingerprint parse(String text) {
        String candidate = asciiLowerCase(text.strip());
        if (candidate.length() < PRINTED_CHARACTERS) {
            throw new IllegalArgumentException("a fingerprint is compared whole: " + GROUPS + " groups of "
                    + GROUP_CHARACTERS + " characters joined by -, this has only " + candidate.length() + " of the "
                    + PRINTED_CHARACTERS + " characters");
        }
        if (candidate.length() > PRINTED_CHARACTERS) {
            throw new IllegalArgumentException("a fingerprint has " + PRINTED_CHARACTERS + " characters, this has "
                    + candidate.length());
        }
        for (int i = 0; i < PRINTED_CHARACTERS; i++) {
            requireFits(candidate.charAt(i), i);
        }
        return new Fingerprint(candidate);
    }

    /// Unlike `String.toLowerCase`, does not turn the Kelvin sign into `k`.
    private static String asciiLowerCase(String text) {
        var lower = new StringBuilder(text);
        for (int i = 0; i < lower.length(); i++) {
            char character = lower.charAt(i);
            if (character >= 'A' && character <= 'Z') {
                lower.setCharAt(i, (char) (character - 'A' + 'a'));
            }
        }
        return lower.toString();
    }

    private static void requireFits(char character, int position) {
        boolean separator = position % (GROUP_CHARACTERS + 1) == GROUP_CHARACTERS;
        if (separator ? character != '-' : ALPHABET.indexOf(character) < 0) {
            throw new IllegalArgumentException("character " + (position + 1) + " of a fingerprint must be "
                    + (separator ? "-" : "a digit or a letter other than i, l, o, u"));
        }
    }

    private static String print(byte[] bits) {
        var text = new StringBuilder(PRINTED_CHARACTERS);
        int pending = 0;
        int pendingBits = 0;
        for (byte next : bits) {
            pending = pending << 8 | next & 0xFF;
            pendingBits += 8;
            while (pendingBits >= BITS_PER_CHARACTER) {
                pendingBits -= BITS_PER_CHARACTER;
                if (text.length() % (GROUP_CHARACTERS + 1) == GROUP_CHARACTERS) {
                    text.append('-');
                }
                text.append(ALPHABET.charAt(pending >>> pendingBits & 31));
                pending &= (1 << pendingBits) - 1;
            }
        }
        return text.toString();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Fingerprint fingerprint && printed.equals(fingerprint.printed);
    }

    @Override
    public int hashCode() {
        return printed.hashCode();
    }

    /// Eight groups of four characters joined by `-`.
    @Override
    public String toString() {
        return printed;
    }
}
