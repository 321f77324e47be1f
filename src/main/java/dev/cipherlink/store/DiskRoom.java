package dev.cipherlink.store;

import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;

/// How much of a disk may be used: a part is left alone by commits, for RocksDB, which needs room to make room.
final class DiskRoom {
    private static final long MAX_RESERVE_BYTES = 64L << 20;
    private static final int RESERVE_SHARE = 20;

    private final Usable usable;
    private final long reserveBytes;

    /// How many bytes are left.
    interface Usable {
        long bytes() throws IOException;
    }

    /// @param folder on the disk
    DiskRoom(Path folder) throws IOException {
        FileStore disk = Files.getFileStore(folder);
        usable = disk::getUsableSpace;
        reserveBytes = Math.min(MAX_RESERVE_BYTES, disk.getTotalSpace() / RESERVE_SHARE);
    }

    /// With no reserve.
    DiskRoom(Usable usable) {
        this.usable = usable;
        reserveBytes = 0;
    }

    /// Room for this many bytes in the log, and as many in the database.
    ///
    /// @throws StoreException `FULL` if there is none
    void requireFor(int bytes) throws StoreException {
        try {
            long left = usable.bytes();
            if (left < reserveBytes + 2L * bytes) {
                throw StoreException.diskFull(new IOException(left + " bytes are left on the disk"));
            }
        } catch (IOException e) {
            throw StoreException.failed(e);
        }
    }
}
