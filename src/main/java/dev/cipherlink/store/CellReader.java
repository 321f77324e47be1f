package dev.cipherlink.store;

import java.io.IOException;
import java.util.Optional;

/// Finds what a key has: on the heap, in the database's memory, or on the disk. Thread-safe.
final class CellReader implements AutoCloseable {
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

    /// The cell of a key, kept from now on if there is an entry.
    Cell cell(Key key) throws StoreException {
        Cell cell = cells.get(key);
        if (cell != null) {
            return cell;
        }
        long stamp = applier.applied();
        Cell found = load(key);
        if (found.exists()) {
            // With nothing applied meanwhile, a newer state could only be in a cell.
            cell = cells.update(key, (_, kept) -> kept == null && applier.applied() == stamp ? found : kept);
        } else {
            cell = cells.get(key);
        }
        return cell == null ? found : cell;
    }

    /// What the database has of a key; from here on its memory has it, for a while.
    Cell load(Key key) throws StoreException {
        return decode(stored(database.entries(), key.bytes()));
    }

    /// The same if its memory knows; never blocks.
    ///
    /// @return null if only the disk can tell
    Cell look(Key key) throws StoreException {
        Optional<Database.Looked> looked = database.look(database.entries(), key.bytes());
        return looked.isPresent() ? decode(looked.get().value()) : null;
    }

    /// Whether memory knows what a key has, but for a large value.
    boolean isInMemory(Key key) throws StoreException {
        return cells.get(key) != null || look(key) != null;
    }

    private static Cell decode(byte[] entry) throws StoreException {
        try {
            return entry == null ? RocksWrite.ABSENT : EntryCodec.decode(entry);
        } catch (IOException e) {
            throw StoreException.failed(e);
        }
    }

    /// The value of an entry.
    ///
    /// @return null if it is a large one that was replaced, and taken away, meanwhile
    byte[] value(Key key, Cell cell) throws StoreException {
        return cell.value != null ? cell.value : stored(database.large(), EntryCodec.largeKey(key, cell.version));
    }

    /// What the database has: from its memory, or else by a thread that may wait for the disk.
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
