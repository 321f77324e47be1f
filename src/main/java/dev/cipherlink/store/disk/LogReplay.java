package dev.cipherlink.store.disk;

import dev.cipherlink.store.Key;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.disk.Group.KeyChange;
import dev.cipherlink.store.log.BatchBuffer;
import dev.cipherlink.store.log.CommitLogReader;
import java.io.IOException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/// Brings commits of a log into the database. The log does not say which old deadline or large value a write that did not look
/// left behind, nor how many entries there are: both are found here.
final class LogReplay implements CommitLogReader.Visitor {
    /// Keys whose cells are remembered.
    private static final int MAX_KNOWN = 100_000;

    private final Database database;
    private final Map<Key, DiskCell> known = new HashMap<>();
    private StoreState state;

    /// The entries of one commit, and the store's state with it.
    private static final class Changes {
        private final Map<Key, DiskCell> entries = new LinkedHashMap<>();
        private StoreState state;
    }

    LogReplay(Database database) throws IOException, StoreException {
        this.database = database;
        this.state = StoreState.of(database);
    }

    @Override
    public void commit(long number, byte[] changes) throws StoreException {
        try {
            Changes made = read(changes);
            var batch = new BatchBuffer(changes.length + (64L << 10));
            long keys = state.keys();
            for (Map.Entry<Key, DiskCell> entry : made.entries.entrySet()) {
                var change = new KeyChange(entry.getKey(), before(entry.getKey()), entry.getValue());
                // Before the log's own changes, so that what they set stays.
                change.addRemovalsTo(batch);
                keys += change.entries();
            }
            batch.addAll(changes);
            state = (made.state == null ? state : made.state).withKeys(keys);
            state.addTo(batch);
            database.write(batch.toArray());
            remember(made.entries);
        } catch (IOException e) {
            throw StoreException.failed(e);
        }
    }

    private Changes read(byte[] batch) throws IOException {
        var changes = new Changes();
        BatchBuffer.read(batch, (family, key, value) -> {
            if (family == Database.ENTRIES) {
                DiskCell cell = value == null ? DiskCell.ABSENT : DiskCell.decode(value).withoutLargeValue();
                changes.entries.put(Key.of(key), cell);
            } else if (family == Database.STATE) {
                changes.state = StoreState.decode(value);
            }
        });
        return changes;
    }

    private DiskCell before(Key key) throws IOException, StoreException {
        DiskCell cell = known.get(key);
        if (cell != null) {
            return cell;
        }
        return DiskCell.decode(database.get(Database.ENTRIES, key.bytes()));
    }

    private void remember(Map<Key, DiskCell> entries) {
        if (known.size() > MAX_KNOWN) {
            known.clear();
        }
        known.putAll(entries);
    }
}
