package dev.cipherlink.peer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;

/// Another user of this machine, `nobody`. Only root can act as one, so that tests with it are skipped for others.
public final class OtherUser {
    private static final String NAME = "nobody";

    private OtherUser() {
    }

    /// Skips the test unless this process is root's.
    public static void assume() throws IOException {
        Object uid = Files.getAttribute(Path.of("/proc/self"), "unix:uid");
        Assumptions.assumeTrue(uid.equals(0), "only root can act as another user");
    }

    /// Gives a file or folder to the other user.
    public static Path own(Path path) throws IOException {
        var owner = path.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName(NAME);
        return Files.setOwner(path, owner);
    }

    public static String ownerOf(Path path) throws IOException {
        return Files.getOwner(path).getName();
    }

    /// A command of the system that the other user runs.
    public static List<String> command(String... words) {
        var command = new ArrayList<>(List.of("setpriv", "--reuid", NAME, "--regid", "65534", "--clear-groups", "env", "PATH=/usr/bin:/bin"));
        command.addAll(List.of(words));
        return command;
    }
}
