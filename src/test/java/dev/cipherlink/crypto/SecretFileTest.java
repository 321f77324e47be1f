package dev.cipherlink.crypto;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.peer.OtherUser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SecretFileTest {
    private static final Path CREDENTIAL = Path.of("/run/credentials/x.service/identity");

    @TempDir
    Path folder;

    private static boolean isPrivate(Path named, Path file) throws IOException {
        return SecretFile.isPrivate(named, Files.readAttributes(file, PosixFileAttributes.class));
    }

    /// Its access control list, which the mode stands for, names the service alone.
    @Test
    void onlyACredentialOfRootsMayBeReadableForItsGroup() throws IOException {
        OtherUser.assume();
        Path file = Files.createFile(folder.resolve("identity"));
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--r-----"));
        assertTrue(isPrivate(CREDENTIAL, file));
        assertFalse(isPrivate(file, file));
        assertFalse(isPrivate(Path.of("/run/credentials/../identity"), file));

        var view = Files.getFileAttributeView(file, PosixFileAttributeView.class);
        var users = file.getFileSystem().getUserPrincipalLookupService();
        view.setGroup(users.lookupPrincipalByGroupName("nogroup"));
        assertFalse(isPrivate(CREDENTIAL, file), "another group may read it");
        view.setGroup(users.lookupPrincipalByGroupName("root"));
        OtherUser.own(file);
        assertFalse(isPrivate(CREDENTIAL, file), "it is another user's");

        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--r--r--"));
        assertFalse(isPrivate(CREDENTIAL, file));
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        assertTrue(isPrivate(file, file));
    }
}
