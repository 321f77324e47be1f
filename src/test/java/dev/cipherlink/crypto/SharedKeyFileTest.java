package dev.cipherlink.crypto;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.peer.JavaProgram;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SharedKeyFileTest {

    private static final String MARKER = "0123456789abcdefFEDCBA9876543210";

    @TempDir
    Path folder;

    private Path file(String content, String mode) throws IOException {
        Path file = folder.resolve("key");
        Files.writeString(file, content, StandardCharsets.ISO_8859_1);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
        return file;
    }

    private static FileSystemException assertRefused(Path file, String reason) {
        var refusal = assertThrows(FileSystemException.class, () -> SharedKey.load(file).close());
        assertTrue(refusal.getMessage().contains(file.toString()), refusal.getMessage());
        assertTrue(refusal.getMessage().contains(reason), refusal.getMessage());
        assertFalse(refusal.getReason().replace(file.toString(), "").contains(MARKER.substring(0, 4)), "it shows the content");
        return refusal;
    }

    private static String mode(Path file) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    }

    @ParameterizedTest
    @ValueSource(strings = {"rw-------", "r--------"})
    void loadsAFileThatOnlyItsOwnerMayRead(String mode) throws IOException {
        try (var loaded = SharedKey.load(file(MARKER, mode));
             var expected = SharedKey.of(MARKER.getBytes(StandardCharsets.US_ASCII))) {
            assertEquals(expected.fingerprint(), loaded.fingerprint());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"rw-r--r--", "rw----r--", "rw-r-----", "rw--w----", "rw-----w-", "rwx------", "rw-rw-rw-",
            "rw------x"})
    void refusesAFileThatOthersMayTouch(String mode) throws IOException {
        assertRefused(file(MARKER, mode), "chmod 600");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "0123456789abcdefFEDCBA987654321", "0123456789abcdefFEDCBA9876543210x",
            "0123456789abcdefFEDCBA9876543210 and more", "0123456789abcdefFEDCBA9876543210\n", "0123456789abcdefFEDCBA987654321\n"})
    void refusesEverySizeButThirtyTwoBytes(String content) throws IOException {
        if (content.length() == 32) {
            // 31 bytes and a newline cannot be told from a key: the size alone decides.
            SharedKey.load(file(content, "rw-------")).close();
        } else {
            assertRefused(file(content, "rw-------"), "exactly 32 raw bytes, this one has " + content.length());
        }
    }

    @Test
    void refusesALinkEvenToAGoodFile() throws IOException {
        Path link = Files.createSymbolicLink(folder.resolve("link"), file(MARKER, "rw-------"));
        assertRefused(link, "regular file");
    }

    @Test
    void refusesAFolderAndAMissingFile() throws IOException {
        assertRefused(Files.createDirectory(folder.resolve("folder")), "regular file");
        assertRefused(folder.resolve("missing"), "keygen");
    }

    @Test
    void loadsWhatItSaved() throws IOException {
        Path file = folder.resolve("new/folder/key");
        try (var key = SharedKey.generate()) {
            key.save(file, false);
            assertEquals("rw-------", mode(file));
            assertEquals(32, Files.size(file));
            try (var loaded = SharedKey.load(file)) {
                assertEquals(key.fingerprint(), loaded.fingerprint());
            }
        }
    }

    @Test
    void neverReplacesAFileUnlessItIsTold() throws IOException {
        Path file = file(MARKER, "rw-------");
        try (var key = SharedKey.generate()) {
            var refusal = assertThrows(FileSystemException.class, () -> key.save(file, false));
            assertTrue(refusal.getMessage().contains("choose another name"), refusal.getMessage());
            assertEquals(MARKER, Files.readString(file, StandardCharsets.ISO_8859_1));
            key.save(file, true);
            try (var loaded = SharedKey.load(file)) {
                assertEquals(key.fingerprint(), loaded.fingerprint());
            }
        }
        assertOnlyTheKeyIsThere();
    }

    @Test
    void doesNotFollowALinkThatItIsToReplaceOrCreate() throws IOException {
        Path target = file(MARKER, "rw-------");
        Path link = Files.createSymbolicLink(folder.resolve("link"), target);
        Path dangling = Files.createSymbolicLink(folder.resolve("dangling"), folder.resolve("elsewhere"));
        try (var key = SharedKey.generate()) {
            assertThrows(FileSystemException.class, () -> key.save(link, false));
            assertThrows(FileSystemException.class, () -> key.save(dangling, false));
            assertFalse(Files.exists(folder.resolve("elsewhere")));
            key.save(link, true);
        }
        assertTrue(Files.isRegularFile(link, LinkOption.NOFOLLOW_LINKS));
        assertEquals(MARKER, Files.readString(target, StandardCharsets.ISO_8859_1));
    }

    /// Another process that has the old file open keeps the old key as a whole: the new one is another file.
    @Test
    void replacesAFileAsAWhole() throws IOException {
        Path file = file(MARKER, "rw-r--r--");
        try (var key = SharedKey.generate(); var open = Files.newInputStream(file)) {
            key.save(file, true);
            assertArrayEquals(MARKER.getBytes(StandardCharsets.US_ASCII), open.readAllBytes());
        }
        assertEquals("rw-------", mode(file));
        assertOnlyTheKeyIsThere();
    }

    /// A save that failed left the new key in a hidden file beside its target.
    @Test
    void leavesNothingBehindWhenItCannotReplaceTheTarget() throws IOException {
        Path target = Files.createDirectories(folder.resolve("key/inside")).getParent();
        try (var key = SharedKey.generate()) {
            assertThrows(IOException.class, () -> key.save(target, true));
        }
        assertOnlyTheKeyIsThere();
    }

    private void assertOnlyTheKeyIsThere() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(List.of(folder.resolve("key")), files.toList());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"000", "022", "077", "027"})
    void createsItsFileWithItsFinalModeUnderAnyUmask(String umask) throws IOException, InterruptedException {
        Path file = folder.resolve("key");
        var command = new ArrayList<>(List.of("sh", "-c", "umask " + umask + " && exec \"$0\" \"$@\""));
        command.addAll(JavaProgram.command(folder, List.of(), Saver.class, file.toString()));
        Process process = new ProcessBuilder(command).inheritIO().start();
        assertTrue(process.waitFor(60, TimeUnit.SECONDS));
        assertEquals(0, process.exitValue());
        assertEquals("rw-------", mode(file));
    }

    /// Runs in a process of its own, whose umask the test chooses.
    static final class Saver {
        private Saver() {
        }

        public static void main(String[] arguments) throws IOException {
            try (var key = SharedKey.generate()) {
                key.save(Path.of(arguments[0]), false);
                key.save(Path.of(arguments[0]), true);
            }
        }
    }
}
