package dev.cipherlink.store.disk;

import dev.cipherlink.store.CellStore.Hold;
import dev.cipherlink.store.CellVerbs;
import dev.cipherlink.store.Key;
import dev.cipherlink.store.log.BatchBuffer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/// The cell of a key of a store on disk: the state after its last write, or after it was read. Immutable but for one hint.
///
/// In RocksDB an entry is flags (1), version (8), deadline (8, only with its flag), then the value, or the size (4) of a large
/// value. A large value stands apart, under its key and version, so that it never changes: a reader of the entry finds that
/// value or none. An index by time has the deadlines: deadline (8), key. Integers are big-endian.
final class DiskCell extends CellVerbs.Cell {
    /// From this size on a value stands apart.
    static final int LARGE_BYTES = 8 * 1024;
    /// Of a key that was not looked for.
    static final DiskCell UNKNOWN = new DiskCell(null, 0, -1, NO_DEADLINE, Group.IN_DATABASE);
    /// Of a key that the database does not have.
    static final DiskCell ABSENT = absent(Group.IN_DATABASE);

    /// An estimate of the heap that a cell takes beside the bytes of key and value.
    private static final int OVERHEAD_BYTES = 160;
    private static final int HAS_DEADLINE = 1;
    private static final int IS_LARGE = 2;

    /// The group that makes the cell durable.
    final Group group;
    /// Asked for since it was last considered for eviction; races do no harm.
    boolean isUsed;
    /// Whether the key is gone because its deadline came.
    final boolean isExpired;
    /// In whose place the cell is while a thread holds the key; else null.
    final Hold<DiskCell> hold;
    private final int valueBytes;

    private DiskCell(byte[] value, int valueBytes, long version, long deadline, Group group) {
        super(value, version, deadline);
        this.valueBytes = valueBytes;
        this.group = group;
        isExpired = false;
        hold = null;
    }

    /// One without an entry.
    private DiskCell(Group group, boolean isExpired, Hold<DiskCell> hold) {
        super(null, 0, NO_DEADLINE);
        this.valueBytes = 0;
        this.group = group;
        this.isExpired = isExpired;
        this.hold = hold;
    }

    static DiskCell of(byte[] value, long version, long deadline, Group group) {
        return new DiskCell(value, value.length, version, deadline, group);
    }

    /// One whose value stands apart.
    static DiskCell ofLarge(int valueBytes, long version, long deadline, Group group) {
        return new DiskCell(null, valueBytes, version, deadline, group);
    }

    static DiskCell absent(Group group) {
        return new DiskCell(group, false, null);
    }

    static DiskCell expired(Group group) {
        return new DiskCell(group, true, null);
    }

    static DiskCell held(Hold<DiskCell> hold) {
        return new DiskCell(hold.before().group, false, hold);
    }

    DiskCell withDeadline(long newDeadline, Group newGroup) {
        return new DiskCell(value, valueBytes, version, newDeadline, newGroup);
    }

    /// The same with a large value that was read from where it stands apart.
    DiskCell withLargeValue(byte[] large) {
        return new DiskCell(large, valueBytes, version, deadline, group);
    }

    DiskCell withoutLargeValue() {
        return new DiskCell(null, valueBytes, version, deadline, group);
    }

    @Override
    public int valueBytes() {
        return valueBytes;
    }

    /// Writes only if that changes something: processors that read one cell must not take its memory from each other.
    void noteUse() {
        if (!isUsed) {
            isUsed = true;
        }
    }

    boolean isLarge() {
        return valueBytes >= LARGE_BYTES;
    }

    long weight(Key key) {
        return OVERHEAD_BYTES + key.bytes().length + (value == null ? 0 : value.length);
    }

    /// For quotas.
    long usedBytes(Key key) {
        return exists() ? (long) key.bytes().length + valueBytes : 0;
    }

    /// Adds its entry.
    void addTo(BatchBuffer batch, Key key) {
        boolean hasDeadline = deadline != NO_DEADLINE;
        int headBytes = 1 + Long.BYTES + (hasDeadline ? Long.BYTES : 0);
        batch.beginPut(Database.ENTRIES, key.bytes(), headBytes + (isLarge() ? Integer.BYTES : value.length));
        batch.add((byte) ((hasDeadline ? HAS_DEADLINE : 0) | (isLarge() ? IS_LARGE : 0)));
        batch.add(version);
        if (hasDeadline) {
            batch.add(deadline);
        }
        if (isLarge()) {
            batch.add(valueBytes);
        } else {
            batch.add(value);
        }
    }

    /// @param entry null if there is none
    /// @throws IOException if it is no entry of ours
    static DiskCell decode(byte[] entry) throws IOException {
        if (entry == null) {
            return ABSENT;
        }
        int flags = entry.length == 0 ? -1 : entry[0];
        int headBytes = 1 + Long.BYTES + ((flags & HAS_DEADLINE) != 0 ? Long.BYTES : 0);
        boolean isLarge = (flags & IS_LARGE) != 0;
        if (flags < 0 || flags > (HAS_DEADLINE | IS_LARGE) || entry.length < headBytes
                || isLarge && entry.length != headBytes + Integer.BYTES) {
            throw unknownForm();
        }
        var head = ByteBuffer.wrap(entry, 1, entry.length - 1);
        long version = head.getLong();
        long deadline = (flags & HAS_DEADLINE) != 0 ? head.getLong() : NO_DEADLINE;
        int valueBytes = isLarge ? head.getInt() : head.remaining();
        if (isLarge != valueBytes >= LARGE_BYTES) {
            throw unknownForm();
        }
        return isLarge ? ofLarge(valueBytes, version, deadline, Group.IN_DATABASE)
                : of(Arrays.copyOfRange(entry, headBytes, entry.length), version, deadline, Group.IN_DATABASE);
    }

    private static IOException unknownForm() {
        return new IOException("an entry of the store has a form that this version does not know");
    }

    /// Where a large value stands.
    static byte[] largeKey(Key key, long version) {
        byte[] bytes = Arrays.copyOf(key.bytes(), key.bytes().length + Long.BYTES);
        ByteBuffer.wrap(bytes).putLong(key.bytes().length, version);
        return bytes;
    }

    /// Where a deadline stands in the index.
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
