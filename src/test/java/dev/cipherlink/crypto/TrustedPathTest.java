package dev.cipherlink.crypto;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.peer.OtherUser;
import java.io.IOException;
import java.nio.channels.Pipe;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Issue 13.14: paths that somebody else could change.
class TrustedPathTest {
    @TempDir
    Path folder;
    private Path file;

    @BeforeEach
    void makeFile() throws IOException {
        file = Files.writeString(Files.createDirectories(folder.resolve("a/b")).resolve("file"), "x");
    }

    private static void mode(Path path, int mode) throws IOException {
        Files.setAttribute(path, "unix:mode", mode);
    }

    private void assertRefused(Path path, String reason) {
        var refusal = assertThrows(FileSystemException.class, () -> TrustedPath.resolve(path));
        assertEquals(path.toString(), refusal.getFile());
        assertTrue(refusal.getReason().contains(reason), refusal.getReason());
    }

    @ParameterizedTest
    @CsvSource({"0700", "0755", "0750", "1777", "1770"})
    void goesThroughFoldersThatOthersCannotWriteOrThatAreSticky(String mode) throws IOException {
        mode(folder.resolve("a"), Integer.parseInt(mode, 8));
        assertEquals(file, TrustedPath.resolve(file));
        assertEquals(folder.resolve("a/new/deep"), TrustedPath.resolve(folder.resolve("a/new/./deep")));
        assertEquals(file, TrustedPath.resolve(folder.resolve("a/../a/b/./file")));
        assertEquals(file, TrustedPath.resolve(Path.of("/../.." + file)), "the root's parent is the root");
    }

    @ParameterizedTest
    @CsvSource({"0777", "0770", "0775", "0702"})
    void refusesAFolderThatOthersCanWriteHoweverFarUp(String mode) throws IOException {
        Path a = folder.resolve("a");
        mode(a, Integer.parseInt(mode, 8));
        assertRefused(file, "others can write its folder " + a + " (mode " + mode + ") and so put another file in its place: "
                + "run chmod go-w " + a);
        assertRefused(a.resolve("b/new"), "run chmod go-w " + a);
        assertThrows(IOException.class, () -> TrustedPath.createFolders(a.resolve("new")));
        assertFalse(Files.exists(a.resolve("new")));
    }

    /// The sticky bit keeps others from renaming, and not from adding.
    @ParameterizedTest
    @CsvSource({"0777", "1777", "0770"})
    void refusesWhatThePathLeadsToIfOthersCanWriteIt(String mode) throws IOException {
        mode(folder.resolve("a"), Integer.parseInt(mode, 8));
        assertRefused(folder.resolve("a"), "others can write it (mode " + mode + ")");
        mode(folder.resolve("a"), 0755);
        mode(file, 0666);
        assertRefused(file, "run chmod go-w " + file);
        assertEquals(Path.of("/dev/null"), TrustedPath.resolve(Path.of("/dev/null")));
    }

    @Test
    void followsLinksAndChecksWhatTheyPass() throws IOException {
        Path open = Files.createDirectory(folder.resolve("open"));
        Path link = Files.createSymbolicLink(folder.resolve("link"), Path.of("a/b/../b/file"));
        assertEquals(file, TrustedPath.resolve(link));
        Path dangling = Files.createSymbolicLink(folder.resolve("dangling"), Path.of("a/missing"));
        assertEquals(folder.resolve("a/missing"), TrustedPath.resolve(dangling));
        Path way = Files.createSymbolicLink(open.resolve("way"), folder.resolve("a"));
        assertEquals(file, TrustedPath.resolve(way.resolve("b/file")));
        mode(open, 0777);
        assertRefused(way.resolve("b/file"), "its folder " + open);
        Files.createSymbolicLink(folder.resolve("in"), way);
        assertRefused(folder.resolve("in/b/file"), "its folder " + open);
        Files.createSymbolicLink(folder.resolve("round"), Path.of("round"));
        assertRefused(folder.resolve("round/x"), "too many links");
    }

    /// What a shell makes of `--from <(...)`: a link to a pipe, which has no name.
    @Test
    void takesAPipeOfThisProcess() throws IOException {
        Pipe pipe = Pipe.open();
        try (var _ = pipe.source(); var _ = pipe.sink(); Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            Path found = open.filter(TrustedPathTest::isPipe).findFirst().orElseThrow();
            assertEquals("fd", TrustedPath.resolve(found).getParent().getFileName().toString());
            assertEquals(found.getFileName(), TrustedPath.resolve(found).getFileName());
        }
    }

    private static boolean isPipe(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString().startsWith("pipe:");
        } catch (IOException e) {
            return false; // that of the listing
        }
    }

    @Test
    void makesFoldersWithMode0700() throws IOException {
        Path made = TrustedPath.createFolders(folder.resolve("x/y"));
        assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(made)));
        assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(made.getParent())));
    }

    @Test
    void refusesWhatBelongsToSomebodyElse() throws IOException {
        OtherUser.assume();
        Path a = OtherUser.own(folder.resolve("a"));
        assertRefused(file, "its folder " + a + " belongs to nobody, who can put another file in its place: run this as nobody");
        assertRefused(a.resolve("new"), "its folder " + a + " belongs to nobody");
        assertRefused(a, "it belongs to nobody");

        Path shared = Files.createDirectory(folder.resolve("shared"));
        mode(shared, 01777);
        Path link = Files.createSymbolicLink(shared.resolve("link"), folder);
        assertEquals(folder, TrustedPath.resolve(link));
        var nobody = link.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName("nobody");
        Files.getFileAttributeView(link, java.nio.file.attribute.PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS).setOwner(nobody);
        assertRefused(link, "the link " + link + " belongs to nobody, who decides where it leads");
        assertRefused(OtherUser.own(Files.createFile(shared.resolve("file"))), "it belongs to nobody");
    }
}
