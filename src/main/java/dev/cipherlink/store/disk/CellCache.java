package dev.cipherlink.store.disk;

import dev.cipherlink.store.Key;
import dev.cipherlink.store.LongReads;
import dev.cipherlink.store.StoreException;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

/// The cells of a store: all that the database lacks, and others up to a budget of bytes.
///
/// Every key has one place in a ring. Beyond the budget the ring is turned (a clock): a cell that was used since
/// the last turn or is not in the database stays, another goes. Thread-safe.
final class CellCache {

    /// Cells looked at for each new one, beyond the budget.
    private static final int TURNS = 4;

    /// The change that a write makes to the cell of a key; runs under the key's lock.
    interface Change {
        /// @param kept null if there is no cell; that does not mean that there is no entry
        /// @return the cell to keep, or null for none
        DiskCell apply(Key key, DiskCell kept);
    }

    private final Map<Key, DiskCell> cells = new ConcurrentHashMap<>();
    private final ConcurrentLinkedQueue<Key> ring = new ConcurrentLinkedQueue<>();
    private final AtomicLong usedBytes = new AtomicLong();
    private final long maxBytes;

    CellCache(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    /// @return null if there is no cell
    DiskCell get(Key key) {
        DiskCell cell = cells.get(key);
        return cell == null || cell.hold == null ? cell : cell.hold.visible();
    }

    /// Changes the cell of a key under its lock. Waits while another thread holds the key.
    ///
    /// @return the cell as it is afterwards, or null
    DiskCell update(Key key, Change change) {
        DiskCell result = change(key, change);
        while (result != null && result.hold != null && !result.hold.isMine()) {
            result.hold.await();
            result = change(key, change);
        }
        if (usedBytes.get() > maxBytes) {
            turn();
        }
        return result;
    }

    private DiskCell change(Key key, Change change) {
        return cells.compute(key, (same, kept) -> {
            if (kept != null && kept.hold != null) {
                return kept;
            }
            DiskCell after = change.apply(same, kept);
            if (after != kept) {
                account(same, kept, after);
            }
            return after;
        });
    }

    /// Puts a cell in the place of the hold of its key.
    void endHold(Key key, DiskCell state) {
        cells.compute(key, (same, held) -> {
            account(same, held, state);
            return state;
        });
    }

    private void account(Key key, DiskCell kept, DiskCell after) {
        long grown = (after == null ? 0 : after.weight(key)) - (kept == null ? 0 : kept.weight(key));
        if (grown != 0) {
            usedBytes.addAndGet(grown);
        }
        if (kept == null) {
            ring.add(key);
        }
    }

    private void turn() {
        for (int i = 0; i < TURNS; i++) {
            Key key = ring.poll();
            if (key == null) {
                return;
            }
            consider(key, false);
        }
    }

    /// Drops all that can be read again, used lately or not.
    void dropStored() {
        for (int left = cells.size(); left > 0; left--) {
            Key key = ring.poll();
            if (key == null) {
                return;
            }
            consider(key, true);
        }
    }

    private void consider(Key key, boolean dropsUsed) {
        cells.computeIfPresent(key, (same, cell) -> {
            if (cell.isUsed && !dropsUsed || !cell.group.isStored() || cell.hold != null) {
                cell.isUsed = false;
                ring.add(same);
                return cell;
            }
            account(same, cell, null);
            return null;
        });
    }

    /// Drops a value that can be read from where large ones are kept.
    void dropLargeValue(Key key, long version) {
        cells.computeIfPresent(key, (same, cell) -> {
            if (cell.version != version || cell.value == null) {
                return cell;
            }
            DiskCell after = cell.withoutLargeValue();
            account(same, cell, after);
            return after;
        });
    }

    long usedBytes() {
        return usedBytes.get();
    }

    int size() {
        return cells.size();
    }

    /// Finds what a key has: on the heap, in the database's memory, or on the disk. Thread-safe.
    static final class CellReader implements AutoCloseable {
        private static final int MAX_DISK_READS = 8;

        private final CellCache cells;
        private final Database database;
        private final Applier applier;
        private final LongReads diskReads = new LongReads("store-read", MAX_DISK_READS);

        CellReader(CellCache cells, Database database, Applier applier) {
            this.cells = cells;
            this.database = database;
            this.applier = applier;
        }

        CellCache cells() {
            return cells;
        }

        /// The cell of a key, kept from now on if there is an entry.
        DiskCell cell(Key key) throws StoreException {
            DiskCell cell = cells.get(key);
            if (cell != null) {
                return cell;
            }
            long stamp = applier.applied();
            DiskCell found = load(key);
            if (found.exists()) {
                // With nothing applied meanwhile, a newer state could only be in a cell.
                cell = cells.update(key, (_, kept) -> kept == null && applier.applied() == stamp ? found : kept);
            } else {
                cell = cells.get(key);
            }
            return cell == null ? found : cell;
        }

        /// The database's state of a key, which stays in its memory for a while.
        DiskCell load(Key key) throws StoreException {
            return decode(stored(Database.ENTRIES, key.bytes()));
        }

        /// The same if its memory knows; never blocks.
        ///
        /// @return null if only the disk can tell
        DiskCell look(Key key) throws StoreException {
            Optional<Database.Looked> looked = database.look(Database.ENTRIES, key.bytes());
            return looked.isPresent() ? decode(looked.get().value()) : null;
        }

        /// Whether memory knows what a key has, but for a large value.
        boolean isInMemory(Key key) throws StoreException {
            return cells.get(key) != null || look(key) != null;
        }

        private static DiskCell decode(byte[] entry) throws StoreException {
            try {
                return DiskCell.decode(entry);
            } catch (IOException e) {
                throw StoreException.failed(e);
            }
        }

        /// The large value of an entry, which the cell lacks.
        ///
        /// @return null if it was replaced, and taken away, meanwhile
        byte[] value(Key key, DiskCell cell) throws StoreException {
            return stored(Database.LARGE, DiskCell.largeKey(key, cell.version));
        }

        /// The entry in the database: from its memory, or else read by a thread that may wait for the disk.
        ///
        /// @return null if there is none
        byte[] stored(int family, byte[] key) throws StoreException {
            Optional<Database.Looked> looked = database.look(family, key);
            return looked.isPresent() ? looked.get().value() : diskReads.run(() -> database.get(family, key));
        }

        /// Ends the threads.
        @Override
        public void close() {
            diskReads.close();
        }
    }
}
