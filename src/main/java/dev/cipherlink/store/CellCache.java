package dev.cipherlink.store;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

/// The cells of a store: all that the database lacks, and of the others as many as there is room for.
///
/// Every key has one place in a ring. Where there is no room, the ring is turned (a clock): a cell that was used since
/// the last turn or is not in the database stays, another goes. Thread-safe.
final class CellCache {

    /// Cells looked at for each new one, when there is no room.
    private static final int TURNS = 4;

    /// What a write makes of the cell of a key; under the key's lock.
    interface Change {
        /// @param kept null if there is no cell; that does not mean that there is no entry
        /// @return the cell to keep, or null for none
        Cell apply(Key key, Cell kept);
    }

    private final Map<Key, Cell> cells = new ConcurrentHashMap<>();
    private final ConcurrentLinkedQueue<Key> ring = new ConcurrentLinkedQueue<>();
    private final AtomicLong usedBytes = new AtomicLong();
    private final long maxBytes;

    CellCache(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    /// @return null if there is no cell
    Cell get(Key key) {
        return cells.get(key);
    }

    /// Changes the cell of a key while others who change it wait.
    ///
    /// @return the cell as it is afterwards, or null
    Cell update(Key key, Change change) {
        Cell result = cells.compute(key, (same, kept) -> {
            Cell after = change.apply(same, kept);
            if (after != kept) {
                account(same, kept, after);
            }
            return after;
        });
        if (usedBytes.get() > maxBytes) {
            turn();
        }
        return result;
    }

    private void account(Key key, Cell kept, Cell after) {
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
            if (cell.isUsed && !dropsUsed || !cell.group.isStored()) {
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
            Cell after = cell.withoutLargeValue();
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
}
