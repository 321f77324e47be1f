package dev.cipherlink.server.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.crypto.KeyListFile.KeyLineException;
import dev.cipherlink.random.Damage;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Whatever lines stand in an authorized-keys file: keys that can be written back, or the number of the line that is
/// wrong.
@Tag("slow")
class AuthorizedKeysRandomTest {

    private static final Path FILE = Path.of("the-file");

    private static String key(int number) {
        byte[] key = new byte[32];
        key[0] = (byte) number;
        return Base64.getEncoder().encodeToString(key);
    }

    @Test
    void linesAreReadOrTheFirstWrongOneIsNamed() {
        byte[][] samples = Stream.of("cipherlink-x25519 " + key(1) + " ann operator", "# a comment", "",
                "cipherlink-x25519 " + key(2) + " bob forward=127.0.0.1:80,[::1]:443 operator",
                "cipherlink-x25519 " + key(3) + " carol", "\tcipherlink-x25519  " + key(4) + "\tdave\r",
                "cipherlink-x25519 " + key(5) + " Ann", "cipherlink-x25519 " + key(1) + " eve forward=\u00e9")
                .map(text -> text.getBytes(StandardCharsets.ISO_8859_1)).toArray(byte[][]::new);
        var damage = new Damage(17);
        int accepted = 0;
        int refused = 0;
        int rounds = Damage.rounds(30_000);
        for (int round = 0; round < rounds; round++) {
            var lines = new ArrayList<String>();
            for (int i = damage.random().nextInt(5); i >= 0; i--) {
                lines.add(new String(damage.of(samples, 1), StandardCharsets.ISO_8859_1).replace('\n', ' '));
            }
            try {
                checkPromises(KeySet.parse(FILE, lines), lines);
                accepted++;
            } catch (KeyLineException e) {
                assertTrue(e.line() >= 1 && e.line() <= lines.size());
                assertTrue(e.getMessage().startsWith("the-file:" + e.line() + ": "), e.getMessage());
                assertTrue(e.getMessage().chars().allMatch(c -> c >= ' ' && c < 0x7f), e.getMessage());
                refused++;
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError("on lines " + lines, e);
            }
        }
        assertTrue(accepted > rounds / 10 && refused > rounds / 4, accepted + " accepted, " + refused + " refused");
    }

    private static void checkPromises(KeySet keys, List<String> lines) throws KeyLineException {
        assertEquals(lines.stream().filter(line -> !KeySet.isIdle(line)).count(), keys.keys().size());
        var names = new HashSet<String>();
        for (AuthorizedKey key : keys.keys()) {
            assertTrue(names.add(KeySet.fold(key.name())));
            assertEquals(key, keys.byKey().get(key.key()));
            assertTrue(!key.rights().isOperator() || Arrays.asList(key.encode().split(" ")).contains("operator"));
        }
        assertEquals(keys, KeySet.parse(FILE, keys.keys().stream().map(AuthorizedKey::encode).toList()));
    }
}
