package dev.cipherlink.server.access;

import static dev.cipherlink.server.access.AuthorizedKeysTest.key;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LastUsesTest {

    @TempDir
    Path folder;

    @Test
    void linesThatAreWrongArePassedOver() throws IOException {
        Path file = folder.resolve("used_keys");
        Files.writeString(file, "   \n\n \t\nx\n" + key(1).fingerprint() + " 2027-01-31T18:00:00Z\n" + key(2).fingerprint() + " soon\n");
        LastUses uses = LastUses.load(file);
        assertEquals(Optional.of(Instant.parse("2027-01-31T18:00:00Z")), uses.of(key(1)));
        assertEquals(Optional.empty(), uses.of(key(2)));
    }

    @Test
    void aSaveThatFailedIsTriedAgainWithoutANewUse() throws IOException {
        Path file = folder.resolve("used_keys");
        Path obstacle = Files.createDirectory(folder.resolve(".used_keys.lock"));
        LastUses uses = LastUses.load(file);
        uses.used(key(1));
        uses.save();
        assertFalse(Files.exists(file));
        Files.delete(obstacle);
        uses.save();
        assertTrue(LastUses.load(file).of(key(1)).isPresent());
    }
}
