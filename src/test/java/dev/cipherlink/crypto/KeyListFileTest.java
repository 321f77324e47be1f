package dev.cipherlink.crypto;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.peer.OtherUser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KeyListFileTest {

    @TempDir
    Path folder;
    private Path path;
    private KeyListFile file;

    @BeforeEach
    void nameTheFile() {
        path = folder.resolve("keys");
        file = new KeyListFile(path);
    }

    @Test
    void aFileThatDoesNotExistHasNoLinesAndIsMadeWithMode0600() throws IOException {
        assertTrue(file.read().isEmpty());
        assertEquals(List.of("a"), file.update(lines -> plus(lines, "a")));
        assertEquals(List.of("a"), file.read().orElseThrow().lines());
        assertEquals("rw-------", mode(path));
    }

    @Test
    void keepsEveryByteOfTheLinesItDoesNotChange() throws IOException {
        byte[] before = "# caf\u00e9 \u0080\u00ff\r\n\n  key\t\n\u0000\n".getBytes(ISO_8859_1);
        Files.write(path, before);

        file.update(lines -> plus(lines, "more"));

        assertArrayEquals((new String(before, ISO_8859_1) + "more\n").getBytes(ISO_8859_1), Files.readAllBytes(path));
    }

    @Test
    void endsALastLineThatHadNoEnd() throws IOException {
        Files.writeString(path, "a\nb");
        file.update(lines -> plus(lines, "c"));
        assertEquals("a\nb\nc\n", Files.readString(path));
    }

    @Test
    void keepsTheModeOfAFileThatOthersMayRead() throws IOException {
        Files.writeString(path, "a\n");
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-r-----"));
        file.update(lines -> plus(lines, "b"));
        assertEquals("rw-r-----", mode(path));
    }

    /// A server of another group reads the file through its group.
    @Test
    void keepsTheGroupOfTheFile() throws IOException {
        OtherUser.assume();
        Files.writeString(path, "a\n");
        var group = path.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByGroupName("nogroup");
        Files.getFileAttributeView(path, PosixFileAttributeView.class).setGroup(group);
        file.update(lines -> plus(lines, "b"));
        assertEquals(group, Files.readAttributes(path, PosixFileAttributes.class).group());
    }

    @ParameterizedTest
    @ValueSource(strings = {"rw--w----", "rw-----w-", "rw-rw-r--"})
    void refusesAFileThatOthersMayWrite(String mode) throws IOException {
        Files.writeString(path, "a\n");
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(mode));

        var refusal = assertThrows(IOException.class, file::read);
        assertTrue(refusal.getMessage().contains("chmod go-w " + path), refusal.getMessage());
        assertThrows(IOException.class, () -> file.update(lines -> plus(lines, "b")));
        assertEquals("a\n", Files.readString(path));
    }

    @Test
    void refusesFoldersAndFilesThatAreTooLarge() throws IOException {
        Path large = folder.resolve("large");
        Files.write(large, new byte[KeyListFile.MAX_BYTES + 1]);

        assertThrows(IOException.class, () -> new KeyListFile(folder).read());
        assertThrows(IOException.class, () -> new KeyListFile(large).read());
    }

    @Test
    void changesTheFileBehindALinkAndKeepsTheLink() throws IOException {
        Files.writeString(path, "a\n");
        Path link = Files.createSymbolicLink(folder.resolve("link"), path);
        new KeyListFile(link).update(lines -> plus(lines, "b"));

        assertTrue(Files.isSymbolicLink(link));
        assertEquals("a\nb\n", Files.readString(path));
    }

    @Test
    void anEditThatRefusesLeavesTheFileAndNothingElseBehind() throws IOException {
        Files.writeString(path, "a\n");
        assertThrows(IOException.class, () -> file.update(lines -> {
            throw new IOException("no");
        }));
        assertEquals("a\n", Files.readString(path));
        assertEquals(List.of(".keys.lock", "keys"), names());
        file.update(lines -> plus(lines, "b"));
        assertEquals(List.of(".keys.lock", "keys"), names());
    }

    @Test
    void anEditThatChangesNothingDoesNotWrite() throws IOException {
        Files.writeString(path, "a");
        Object fileKey = file.read().orElseThrow().fileKey();
        file.update(lines -> lines);
        assertEquals("a", Files.readString(path));
        assertEquals(fileKey, file.read().orElseThrow().fileKey());
    }

    @Test
    void ofManyUpdatesAtOnceNoneIsLost() throws Exception {
        Callable<List<String>> all = () -> new KeyListFile(path).update(lines -> plus(lines, "line " + lines.size()));
        try (var threads = Executors.newFixedThreadPool(8)) {
            for (var update : threads.invokeAll(Collections.nCopies(64, all))) {
                update.get();
            }
        }
        assertEquals(IntStream.range(0, 64).mapToObj(i -> "line " + i).toList(), file.read().orElseThrow().lines());
    }

    @Test
    void aReaderSeesTheOldLinesOrTheNewOnes() throws Exception {
        List<String> few = IntStream.range(0, 10).mapToObj(i -> "few").toList();
        List<String> many = IntStream.range(0, 10_000).mapToObj(i -> "many").toList();
        file.update(lines -> few);
        var done = new AtomicBoolean();
        try (var threads = Executors.newSingleThreadExecutor()) {
            var reads = threads.submit(() -> {
                int count = 0;
                for (; !done.get() || count == 0; count++) {
                    List<String> seen = file.read().orElseThrow().lines();
                    assertTrue(seen.equals(few) || seen.equals(many), () -> seen.size() + " lines");
                }
                return count;
            });
            try {
                for (int i = 0; i < 40; i++) {
                    file.update(lines -> lines.equals(few) ? many : few);
                }
            } finally {
                done.set(true);
            }
            assertTrue(reads.get() > 0);
        }
        assertFalse(Files.readString(path).isEmpty());
    }

    private static List<String> plus(List<String> lines, String line) {
        var longer = new ArrayList<>(lines);
        longer.add(line);
        return longer;
    }

    private static String mode(Path file) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    }

    private List<String> names() throws IOException {
        try (var files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }
}
