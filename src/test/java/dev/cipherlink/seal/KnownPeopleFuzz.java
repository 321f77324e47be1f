package dev.cipherlink.seal;

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
import java.util.List;
import java.util.Optional;

/// A file of known people: its people, or the number of the line that is wrong. Somebody who stands there whole is never new.
public final class KnownPeopleFuzz implements FuzzTarget {
    private static final PublicKey KEY = PublicKey.of(new byte[32]);
    private static final PublicKey ANOTHER = PublicKey.of(new byte[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
        22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32});
    private static final String LINE = "a:1/ann cipherlink-x25519 " + PublicKeyLine.encodeKey(KEY) + " 2026-01-01T00:00:00Z";

    private final Path file;

    public KnownPeopleFuzz() throws IOException {
        Path folder = Files.createTempDirectory("known-people");
        file = folder.resolve("file");
        for (Path each : List.of(folder, folder.resolve(".file.lock"), file)) {
            each.toFile().deleteOnExit();
        }
    }

    @Override
    public byte[][] seeds() {
        return FuzzTarget.latin1(LINE + "\n", LINE + " verified\n# a comment\n", LINE + " read=2026-01-01T00:00:00.123Z verified\n",
                "b:1/ann x\n" + LINE, "a:1/ cipherlink-x25519\n", "a:1/bob another-type x y\n", "\n\n \t\r\n");
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
            var people = new KnownPeople(Optional.of(file), "a:1");
            boolean isKnown = people.find("ann").isPresent();
            assertTrue(isKnown || new String(input, StandardCharsets.ISO_8859_1).lines().noneMatch(LINE::equals));
            PublicKey met = people.meet("ann", ANOTHER).key();
            assertTrue(isKnown || met.equals(ANOTHER), "the first key stays");
            assertEquals(met, new KnownPeople(Optional.of(file), "a:1").find("ann").orElseThrow().key());
            return true;
        } catch (KeyLineException e) {
            assertTrue(e.line() >= 1 && e.getMessage().contains(file.getFileName() + ":" + e.line() + ": "), e.getMessage());
            return false;
        }
    }
}
