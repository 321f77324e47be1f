package dev.cipherlink.store.disk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/// A small file system that a test fills. Mounting it takes root: without, the test is skipped.
final class SmallDisk {
    private final Path path;

    /// @param folder in which it is mounted
    /// @param size   as `mount` takes it
    SmallDisk(Path folder, String size) throws IOException, InterruptedException {
        // Loaded from another disk: a library in use would keep this one mounted.
        NativeLibrary.load(folder);
        path = Files.createDirectory(folder.resolve("disk"));
        assumeTrue(run("mount", "-t", "tmpfs", "-o", "size=" + size, "tmpfs", path.toString()) == 0,
                "no small file system can be mounted here: that takes root");
    }

    Path path() {
        return path;
    }

    private static int run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
        assertTrue(process.waitFor(60, TimeUnit.SECONDS));
        return process.exitValue();
    }

    void unmount() throws IOException, InterruptedException {
        assertEquals(0, run("umount", path.toString()));
    }
}
