package dev.cipherlink.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.crypto.KeyListFile.KeyLineException;
import dev.cipherlink.crypto.PublicKey;
import dev.cipherlink.crypto.PublicKeyLine;
import dev.cipherlink.random.Damage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Base64;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Whatever stands in a known-hosts file: a verdict, or the number of the line that is wrong. A server whose key stands
/// there whole is never new.
@Tag("slow")
class KnownHostsRandomTest {

    private static final PublicKey KEY = PublicKey.of(new byte[32]);
    private static final String OTHER = Base64.getEncoder().encodeToString("another key of thirty-two bytes!".getBytes(
            StandardCharsets.US_ASCII));

    @TempDir
    Path folder;
    private int known;
    private int changed;
    private int unknown;
    private int refused;

    @Test
    void linesGiveAVerdictOrTheWrongOneIsNamed() throws IOException {
        String key = PublicKeyLine.encodeKey(KEY);
        byte[][] samples = Stream.of("a:1 cipherlink-x25519 " + key + " 2026-01-01T00:00:00Z\n",
                "a:1 cipherlink-x25519 " + OTHER + "\n", "b:2 cipherlink-x25519 " + key + "\n# a comment\n",
                "a:1 another-type " + key + "\n", "[::1]:8888 cipherlink-x25519 " + OTHER + " x\n", "\n\n \t\r\n")
                .map(text -> text.getBytes(StandardCharsets.ISO_8859_1)).toArray(byte[][]::new);
        Path file = Files.createFile(folder.resolve("known-hosts"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        var hosts = new KnownHosts(file);
        var damage = new Damage(18);
        int rounds = Damage.rounds(1_000);
        for (int round = 0; round < rounds; round++) {
            byte[] content = damage.of(samples, 4);
            Files.write(file, content);
            tryOne(hosts, content);
        }
        assertTrue(known > rounds / 50 && changed > rounds / 50 && unknown > rounds / 20 && refused > rounds / 100,
                known + " known, " + changed + " changed, " + unknown + " unknown, " + refused + " refused");
    }

    private void tryOne(KnownHosts hosts, byte[] content) {
        try {
            switch (hosts.lookup("a", 1, KEY)) {
                case KnownHosts.Lookup.Known _ -> known++;
                case KnownHosts.Lookup.Changed found -> {
                    assertTrue(found.line() >= 1 && !found.stored().equals(KEY.fingerprint()));
                    changed++;
                }
                case KnownHosts.Lookup.Unknown found -> {
                    assertTrue(wholeLines(content) == 0, "a key of this server stands there");
                    unknown++;
                }
            }
        } catch (KeyLineException e) {
            assertTrue(e.line() >= 1 && e.getMessage().contains("known-hosts:" + e.line() + ": "), e.getMessage());
            refused++;
        } catch (IOException | RuntimeException | AssertionError e) {
            throw new AssertionError("on content " + Arrays.toString(content), e);
        }
    }

    /// Lines about the server in question that are not damaged, by the simplest means.
    private static long wholeLines(byte[] content) {
        return Arrays.stream(new String(content, StandardCharsets.ISO_8859_1).split("\n"))
                .filter(line -> line.equals("a:1 cipherlink-x25519 " + OTHER)
                        || line.equals("a:1 cipherlink-x25519 " + PublicKeyLine.encodeKey(KEY)))
                .count();
    }

    @Test
    void theNameOfAServerIsTheSameHoweverItIsWritten() {
        assertEquals("[::1]:8888", KnownHosts.name("[::1]", 8888));
        assertEquals("example.org:1", KnownHosts.name("EXAMPLE.org", 1));
    }
}
