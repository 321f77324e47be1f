package dev.cipherlink.store.disk;

import dev.cipherlink.store.Key;

/// What the heap knows of a key: the state after its last write, or after it was read. Immutable but for one hint.
final class Cell {
    static final long NO_DEADLINE = Long.MAX_VALUE;
    /// Of a key that was not looked for.
    static final Cell UNKNOWN = new Cell(null, 0, -1, NO_DEADLINE, Group.IN_DATABASE);
    /// An estimate of the heap that a cell takes beside the bytes of key and value.
    private static final int OVERHEAD_BYTES = 160;

    /// Null if the key does not exist, and for a large value that is durable.
    final byte[] value;
    /// Bytes of the value, whether it is here or not.
    final int valueBytes;
    /// 0 if the key does not exist.
    final long version;
    /// On the store's clock, or [#NO_DEADLINE].
    final long deadline;
    /// What makes it durable.
    final Group group;
    /// Asked for since it was last considered for eviction; races do no harm.
    boolean isUsed;

    private Cell(byte[] value, int valueBytes, long version, long deadline, Group group) {
        this.value = value;
        this.valueBytes = valueBytes;
        this.version = version;
        this.deadline = deadline;
        this.group = group;
    }

    static Cell of(byte[] value, long version, long deadline, Group group) {
        return new Cell(value, value.length, version, deadline, group);
    }

    /// A value that is kept apart.
    static Cell ofLarge(int valueBytes, long version, long deadline, Group group) {
        return new Cell(null, valueBytes, version, deadline, group);
    }

    static Cell absent(Group group) {
        return new Cell(null, 0, 0, NO_DEADLINE, group);
    }

    Cell withDeadline(long newDeadline, Group newGroup) {
        return new Cell(value, valueBytes, version, newDeadline, newGroup);
    }

    /// The same without a value that can be read from where large ones are.
    Cell withoutLargeValue() {
        return new Cell(null, valueBytes, version, deadline, group);
    }

    /// Writes only where that changes something: processors that read one cell must not take its memory from each other.
    void noteUse() {
        if (!isUsed) {
            isUsed = true;
        }
    }

    /// Whether there is an entry, expired or not.
    boolean exists() {
        return version != 0;
    }

    boolean isLive(StoreClock clock) {
        return version != 0 && (deadline == NO_DEADLINE || deadline > clock.now());
    }

    boolean isLiveAt(long now) {
        return version != 0 && deadline > now;
    }

    boolean isLarge() {
        return valueBytes >= EntryCodec.LARGE_BYTES;
    }

    long weight(Key key) {
        return OVERHEAD_BYTES + key.bytes().length + (value == null ? 0 : value.length);
    }
}
