package dev.cipherlink.store.disk;

import dev.cipherlink.store.Key;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.disk.Group.KeyChange;

/// One change of one key under way: finds what the key has, has it changed, and adds that to the group. It is made in memory,
/// under the key's lock and inside the gate: what it lacks is to be fetched before it is tried again.
final class RocksWrite implements CellCache.Change {

    /// What a change asks of the key's state before it.
    enum Need {
        /// Nothing: whether there was an entry, and which, is found by the [Applier].
        NOTHING,
        /// Whether it exists, its version and deadline.
        ENTRY,
        /// That, and the value.
        VALUE
    }

    /// What a write makes of an entry.
    interface Change {
        /// @param live  does not exist if the key does not, or has expired; unknown if nothing is asked for
        /// @param value that of `live`; null if it does not exist, or is not asked for
        /// @return the new state, or `live` to leave it alone
        Cell apply(Cell live, byte[] value, Group group) throws StoreException;
    }

    static final Cell ABSENT = Cell.absent(Group.IN_DATABASE);

    /// What a change may take in the log beside its value, and beside each byte of its key.
    private static final int OVERHEAD_BYTES = 400;
    private static final int KEYS_IN_LOG = 5;

    private final RocksStore.Parts parts;
    private final Need need;
    private final Change change;
    private final Group group;
    private final Cell large;
    private Cell live;
    private Cell after;
    private boolean isAdded;
    private boolean lacksEntry;
    private boolean lacksValue;
    private boolean lacksRoom;
    private StoreException failure;

    /// @param large a large value that was read, with its version; or null
    RocksWrite(RocksStore.Parts parts, Need need, Change change, Group group, Cell large) {
        this.parts = parts;
        this.need = need;
        this.change = change;
        this.group = group;
        this.large = large;
    }

    @Override
    public Cell apply(Key key, Cell kept) {
        try {
            Cell before = kept != null ? kept : need == Need.NOTHING ? Cell.UNKNOWN : parts.reader().look(key);
            if (before == null) {
                lacksEntry = true;
                return null;
            }
            live = before == Cell.UNKNOWN || before.isLive(parts.counters().clock()) ? before : ABSENT;
            byte[] value = need == Need.VALUE ? value() : null;
            lacksValue = need == Need.VALUE && live.exists() && value == null;
            return lacksValue ? kept : change(key, kept, before, value);
        } catch (StoreException e) {
            failure = e;
            return kept;
        }
    }

    private byte[] value() {
        return live.value == null && large != null && large.version == live.version ? large.value : live.value;
    }

    private Cell change(Key key, Cell kept, Cell before, byte[] value) throws StoreException {
        after = change.apply(live, value, group);
        boolean isExpired = before.exists() && !live.exists();
        if (after == live && isExpired) {
            after = Cell.absent(group);
        }
        if (after == live || !after.exists() && !before.exists()) {
            return kept == null && before.exists() ? before : kept;
        }
        isAdded = group.add(parts.database(), new KeyChange(key, before, after), parts.committer().room());
        lacksRoom = !isAdded;
        return isAdded ? after : kept;
    }

    /// Whether it is done; else it has changed nothing, and what it lacks is to be fetched.
    ///
    /// @throws StoreException if it was refused, and nothing was changed
    boolean isDone() throws StoreException {
        if (failure != null) {
            throw failure;
        }
        return !lacksEntry && !lacksValue && !lacksRoom;
    }

    /// Fetches what it lacks. Blocks on the disk; not inside the gate.
    ///
    /// @return a large value, for the next try; or null
    /// @throws StoreException if there is none
    Cell fetch(Key key) throws StoreException {
        if (lacksRoom) {
            parts.committer().awaitRoom(OVERHEAD_BYTES + (long) KEYS_IN_LOG * key.bytes().length + after.valueBytes);
            return large;
        }
        if (lacksEntry) {
            parts.reader().load(key);
            return null;
        }
        byte[] value = parts.reader().value(key, live);
        return value == null ? null : Cell.of(value, live.version, live.deadline, Group.IN_DATABASE);
    }

    /// Whether the group has it.
    boolean isAdded() {
        return isAdded;
    }

    /// What the key had; does not exist if the key did not, or had expired.
    Cell live() {
        return live;
    }

    /// What it has now.
    Cell after() {
        return after;
    }
}
