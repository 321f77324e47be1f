package dev.cipherlink.store.log;

import dev.cipherlink.store.StoreException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.CRC32C;

/// Reads what a [CommitLog] wrote, up to the first record that is not whole.
///
/// A file may end torn, with the part of an unacknowledged commit that SIGKILL or a power cut left: then the log goes on in the
/// next file, which the following process began with that commit. If a record behind it says that the disk had that commit,
/// or the next file begins with a later one, it is damage.
public final class CommitLogReader {
    private static final String NAME = "0\\d{19}\\.log";

    /// Takes the commits.
    public interface Visitor {
        /// @param changes a batch of RocksDB
        void commit(long number, byte[] changes) throws StoreException;
    }

    /// How far the log goes.
    ///
    /// @param commit the last one that is whole, and all between `after` and it; `after` if there is none
    /// @param damage what is wrong behind it, or null
    public record Found(long commit, String damage) {
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
    /// @throws IOException if it cannot be read, or another version wrote it
    public static Found read(Path folder, long after, Visitor visitor) throws IOException, StoreException {
        var reader = new CommitLogReader(after, visitor);
        List<Path> files = files(folder);
        for (int i = 0; i < files.size() && reader.damage == null; i++) {
            reader.read(files.get(i), i == files.size() - 1 ? null : files.get(i + 1));
        }
        return new Found(reader.last, reader.damage);
    }

    /// The files of a log, oldest first.
    public static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.getFileName().toString().matches(NAME)).sorted().toList();
        } catch (NoSuchFileException _) {
            return List.of();
        }
    }

    private void read(Path path, Path next) throws IOException, StoreException {
        try (var file = new CommitLogFile(path)) {
            CommitLogFile.Header header = file.header();
            boolean isLost = CommitLogFile.first(path) > last + 1;
            if (!isLost && header == CommitLogFile.Header.GOOD) {
                readRecords(file);
            }
            if (isLost || (next == null ? isDamaged(file, header) : CommitLogFile.first(next) > last + 1)) {
                damage = path.getFileName() + ": commit " + (last + 1) + " cannot be read";
            }
        }
    }

    private void readRecords(CommitLogFile file) throws IOException, StoreException {
        for (CommitLogFile.Item item = file.next(last); item != null; item = file.next(last)) {
            if (item.commit() > last) {
                visitor.commit(item.commit(), item.changes());
                last = item.commit();
            }
        }
    }

    /// Whether the last file lacks what the disk had.
    private boolean isDamaged(CommitLogFile file, CommitLogFile.Header header) throws IOException {
        return switch (header) {
            case GOOD -> file.isBehind(last);
            case EMPTY -> false;
            case BAD -> true;
        };
    }

    /// One file of a [CommitLog], looked at from its beginning. It is read piece by piece, so that a bad place of the disk is an
    /// [IOException], and a large file needs little memory.
    static final class CommitLogFile implements AutoCloseable {
        private static final int PIECE_BYTES = 1 << 20;

        /// The header's state.
        enum Header {
            /// Records may follow.
            GOOD,
            /// None was written to it.
            EMPTY,
            /// Damaged.
            BAD
        }

        /// A whole record.
        ///
        /// @param synced  the last commit that the disk had when it was written
        /// @param changes a batch of RocksDB
        record Item(long commit, long synced, byte[] changes) {
        }

        private final Path path;
        private final FileChannel channel;
        private final long size;
        private ByteBuffer piece = ByteBuffer.allocate(0);
        private long pieceAt;
        private long salt;
        private long at;

        CommitLogFile(Path path) throws IOException {
            this.path = path;
            this.channel = FileChannel.open(path, StandardOpenOption.READ);
            this.size = channel.size();
        }

        /// The number of the commit that it begins with, by its name.
        static long first(Path path) {
            String name = path.getFileName().toString();
            return Long.parseLong(name.substring(0, name.length() - CommitLog.SUFFIX.length()));
        }

        /// Goes to the first record.
        ///
        /// @throws IOException if another version wrote it
        Header header() throws IOException {
            if (size < CommitLog.HEADER_BYTES) {
                return Header.EMPTY;
            }
            long magic = longAt(0);
            if (magic != CommitLog.MAGIC && magic >>> Short.SIZE == CommitLog.MAGIC >>> Short.SIZE) {
                throw new IOException(path.getFileName() + " has a form that this version does not know");
            }
            salt = longAt(Long.BYTES);
            at = CommitLog.HEADER_BYTES;
            if (Arrays.equals(bytes(0, CommitLog.HEADER_BYTES), CommitLog.header(salt))) {
                return Header.GOOD;
            }
            return isZero() ? Header.EMPTY : Header.BAD;
        }

        /// A power cut can leave the length of a file without what was written to it.
        private boolean isZero() throws IOException {
            long position = 0;
            while (position < size && byteAt(position) == 0) {
                position++;
            }
            return position == size;
        }

        /// The record that is next.
        ///
        /// @param last the commit before it, or one of a later record
        /// @return null if there is none, or it is not whole or too far on
        Item next(long last) throws IOException {
            Item item = item(at, 0, last + 1);
            if (item != null) {
                at += CommitLog.HEAD_BYTES + item.changes.length;
            }
            return item;
        }

        /// Whether a record from here on says that the disk had the one behind this commit.
        boolean isBehind(long last) throws IOException {
            // Most of a file may be zeros that were never written over: no salt of this version begins with one.
            boolean skipsZeros = salt >>> Long.SIZE - Byte.SIZE != 0;
            for (long position = at; position < size - CommitLog.HEAD_BYTES; position++) {
                // Without the salt, what a client wrote could pass for a record.
                long found = longAt(position + CommitLog.PREFIX_BYTES);
                if (found == 0 && skipsZeros) {
                    position += Long.BYTES - 1;
                } else if (found == salt) {
                    Item item = item(position, last + 1, last + 1 + (size - at) / CommitLog.HEAD_BYTES);
                    if (item != null && item.synced > last) {
                        return true;
                    }
                }
            }
            return false;
        }

        private Item item(long position, long firstCommit, long lastCommit) throws IOException {
            if (size - position < CommitLog.HEAD_BYTES) {
                return null;
            }
            ByteBuffer head = ByteBuffer.wrap(bytes(position, CommitLog.HEAD_BYTES));
            int length = head.getInt();
            int checksum = head.getInt();
            boolean isOurs = head.getLong() == salt;
            long commit = head.getLong();
            long synced = head.getLong();
            if (!isOurs || commit < firstCommit || commit > lastCommit || length < CommitLog.NUMBERS_BYTES
                    || length > size - position - CommitLog.PREFIX_BYTES) {
                return null;
            }
            byte[] changes = bytes(position + CommitLog.HEAD_BYTES, length - CommitLog.NUMBERS_BYTES);
            var crc = new CRC32C();
            crc.update(head.array(), CommitLog.PREFIX_BYTES, CommitLog.NUMBERS_BYTES);
            crc.update(changes);
            return (int) crc.getValue() == checksum ? new Item(commit, synced, changes) : null;
        }

        private byte byteAt(long position) throws IOException {
            int index = need(position, 1);
            return piece.get(index);
        }

        private long longAt(long position) throws IOException {
            int index = need(position, Long.BYTES);
            return piece.getLong(index);
        }

        private byte[] bytes(long position, int length) throws IOException {
            byte[] bytes = new byte[length];
            if (length > PIECE_BYTES) {
                readFully(ByteBuffer.wrap(bytes), position);
            } else {
                int index = need(position, length);
                piece.get(index, bytes);
            }
            return bytes;
        }

        /// Has them in the piece.
        ///
        /// @return where they begin there
        private int need(long position, int length) throws IOException {
            if (position < pieceAt || position + length > pieceAt + piece.limit()) {
                var next = ByteBuffer.allocate((int) Math.min(PIECE_BYTES, size - position));
                readFully(next, position);
                piece = next.flip();
                pieceAt = position;
            }
            return (int) (position - pieceAt);
        }

        private void readFully(ByteBuffer target, long position) throws IOException {
            while (target.hasRemaining()) {
                if (channel.read(target, position + target.position()) < 0) {
                    throw new EOFException(path.getFileName() + " became shorter while it was read");
                }
            }
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }
}
