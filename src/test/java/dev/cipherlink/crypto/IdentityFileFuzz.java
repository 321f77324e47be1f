package dev.cipherlink.crypto;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.cipherlink.crypto.IdentityFile.PassphraseSource;
import dev.cipherlink.fuzz.FuzzTarget;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.Base64;

/// A private key file: a key, or a refusal that quotes nothing of it. Without the passphrase at hand: each derivation takes a tenth of a
/// second, and what follows it is a secretbox.
public final class IdentityFileFuzz implements FuzzTarget {
    private static final Path FILE = Path.of("the-file");
    private static final String KEY = Base64.getEncoder().encodeToString(new byte[32]);
    private static final String OTHER_KEY = "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=";
    private static final PassphraseSource NO_PASSPHRASE = file -> {
        throw new FileSystemException(file.toString(), null, "nobody to ask");
    };

    @Override
    public byte[][] seeds() {
        String salt = Base64.getEncoder().encodeToString(new byte[16]);
        String box = Base64.getEncoder().encodeToString(new byte[24 + 48]);
        return FuzzTarget.latin1("cipherlink-identity 1 plain\n" + OTHER_KEY + "\n", "cipherlink-identity 1 plain\n" + KEY,
                "cipherlink-identity 1 argon2id 2 67108864 " + salt + "\n" + box + "\n",
                "cipherlink-identity 2 plain\n" + KEY + "\n", "-----BEGIN OPENSSH PRIVATE KEY-----\n");
    }

    @Override
    public boolean accepts(byte[] input) throws IOException {
        try {
            assertEquals(32, IdentityFile.decode(FILE, input, NO_PASSPHRASE).length);
            assertFalse(IdentityFile.isEncrypted(FILE, input));
            return true;
        } catch (FileSystemException e) {
            assertEquals(FileSystemException.class, e.getClass());
            assertQuotesNothing(e.getMessage(), new String(input, StandardCharsets.ISO_8859_1));
            return false;
        }
    }

    /// Pieces of the input long enough not to be part of our own words by accident.
    static void assertQuotesNothing(String message, String input) {
        FuzzTarget.assertLine(message);
        for (String word : input.split("\\s+")) {
            assertFalse(word.length() >= 25 && message.contains(word), message);
        }
    }
}
