package dev.cipherlink.store.disk;

import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.log.LogSpace.DiskSpace;
import dev.cipherlink.store.log.PrivateFiles;
import java.io.File;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;

/// A file that reserves the disk space which opening the store takes, up to 4 MiB. On a full disk it is deleted, so that a
/// server starts; it is made again when the store is opened or closed and there is space.
final class Ballast {
    private static final Logger LOG = System.getLogger(Ballast.class.getName());
    private static final String NAME = "ballast";
    private static final long MAX_BYTES = 4L << 20;
    private static final int SHARE = 32;
    private static final int PIECE_BYTES = 1 << 16;

    private final Path file;
    private final File disk;

    /// @param folder of the store
    Ballast(Path folder) {
        this.file = folder.resolve(NAME);
        // As in [DiskSpace], without a look into /proc/mounts.
        this.disk = folder.toFile();
    }

    /// Deletes it if there is too little space to open the store.
    void giveIfNeeded() throws IOException {
        if (Files.exists(file) && disk.getUsableSpace() < bytes()) {
            Files.delete(file);
        }
    }

    /// Makes it, if there is space.
    void take() {
        try {
            if (!Files.exists(file)) {
                new DiskSpace(file.getParent()).requireFor(bytes());
                fill();
            }
        } catch (IOException | StoreException e) {
            LOG.log(Level.DEBUG, "there is no room to be kept for opening the store", e);
        }
    }

    private void fill() throws IOException {
        try (FileChannel channel = FileChannel.open(file, Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
                PrivateFiles.FILE)) {
            for (long left = bytes(); left > 0; left -= PIECE_BYTES) {
                channel.write(ByteBuffer.allocate(PIECE_BYTES));
            }
        } catch (IOException e) {
            Files.deleteIfExists(file);
            throw e;
        }
    }

    private long bytes() {
        return Math.min(MAX_BYTES, disk.getTotalSpace() / SHARE);
    }
}
