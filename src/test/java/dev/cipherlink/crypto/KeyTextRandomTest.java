package dev.cipherlink.crypto;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.crypto.IdentityFile.PassphraseSource;
import dev.cipherlink.random.Damage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import org.junit.jupiter.api.Test;

/// Whatever stands in a key line, a fingerprint or a private key file: a key, or the documented refusal, which quotes
/// nothing of it.
class KeyTextRandomTest {

    private static final Path FILE = Path.of("the-file");
    private static final String KEY = Base64.getEncoder().encodeToString(new byte[32]);
    private static final String OTHER_KEY = "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=";
    private static final PassphraseSource NO_PASSPHRASE = file -> {
        throw new FileSystemException(file.toString(), null, "nobody to ask");
    };

    private int accepted;
    private int refused;

    private static byte[][] bytes(String... samples) {
        return Arrays.stream(samples).map(text -> text.getBytes(StandardCharsets.ISO_8859_1)).toArray(byte[][]::new);
    }

    private void assertBothHappened(int rounds) {
        assertTrue(accepted > rounds / 20 && refused > rounds / 4, accepted + " accepted, " + refused + " refused");
    }

    @Test
    void publicKeyLinesAreReadOrRefused() {
        byte[][] samples = bytes("cipherlink-x25519 " + KEY + " ann", "cipherlink-x25519\t" + OTHER_KEY + "  bob.b-b_1 ",
                "ssh-ed25519 AAAA x", KEY, "cipherlink-x25519 \u00a0\u0085 " + KEY);
        var damage = new Damage(14);
        int rounds = Damage.rounds(40_000);
        for (int round = 0; round < rounds; round++) {
            var line = new String(damage.of(samples, 3), StandardCharsets.ISO_8859_1);
            try {
                PublicKeyLine parsed = PublicKeyLine.parse(line);
                assertEquals(parsed, PublicKeyLine.parse(parsed.encode()));
                assertTrue(PublicKeyLine.isName(parsed.name()) && line.contains(parsed.name()));
                accepted++;
            } catch (IllegalArgumentException e) {
                refuse(e, IllegalArgumentException.class, line);
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError("on line " + line, e);
            }
        }
        assertBothHappened(rounds);
    }

    @Test
    void fingerprintsAreReadOrRefused() {
        String printed = PublicKey.of(new byte[32]).fingerprint().toString();
        byte[][] samples = bytes(printed, printed.toUpperCase(java.util.Locale.ROOT), " " + printed + "\n");
        var damage = new Damage(15);
        int rounds = Damage.rounds(40_000);
        for (int round = 0; round < rounds; round++) {
            var text = new String(damage.of(samples, 3), StandardCharsets.ISO_8859_1);
            try {
                Fingerprint parsed = Fingerprint.parse(text);
                assertEquals(parsed, Fingerprint.parse(parsed.toString()));
                accepted++;
            } catch (IllegalArgumentException e) {
                refuse(e, IllegalArgumentException.class, "\0");
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError("on text " + text, e);
            }
        }
        assertBothHappened(rounds);
    }

    /// Not with a passphrase at hand: each derivation takes a tenth of a second. What follows it is a secretbox.
    @Test
    void privateKeyFilesAreReadOrRefused() {
        String salt = Base64.getEncoder().encodeToString(new byte[16]);
        String box = Base64.getEncoder().encodeToString(new byte[24 + 48]);
        byte[][] samples = bytes("cipherlink-identity 1 plain\n" + OTHER_KEY + "\n",
                "cipherlink-identity 1 plain\n" + KEY, "cipherlink-identity 1 argon2id 2 67108864 " + salt + "\n" + box + "\n",
                "cipherlink-identity 2 plain\n" + KEY + "\n", "-----BEGIN OPENSSH PRIVATE KEY-----\n");
        var damage = new Damage(16);
        int rounds = Damage.rounds(40_000);
        for (int round = 0; round < rounds; round++) {
            byte[] content = damage.of(samples, 2);
            try {
                byte[] before = content.clone();
                byte[] secret = IdentityFile.decode(FILE, content, NO_PASSPHRASE);
                assertEquals(32, secret.length);
                assertFalse(IdentityFile.isEncrypted(FILE, content));
                assertArrayEquals(before, content);
                accepted++;
            } catch (FileSystemException e) {
                refuse(e, FileSystemException.class, OTHER_KEY);
            } catch (IOException | RuntimeException | AssertionError e) {
                throw new AssertionError("on content " + Arrays.toString(content), e);
            }
        }
        assertBothHappened(rounds);
    }

    /// @param exact that it is this and not a kind of it, such as NumberFormatException by accident
    private void refuse(Exception e, Class<?> exact, String secret) {
        assertEquals(exact, e.getClass());
        String message = e.getMessage();
        assertTrue(message.length() > 10 && message.chars().allMatch(c -> c >= ' ' && c < 0x7f), message);
        // A piece of what stands there, long enough not to be part of our own words by accident.
        for (String word : secret.split("\\s+")) {
            assertFalse(word.length() >= 20 && message.contains(word), message);
        }
        refused++;
    }
}
