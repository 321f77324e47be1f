package dev.cipherlink.store;

import java.io.IOException;
import java.util.List;
import org.rocksdb.RocksDB;

/// RocksDB's native code, loaded when the first store on disk is opened.
final class NativeLibrary {
    /// Folder that holds the library when it was unpacked beforehand, as in the runtime image.
    private static final String FOLDER_PROPERTY = "cipherlink.native.dir";

    private NativeLibrary() {
    }

    /// @throws IOException if it cannot be loaded; the message says what would help
    static void load() throws IOException {
        String folder = System.getProperty(FOLDER_PROPERTY);
        try {
            if (folder == null) {
                RocksDB.loadLibrary(); // unpacks it from the jar into the temporary folder
            } else {
                RocksDB.loadLibrary(List.of(folder));
            }
        } catch (UnsatisfiedLinkError | RuntimeException e) {
            throw new IOException("the native library of RocksDB cannot be loaded"
                    + (folder == null ? " through the temporary folder " + System.getProperty("java.io.tmpdir") : " from " + folder)
                    + ": " + String.valueOf(e.getMessage()).replace('\n', ' '), e);
        }
    }
}
