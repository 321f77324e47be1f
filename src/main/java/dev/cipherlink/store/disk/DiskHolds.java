package dev.cipherlink.store.disk;

import dev.cipherlink.store.CellStore;
import dev.cipherlink.store.CellStore.Hold;
import dev.cipherlink.store.CellStore.NotInMemory;
import dev.cipherlink.store.CellVerbs.Write;
import dev.cipherlink.store.Key;
import dev.cipherlink.store.KeyValueStore.Need;
import dev.cipherlink.store.KeyValueStore.OwnRecord;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.disk.CellCache.CellReader;
import dev.cipherlink.store.disk.Group.KeyChange;
import dev.cipherlink.store.disk.Group.RecordChange;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/// The keys that a thread holds in a store on disk, for verbs that run as one.
///
/// All that they need is read from the disk before the first key is held. A thread that changes keys holds them inside the
/// [Committer]'s gate, and adds all changes to one [Group]: so they are in one record of the log. A thread that only reads may hold
/// keys outside of the gate, since it waits for nothing but other holds.
final class DiskHolds implements CellStore.Holding<DiskCell> {
    private final Committer committer;
    private final CellReader reader;
    private final Supplier<RocksTransaction> transactions;

    /// @param transactions has that of the calling thread
    DiskHolds(Committer committer, CellReader reader, Supplier<RocksTransaction> transactions) {
        this.committer = committer;
        this.reader = reader;
        this.transactions = transactions;
    }

    @Override
    public Write<DiskCell> newWrite() {
        return transactions.get().newWrite();
    }

    /// Reads what memory lacks, and goes inside the gate for changes. Blocks on the disk.
    ///
    /// @return the cells of large values that are needed, with the values
    @Override
    public Map<Key, DiskCell> prepare(Map<Key, Need> keys, boolean isReadOnly, long maxBytes) throws StoreException {
        RocksTransaction transaction = transactions.get();
        var values = new HashMap<Key, DiskCell>();
        long bytes = 0;
        for (Map.Entry<Key, Need> entry : keys.entrySet()) {
            Key key = entry.getKey();
            DiskCell cell = transaction.read(key);
            bytes += entry.getValue() == Need.VALUE ? cell.valueBytes() : 0;
            if (bytes > maxBytes) {
                throw StoreException.changedMeanwhile();
            }
            if (entry.getValue() == Need.VALUE && cell.lacksValue()) {
                transaction.leaveGate();
                byte[] value = reader.value(key, cell);
                if (value != null) {
                    values.put(key, cell.withLargeValue(value));
                }
            }
        }
        if (!isReadOnly) {
            transaction.beginWrite();
        }
        return values;
    }

    @Override
    public void hold(Hold<DiskCell> hold) throws StoreException, NotInMemory {
        var place = new Place(hold);
        reader.cells().update(hold.key(), place);
        if (place.failure != null) {
            throw place.failure;
        }
        if (place.lacksEntry) {
            throw new NotInMemory();
        }
        try {
            transactions.get().dependOn(hold.before().group);
        } catch (StoreException e) {
            release(hold);
            throw e;
        }
    }

    private final class Place implements CellCache.Change {
        private final Hold<DiskCell> hold;
        private boolean lacksEntry;
        private StoreException failure;

        Place(Hold<DiskCell> hold) {
            this.hold = hold;
        }

        @Override
        public DiskCell apply(Key key, DiskCell kept) {
            try {
                DiskCell state = kept != null ? kept : reader.look(key);
                lacksEntry = state == null;
                if (lacksEntry) {
                    return null;
                }
                hold.take(kept, state);
                return DiskCell.held(hold);
            } catch (StoreException e) {
                failure = e;
                return kept;
            }
        }
    }

    @Override
    public void accept(List<Hold<DiskCell>> changes, OwnRecord record) throws StoreException, NotInMemory {
        List<KeyChange> added = changes.stream().map(change -> new KeyChange(change.key(), change.before(), change.after())).toList();
        RecordChange with = record == null ? null : new RecordChange(Key.of(record.key()), record.value());
        if (!transactions.get().add(added, with)) {
            throw new NotInMemory();
        }
    }

    @Override
    public void release(Hold<DiskCell> hold) {
        DiskCell state = hold.isChanged() ? hold.after() : hold.kept() != null ? hold.kept() : hold.before();
        reader.cells().endHold(hold.key(), state);
    }

    /// Waits for space in the log, if that was missing; [#prepare] reads anything else. Not inside the gate.
    @Override
    public void recover(List<Hold<DiskCell>> changes, OwnRecord record) throws StoreException {
        long bytes = record == null ? 0 : RocksTransaction.logBytes(Key.of(record.key()), record.value().length);
        for (Hold<DiskCell> change : changes) {
            bytes += RocksTransaction.logBytes(change.key(), change.after().valueBytes());
        }
        if (bytes > 0) {
            transactions.get().leaveGate();
            committer.awaitSpace(bytes);
        }
    }
}
