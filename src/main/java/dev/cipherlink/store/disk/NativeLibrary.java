package dev.cipherlink.store.disk;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.List;
import org.rocksdb.RocksDB;
import org.rocksdb.util.Environment;

/// RocksDB's native code, loaded when the first store on disk is opened.
///
/// It lies compressed in RocksDB's jar, and a loader needs a file: it is unpacked into the folder of the store, which is
/// ours alone and can be written, and taken away as soon as it is loaded. Where nothing there may be executed, or the disk
/// is full, the temporary folder is tried.
final class NativeLibrary {
    /// The separator between file and reason in a loader's message.
    private static final String REASON = ": ";

    private static boolean isLoaded;

    private NativeLibrary() {
    }

    /// @param folder of a store, locked by this process
    /// @throws IOException if the library cannot be loaded; the message is one line and says what would help
    static synchronized void load(Path folder) throws IOException {
        if (isLoaded) {
            return;
        }
        try {
            loadThrough(folder);
        } catch (IOException first) {
            try {
                loadThroughTemporaryFolder();
            } catch (IOException second) {
                second.addSuppressed(first);
                throw new IOException("the native library of RocksDB needs a folder that can be written and is not mounted noexec: "
                        + first.getMessage() + "; " + second.getMessage(), second);
            }
        }
        isLoaded = true;
    }

    private static void loadThroughTemporaryFolder() throws IOException {
        Path folder = Files.createTempDirectory("cipherlink"); // mode 0700
        try {
            loadThrough(folder);
        } finally {
            Files.delete(folder);
        }
    }

    private static void loadThrough(Path folder) throws IOException {
        // RocksDB looks for it under another name than it has in the jar.
        Path file = folder.toAbsolutePath().resolve(Environment.getJniLibraryFileName("rocksdbjni"));
        try {
            unpack(Environment.getJniLibraryFileName("rocksdb"), file);
            RocksDB.loadLibrary(List.of(file.getParent().toString()));
        } catch (UnsatisfiedLinkError e) {
            String reason = String.valueOf(e.getMessage()).replace('\n', ' ');
            throw new IOException(file.getParent() + REASON + reason.substring(reason.lastIndexOf(REASON) + REASON.length()), e);
        } finally {
            Files.deleteIfExists(file);
        }
    }

    private static void unpack(String name, Path file) throws IOException {
        Files.deleteIfExists(file); // left by a process that was killed
        try (InputStream packed = RocksDB.class.getResourceAsStream('/' + name)) {
            if (packed == null) {
                throw new IOException("there is no " + name + " for this machine");
            }
            try (var out = java.nio.channels.Channels.newOutputStream(Files.newByteChannel(file,
                    EnumSet.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"))))) {
                packed.transferTo(out);
            }
        }
    }
}
