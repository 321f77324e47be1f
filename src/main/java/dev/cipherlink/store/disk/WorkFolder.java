package dev.cipherlink.store.disk;

import dev.cipherlink.store.log.PrivateFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/// A folder beside a store, on its file system, for a copy that is being made or read. One process at a time has one: it deletes
/// what a killed process left, and leaves nothing itself, also when a signal ends it.
public final class WorkFolder implements AutoCloseable {
    private static final String LOCK = "copy.lock";

    private final Path path;
    private final FileChannel lockFile;
    private final Thread atExit = new Thread(this::deleteQuietly, "store-copy-cleanup");

    private WorkFolder(Path path, FileChannel lockFile) {
        this.path = path;
        this.lockFile = lockFile;
    }

    /// Deletes the folder if there is one, and makes none.
    ///
    /// @param path its parent is made if there is none
    /// @throws IOException if another process has one there, or it cannot be written; the message is one line
    public static WorkFolder open(Path path) throws IOException {
        Path parent = path.toAbsolutePath().getParent();
        Files.createDirectories(parent, PrivateFiles.FOLDER);
        FileChannel file = FileChannel.open(parent.resolve(LOCK), Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
                PrivateFiles.FILE);
        try {
            if (file.tryLock() != null) {
                var folder = new WorkFolder(path, file);
                folder.delete();
                Runtime.getRuntime().addShutdownHook(folder.atExit);
                return folder;
            }
        } catch (OverlappingFileLockException _) {
            // This process has one.
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
        file.close();
        throw new IOException("another backup, export, restore or import is at work in " + parent);
    }

    public Path path() {
        return path;
    }

    private void delete() throws IOException {
        if (!Files.exists(path)) {
            return;
        }
        List<Path> all;
        try (Stream<Path> walk = Files.walk(path)) {
            all = walk.sorted(Comparator.reverseOrder()).toList();
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        for (Path each : all) {
            Files.deleteIfExists(each);
        }
    }

    private void deleteQuietly() {
        try {
            delete();
        } catch (IOException _) {
            // The next process deletes it.
        }
    }

    /// Deletes the folder. The lock's file stays: a process that waited for it could hold one that has no name any more.
    @Override
    public void close() throws IOException {
        try (lockFile) {
            Runtime.getRuntime().removeShutdownHook(atExit);
            delete();
        } catch (IllegalStateException _) {
            // The JVM ends, and the hook deletes it.
        }
    }
}
