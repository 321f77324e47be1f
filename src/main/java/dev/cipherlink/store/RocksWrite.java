package dev.cipherlink.store;

import java.util.concurrent.atomic.AtomicLong;

/// One change of one key under way: finds what the key has, has it changed, and adds that to the group.
final class RocksWrite implements CellCache.Change {

    /// What a write makes of an entry.
    interface Change {
        /// @param live does not exist if the key does not, or has expired
        /// @return the new state, or `live` to leave it alone
        Cell apply(Cell live, Group group) throws StoreException;
    }

    static final Cell ABSENT = Cell.absent(Group.IN_DATABASE);

    private final CellReader reader;
    private final Change change;
    private final Group group;
    private final StoreClock clock;
    private final Database database;
    /// The number of entries, which it keeps up to date.
    private final AtomicLong keys;
    private Cell live;
    private Cell after;
    private boolean isAdded;
    private StoreException failure;

    RocksWrite(RocksStore.Parts parts, Change change, Group group) {
        this.reader = parts.reader();
        this.change = change;
        this.group = group;
        this.clock = parts.counters().clock();
        this.database = parts.database();
        this.keys = parts.counters().keys();
    }

    @Override
    public Cell apply(Key key, Cell kept) {
        try {
            Cell before = kept != null ? kept : reader.load(key);
            live = before.isLive(clock) ? before : ABSENT;
            after = change.apply(live, group);
            boolean isExpired = before.exists() && !live.exists();
            if (after == live && isExpired) {
                after = Cell.absent(group);
            }
            if (after == live || !after.exists() && !before.exists()) {
                return kept == null && before.exists() ? before : kept;
            }
            group.add(database, new KeyChange(key, before, after));
            isAdded = true;
            if (after.exists() != before.exists()) {
                keys.addAndGet(after.exists() ? 1 : -1);
            }
            return after;
        } catch (StoreException e) {
            failure = e;
            return kept;
        }
    }

    /// @return this
    /// @throws StoreException if it was refused, and nothing was changed
    RocksWrite requireDone() throws StoreException {
        if (failure != null) {
            throw failure;
        }
        return this;
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
