package dev.cipherlink.store;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.CRC32C;

/// Reads what a [CommitLog] wrote, up to the first record that is not whole.
///
/// The end of the last file may be torn: what SIGKILL or a power cut left of a commit that nobody was told of. If a record
/// behind it says that the disk had that commit, or there is another file, it is damage.
final class CommitLogReader {

    /// What is done with the commits.
    interface Visitor {
        /// @param changes a batch of RocksDB
        void commit(long number, byte[] changes) throws StoreException;
    }

    /// How far the log goes.
    ///
    /// @param commit the last one that is whole, and all between `after` and it; `after` if there is none
    /// @param damage what is wrong behind it, or null
    record Found(long commit, String damage) {
    }

    private final Visitor visitor;
    private long last;
    private String damage;

    private CommitLogReader(long after, Visitor visitor) {
        this.last = after;
        this.visitor = visitor;
    }

    /// Passes on the commits behind `after`, in order.
    ///
    /// @param folder need not exist
    static Found read(Path folder, long after, Visitor visitor) throws IOException, StoreException {
        var reader = new CommitLogReader(after, visitor);
        List<Path> files = files(folder);
        for (int i = 0; i < files.size() && reader.damage == null; i++) {
            reader.read(files.get(i), i == files.size() - 1);
        }
        return new Found(reader.last, reader.damage);
    }

    /// The files of a log, oldest first.
    static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(CommitLog.SUFFIX)).sorted().toList();
        } catch (NoSuchFileException _) {
            return List.of();
        }
    }

    private void read(Path path, boolean isLast) throws IOException, StoreException {
        try (FileChannel file = FileChannel.open(path, StandardOpenOption.READ); Arena arena = Arena.ofConfined()) {
            if (file.size() > Integer.MAX_VALUE) {
                damage = path.getFileName() + " is larger than a file of the log can be";
                return;
            }
            ByteBuffer bytes = file.map(FileChannel.MapMode.READ_ONLY, 0, file.size(), arena).asByteBuffer();
            if (bytes.remaining() < Long.BYTES) {
                damage = isLast ? null : path.getFileName() + " is cut";
            } else if (bytes.getLong() != CommitLog.HEADER) {
                throw new IOException(path.getFileName() + " has a form that this version does not know");
            } else {
                readRecords(path, bytes, isLast);
            }
        }
    }

    private void readRecords(Path path, ByteBuffer bytes, boolean isLast) throws StoreException {
        while (bytes.hasRemaining()) {
            ByteBuffer record = next(bytes);
            if (record == null && isLast && !isBehind(bytes)) {
                return;
            }
            if (record == null || record.getLong(0) > last + 1) {
                damage = path.getFileName() + ": commit " + (last + 1) + " cannot be read";
                return;
            }
            if (record.getLong(0) > last) {
                byte[] changes = new byte[record.remaining() - CommitLog.NUMBERS_BYTES];
                record.get(CommitLog.NUMBERS_BYTES, changes);
                visitor.commit(last + 1, changes);
                last++;
            }
        }
    }

    /// The record at the buffer's position, which moves behind it; null if none is there, and it stays.
    private static ByteBuffer next(ByteBuffer bytes) {
        if (bytes.remaining() < CommitLog.PREFIX_BYTES + CommitLog.NUMBERS_BYTES) {
            return null;
        }
        int start = bytes.position() + CommitLog.PREFIX_BYTES;
        int length = bytes.getInt(bytes.position());
        if (length < CommitLog.NUMBERS_BYTES || length > bytes.limit() - start) {
            return null;
        }
        var crc = new CRC32C();
        crc.update(bytes.slice(start, length));
        if ((int) crc.getValue() != bytes.getInt(bytes.position() + Integer.BYTES)) {
            return null;
        }
        bytes.position(start + length);
        return bytes.slice(start, length);
    }

    /// Whether a record from here on says that the disk had the one that is missing.
    private boolean isBehind(ByteBuffer bytes) {
        for (int at = bytes.position(); at < bytes.limit(); at++) {
            ByteBuffer record = next(bytes.position(at));
            if (record != null && record.getLong(0) > last && record.getLong(Long.BYTES) > last) {
                return true;
            }
        }
        return false;
    }
}
