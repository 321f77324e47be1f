package dev.cipherlink.crypto;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.peer.OtherUser;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PasswordFileTest {
    @TempDir
    Path folder;

    private static Path written(Path file, String content, String mode) throws IOException {
        Files.writeString(file, content);
        return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
    }

    @ParameterizedTest
    @ValueSource(strings = {"open sesame", "open sesame\n", "open sesame\r\n", "open sesame\nsecond line\n"})
    void itsFirstLineCounts(String content) throws IOException {
        Path file = written(folder.resolve("p"), content, "rw-------");
        assertArrayEquals("open sesame".getBytes(StandardCharsets.UTF_8), PasswordFile.firstLine(file));
        assertArrayEquals("open sesame".toCharArray(), PasswordFile.passphrase(Files.createSymbolicLink(folder.resolve("link"), file)));
    }

    @Test
    void bytesAndCharactersAreTheSameText() throws IOException {
        assertArrayEquals("Zo\u00eb \ud83d\udd11".toCharArray(),
                PasswordFile.passphrase(written(folder.resolve("p"), "Zo\u00eb \ud83d\udd11\n", "r--------")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"rw-r-----", "rw----r--", "rw--w----", "rwx------"})
    void isRefusedIfOthersMayUseIt(String mode) throws IOException {
        Path file = written(folder.resolve("p"), "MARKER", mode);
        String reason = assertThrows(FileSystemException.class, () -> PasswordFile.firstLine(file)).getMessage();
        assertTrue(reason.contains(": run chmod ") && !reason.contains("MARKER"), reason);
        assertEquals(reason, assertThrows(FileSystemException.class, () -> PasswordFile.lines(file)).getMessage());
    }

    @Test
    void isRefusedIfItIsEmptyOrLarge() throws IOException {
        Path empty = written(folder.resolve("empty"), "\nMARKER\n", "rw-------");
        assertTrue(assertThrows(IOException.class, () -> PasswordFile.firstLine(empty)).getMessage().endsWith("its first line is empty"));
        Path large = written(folder.resolve("large"), "x".repeat(4_097), "rw-------");
        assertTrue(assertThrows(IOException.class, () -> PasswordFile.firstLine(large)).getMessage().endsWith("has at most 4096"));
        assertThrows(IOException.class, () -> PasswordFile.firstLine(folder.resolve("missing")));
    }

    /// systemd gives the service an entry in an access control list, whose mask shows as the group's right.
    @Test
    void aCredentialOfSystemdMayLookReadableForRootsGroup() throws IOException {
        OtherUser.assume();
        Path elsewhere = written(folder.resolve("p"), "x", "r--r-----");
        assertThrows(IOException.class, () -> PasswordFile.firstLine(elsewhere));
        Path parent = Path.of("/run/credentials");
        boolean isMade = Files.notExists(parent);
        Path unit = Files.createDirectories(parent.resolve("cipherlink-test-" + ProcessHandle.current().pid()));
        try {
            Path file = written(unit.resolve("secret"), "open sesame\n", "r--r-----");
            assertEquals("open sesame", new String(PasswordFile.passphrase(file)));
            assertEquals("this is no private key file: its first line must begin with \"cipherlink-identity 1\"; `cipherlink keygen identity` makes one",
                    assertThrows(FileSystemException.class, () -> Identity.load(file, _ -> new char[0])).getReason());
            for (String mode : new String[] {"r--r--r--", "r--rw----", "rw-r-----"}) {
                written(file, "x", mode);
                assertThrows(IOException.class, () -> PasswordFile.firstLine(file), mode);
            }
            OtherUser.own(written(file, "x", "r--r-----"));
            assertThrows(IOException.class, () -> PasswordFile.firstLine(file));
        } finally {
            Files.delete(unit.resolve("secret"));
            Files.delete(unit);
            if (isMade) {
                Files.delete(parent);
            }
        }
    }
}
