package dev.cipherlink.store.disk;

import dev.cipherlink.store.Key;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.disk.Group.KeyChange;
import dev.cipherlink.store.log.BatchBuffer;
import dev.cipherlink.store.log.CommitLogReader;
import dev.cipherlink.store.log.LastCommit;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/// Opens the database of a store that another process has left, perhaps by dying: with everything that is in the log.
final class Recovery {

    private static final Logger LOG = System.getLogger(Recovery.class.getName());
    private static final long MEBIBYTE = 1L << 20;

    /// A database with everything that is in the log.
    ///
    /// @param isFlushed whether the disk has it, so that the log is not needed any more
    record Opened(Database database, boolean isFlushed) {
    }

    private Recovery() {
    }

    /// Opens the database, or makes it. Blocks on the disk.
    ///
    /// @param acceptsLoss whether what is left is taken as it is, though the store acknowledged more
    /// @throws DamagedStoreException if not all is there; then nothing was changed
    /// @throws IOException           if it cannot be used
    static Opened open(StoreFolder folder, boolean acceptsLoss) throws IOException, StoreException {
        boolean isNew = folder.isNew();
        if (!isNew && !acceptsLoss) {
            requireWhole(folder);
        }
        // Those that RocksDB begins from here on are not among them.
        List<Path> blobs = isNew ? List.of() : blobs(folder.database());
        var database = new Database(folder.database(), isNew ? Database.Mode.NEW : Database.Mode.EXISTING);
        try {
            removeUnused(blobs, database);
            return new Opened(database, applyLog(folder, database, acceptsLoss));
        } catch (IOException | StoreException | RuntimeException e) {
            database.close();
            throw e;
        }
    }

    /// Looks, without changing anything, whether all that was acknowledged is there.
    private static void requireWhole(StoreFolder folder) throws IOException, StoreException {
        LastCommit.Content required = folder.required();
        try (var look = new Database(folder.database(), Database.Mode.LOOK)) {
            folder.requireReached(required, CommitLogReader.read(folder.log(), StoreState.of(look).commit(), (_, _) -> { }));
        }
    }

    private static List<Path> blobs(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(".blob")).toList();
        }
    }

    /// RocksDB keeps what it had written of a blob file when its process was killed. Each kill could take as much of the disk as
    /// a write buffer.
    private static void removeUnused(List<Path> blobs, Database database) throws IOException {
        Set<Path> used = database.files();
        for (Path blob : blobs) {
            if (!used.contains(blob)) {
                Files.deleteIfExists(blob);
            }
        }
    }

    /// Brings into the database what only the log has, and waits until the disk has it.
    ///
    /// @return false if the disk has no space for it: then only memory has it
    private static boolean applyLog(StoreFolder folder, Database database, boolean acceptsLoss) throws IOException, StoreException {
        long before = StoreState.of(database).commit();
        try {
            CommitLogReader.Found found = CommitLogReader.read(folder.log(), before, new LogReplay(database));
            if (!acceptsLoss) {
                folder.requireGood(found);
            }
            return found.commit() == before || isFlushed(database);
        } catch (StoreException e) {
            if (e.reason() == StoreException.Reason.FULL) {
                throw new IOException(fullDisk(folder.log()), e);
            }
            throw e;
        }
    }

    private static boolean isFlushed(Database database) throws StoreException {
        try {
            database.flush();
            return true;
        } catch (StoreException e) {
            if (e.reason() != StoreException.Reason.FULL) {
                throw e;
            }
            LOG.log(Level.WARNING, "the disk of the store is full: its log stays until there is room for what is in it");
            return false;
        }
    }

    private static String fullDisk(Path log) throws IOException {
        long bytes = 0;
        for (Path file : CommitLogReader.files(log)) {
            bytes += Files.size(file);
        }
        return log.getParent() + ": the disk of the store is full; nothing is lost, and it opens when there is room for its log once more, about "
                + Math.ceilDiv(bytes, MEBIBYTE) + " MiB";
    }

    /// Brings commits of a log into the database. The log does not say which old deadline or large value a write that did not look
    /// left behind, nor how many entries there are: both are found here.
    private static final class LogReplay implements CommitLogReader.Visitor {
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
                database.write(batch);
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
}
