package dev.cipherlink.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.crypto.KeyListFile.KeyLineException;
import dev.cipherlink.crypto.PublicKey;
import dev.cipherlink.crypto.PublicKeyLine;
import dev.cipherlink.fuzz.FuzzTarget;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;

/// A known-hosts file: a verdict, or the number of the line that is wrong. A server whose key stands there whole is never new.
public final class KnownHostsFuzz implements FuzzTarget {
    private static final PublicKey KEY = PublicKey.of(new byte[32]);
    private static final String OTHER = Base64.getEncoder().encodeToString("another key of thirty-two bytes!".getBytes(
            StandardCharsets.US_ASCII));

    private final Path file;

    public KnownHostsFuzz() throws IOException {
        file = Files.createTempFile("known-hosts", "");
        file.toFile().deleteOnExit();
    }

    @Override
    public byte[][] seeds() {
        String key = PublicKeyLine.encodeKey(KEY);
        return FuzzTarget.latin1("a:1 cipherlink-x25519 " + key + " 2026-01-01T00:00:00Z\n",
                "a:1 cipherlink-x25519 " + OTHER + "\n", "b:2 cipherlink-x25519 " + key + "\n# a comment\n",
                "a:1 another-type " + key + "\n", "[::1]:8888 cipherlink-x25519 " + OTHER + " x\n", "\n\n \t\r\n");
    }

    /// Each writes a file.
    @Override
    public int rounds() {
        return 300;
    }

    @Override
    public boolean accepts(byte[] input) throws IOException {
        Files.write(file, input);
        try {
            switch (new KnownHosts(file).lookup("a", 1, KEY)) {
                case KnownHosts.Lookup.Known _ -> { }
                case KnownHosts.Lookup.Changed found ->
                        assertTrue(found.line() >= 1 && !found.stored().equals(KEY.fingerprint()));
                case KnownHosts.Lookup.Unknown _ -> assertEquals(0, wholeLines(input), "a key of this server stands there");
            }
            return true;
        } catch (KeyLineException e) {
            assertTrue(e.line() >= 1 && e.getMessage().contains(file.getFileName() + ":" + e.line() + ": "), e.getMessage());
            return false;
        }
    }

    /// Lines about the server in question that are not damaged, by the simplest means.
    private static long wholeLines(byte[] content) {
        return Arrays.stream(new String(content, StandardCharsets.ISO_8859_1).split("\n"))
                .filter(line -> line.equals("a:1 cipherlink-x25519 " + OTHER)
                        || line.equals("a:1 cipherlink-x25519 " + PublicKeyLine.encodeKey(KEY)))
                .count();
    }
}
