package dev.cipherlink.store;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.zip.CRC32C;

/// One file of a [CommitLog], looked at from its beginning. It is read piece by piece, so that a bad place of the disk is an
/// [IOException], and a large file needs little memory.
final class CommitLogFile implements AutoCloseable {
    private static final int PIECE_BYTES = 1 << 20;

    /// What it begins with.
    enum Header {
        /// Records may follow.
        GOOD,
        /// None was written to it.
        EMPTY,
        /// Nobody can say what it has.
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
