package dev.cipherlink.crypto;

import java.util.Base64;
import java.util.regex.Pattern;

/// A public key in the text form that people exchange: `cipherlink-x25519 <base64> <name>`.
///
/// @param name of the owner: 1 to 32 ASCII letters, digits, `.`, `_` and `-`, beginning with a letter or a digit
public record PublicKeyLine(PublicKey key, String name) {

    /// The first word, which is the key type.
    public static final String KEY_TYPE = "cipherlink-x25519";

    /// Maximum length of a name.
    public static final int MAX_NAME_CHARACTERS = 32;

    /// ASCII only: names in other scripts can look like each other, or like nothing at all.
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0," + (MAX_NAME_CHARACTERS - 1) + "}");
    private static final Pattern BLANKS = Pattern.compile("\\s+");

    public PublicKeyLine {
        requireName(name);
    }

    /// Whether this is a valid name.
    public static boolean isName(String name) {
        return NAME.matcher(name).matches();
    }

    /// @throws IllegalArgumentException if it is no valid name; the message says which names are
    public static void requireName(String name) {
        if (!isName(name)) {
            throw new IllegalArgumentException("bad name: a name has 1 to " + MAX_NAME_CHARACTERS
                    + " ASCII letters, digits, '.', '_' and '-', and begins with a letter or a digit");
        }
    }

    /// @throws IllegalArgumentException if it is no such line; the message says why and quotes nothing
    public static PublicKeyLine parse(String line) {
        String[] words = BLANKS.split(line.startsWith("\uFEFF") ? line.substring(1).strip() : line.strip());
        if (words.length != 3) {
            throw new IllegalArgumentException("a public key line is: " + KEY_TYPE + " <base64> <name>; this has "
                    + (line.isBlank() ? "no words" : words.length + (words.length == 1 ? " word" : " words")));
        }
        requireKeyType(words[0]);
        return new PublicKeyLine(parseKey(words[1]), words[2]);
    }

    /// @throws IllegalArgumentException if the word is not our key type
    public static void requireKeyType(String word) {
        if (!word.equals(KEY_TYPE)) {
            throw new IllegalArgumentException("a public key line begins with " + KEY_TYPE);
        }
    }

    /// Parses the key alone: padded base64 of 32 bytes.
    ///
    /// @throws IllegalArgumentException if it is anything else; the message does not quote it, because it may be a
    ///     misplaced secret
    public static PublicKey parseKey(String base64) {
        byte[] bytes;
        try {
            bytes = Base64.getDecoder().decode(base64);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("bad base64 in the key");
        }
        if (bytes.length != PublicKey.BYTES || !encodeKey(bytes).equals(base64)) {
            throw new IllegalArgumentException("bad base64 in the key: it must be " + PublicKey.BYTES
                    + " bytes in their one padded form, 44 characters");
        }
        return PublicKey.of(bytes);
    }

    /// The key alone, in base64.
    public static String encodeKey(PublicKey key) {
        return encodeKey(key.bytes());
    }

    private static String encodeKey(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }

    /// The line, without a line end.
    public String encode() {
        return KEY_TYPE + " " + encodeKey(key) + " " + name;
    }
}
