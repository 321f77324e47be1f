package dev.cipherlink.store.disk;

import dev.cipherlink.store.Key;
import dev.cipherlink.store.log.BatchBuffer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/// Entries as RocksDB keeps them.
///
/// An entry is flags (1), version (8), deadline (8, only with its flag), then the value, or the size (4) of one that is
/// kept apart because it is large. Such a value stands under its key and version, so that it never changes: whoever read
/// the entry finds that value or none. A deadline is found by time in an index: deadline (8), key. Integers are big-endian.
final class EntryCodec {
    /// From this size on a value is kept apart.
    static final int LARGE_BYTES = 8 * 1024;

    private static final int HAS_DEADLINE = 1;
    private static final int IS_LARGE = 2;

    private EntryCodec() {
    }

    /// Sets a key to what is to be kept of a cell.
    static void put(BatchBuffer batch, int family, Key key, Cell cell) {
        boolean hasDeadline = cell.deadline != Cell.NO_DEADLINE;
        boolean isLarge = cell.isLarge();
        int headBytes = 1 + Long.BYTES + (hasDeadline ? Long.BYTES : 0);
        batch.beginPut(family, key.bytes(), headBytes + (isLarge ? Integer.BYTES : cell.value.length));
        batch.add((byte) ((hasDeadline ? HAS_DEADLINE : 0) | (isLarge ? IS_LARGE : 0)));
        batch.add(cell.version);
        if (hasDeadline) {
            batch.add(cell.deadline);
        }
        if (isLarge) {
            batch.add(cell.valueBytes);
        } else {
            batch.add(cell.value);
        }
    }

    /// @throws IOException if it is no entry of ours
    static Cell decode(byte[] entry) throws IOException {
        int flags = entry.length == 0 ? -1 : entry[0];
        int headBytes = 1 + Long.BYTES + ((flags & HAS_DEADLINE) != 0 ? Long.BYTES : 0);
        if (flags < 0 || flags > (HAS_DEADLINE | IS_LARGE) || entry.length < headBytes
                || (flags & IS_LARGE) != 0 && entry.length != headBytes + Integer.BYTES) {
            throw new IOException("an entry of the store has a form that this version does not know");
        }
        var head = ByteBuffer.wrap(entry, 1, entry.length - 1);
        long version = head.getLong();
        long deadline = (flags & HAS_DEADLINE) != 0 ? head.getLong() : Cell.NO_DEADLINE;
        return (flags & IS_LARGE) != 0 ? Cell.ofLarge(head.getInt(), version, deadline, Group.IN_DATABASE)
                : Cell.of(Arrays.copyOfRange(entry, headBytes, entry.length), version, deadline, Group.IN_DATABASE);
    }

    /// Where a large value is kept.
    static byte[] largeKey(Key key, long version) {
        byte[] bytes = Arrays.copyOf(key.bytes(), key.bytes().length + Long.BYTES);
        ByteBuffer.wrap(bytes).putLong(key.bytes().length, version);
        return bytes;
    }

    static byte[] deadlineKey(long deadline, Key key) {
        return ByteBuffer.allocate(Long.BYTES + key.bytes().length).putLong(deadline).put(key.bytes()).array();
    }

    static long deadline(byte[] deadlineKey) {
        return ByteBuffer.wrap(deadlineKey).getLong();
    }

    static Key key(byte[] deadlineKey) {
        return Key.of(Arrays.copyOfRange(deadlineKey, Long.BYTES, deadlineKey.length));
    }
}
