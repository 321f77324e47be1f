package dev.cipherlink.server.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.crypto.KeyListFile.KeyLineException;
import dev.cipherlink.fuzz.FuzzTarget;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;

/// The lines of an authorized-keys file: keys that can be written back, or the number of the line that is wrong.
public final class AuthorizedKeysFuzz implements FuzzTarget {
    private static final Path FILE = Path.of("the-file");

    private static String key(int number) {
        byte[] key = new byte[32];
        key[0] = (byte) number;
        return Base64.getEncoder().encodeToString(key);
    }

    @Override
    public byte[][] seeds() {
        return FuzzTarget.latin1("cipherlink-x25519 " + key(1) + " ann operator", "# a comment", "",
                "cipherlink-x25519 " + key(2) + " bob forward=127.0.0.1:80,[::1]:443 operator",
                "cipherlink-x25519 " + key(3) + " carol", "\tcipherlink-x25519  " + key(4) + "\tdave\r",
                "cipherlink-x25519 " + key(5) + " Ann", "cipherlink-x25519 " + key(1) + " eve forward=\u00e9",
                "cipherlink-x25519 " + key(6) + " frank\n# a comment\ncipherlink-x25519 " + key(7) + " grace operator");
    }

    @Override
    public boolean accepts(byte[] input) throws KeyLineException {
        List<String> lines = List.of(new String(input, StandardCharsets.ISO_8859_1).split("\n", -1));
        KeySet keys;
        try {
            keys = KeySet.parse(FILE, lines);
        } catch (KeyLineException e) {
            assertTrue(e.line() >= 1 && e.line() <= lines.size());
            assertTrue(e.getMessage().startsWith("the-file:" + e.line() + ": "), e.getMessage());
            FuzzTarget.assertLine(e.getMessage());
            return false;
        }
        checkPromises(keys, lines);
        return true;
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
