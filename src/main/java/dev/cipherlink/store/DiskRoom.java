package dev.cipherlink.store;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;

/// How much of a disk may be used: a part is left alone by the log, for RocksDB, which needs room to make room.
final class DiskRoom {
    private static final long MAX_RESERVE_BYTES = 64L << 20;
    private static final int RESERVE_SHARE = 20;
    private static final int MIN_LOG_FILE_BYTES = 1 << 20;
    private static final int MAX_LOG_FILE_BYTES = 64 << 20;
    private static final int LOG_FILE_SHARE = 32;

    private final Usable usable;
    private final long reserveBytes;
    private final int logFileBytes;

    /// How many bytes are left.
    interface Usable {
        long bytes() throws IOException;
    }

    /// @param folder on the disk
    DiskRoom(Path folder) {
        // A `FileStore` would look the mount up in /proc/mounts, which a service need not see (ProcSubset=pid).
        File disk = folder.toFile();
        usable = disk::getUsableSpace;
        reserveBytes = Math.min(MAX_RESERVE_BYTES, disk.getTotalSpace() / RESERVE_SHARE);
        logFileBytes = Math.clamp(disk.getTotalSpace() / LOG_FILE_SHARE, MIN_LOG_FILE_BYTES, MAX_LOG_FILE_BYTES);
    }

    /// With no reserve.
    DiskRoom(Usable usable) {
        this.usable = usable;
        reserveBytes = 0;
        logFileBytes = MAX_LOG_FILE_BYTES;
    }

    /// How large a file of the log gets on this disk: 1 to 64 MiB.
    int logFileBytes() {
        return logFileBytes;
    }

    /// Room for this many bytes in the log, and as many in the database.
    ///
    /// @throws StoreException `FULL` if there is none
    void requireFor(long bytes) throws StoreException {
        try {
            long left = usable.bytes();
            if (left < reserveBytes + 2L * bytes) {
                throw StoreException.diskFull(new IOException(left + " bytes are left on the disk"));
            }
        } catch (IOException e) {
            throw StoreException.failed(e);
        }
    }

    /// Whether a write of this many bytes failed for want of room, or beyond somebody's quota. Java does not say which error it
    /// was, but in words, perhaps of another language.
    boolean isFull(IOException failure, long bytes) {
        return isFull(failure.getMessage()) || isShort(bytes);
    }

    /// Whether an error of the system is that of a full disk, or of a quota that is used up.
    static boolean isFull(String message) {
        String lower = String.valueOf(message).toLowerCase(Locale.ROOT);
        return lower.contains("no space left") || lower.contains("quota exceeded");
    }

    private boolean isShort(long bytes) {
        try {
            return usable.bytes() < bytes;
        } catch (IOException e) {
            return false;
        }
    }
}
