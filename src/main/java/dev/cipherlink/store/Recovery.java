package dev.cipherlink.store;

import java.io.IOException;

/// Opens the database of a store that another process has left, perhaps by dying: with everything that is in the log.
final class Recovery {

    private Recovery() {
    }

    /// Opens the database, or makes it. Blocks on the disk.
    ///
    /// @param acceptsLoss whether what is left is taken as it is, though the store acknowledged more
    /// @throws DamagedStoreException if not all is there; then nothing was changed
    /// @throws IOException           if it cannot be used
    static Database open(StoreFolder folder, boolean acceptsLoss) throws IOException, StoreException {
        boolean isNew = folder.isNew();
        if (!isNew && !acceptsLoss) {
            requireWhole(folder);
        }
        var database = new Database(folder.database(), isNew ? Database.Mode.NEW : Database.Mode.EXISTING);
        try {
            applyLog(folder, database, acceptsLoss);
            return database;
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

    /// Brings into the database what only the log has, and waits until the disk has it.
    private static void applyLog(StoreFolder folder, Database database, boolean acceptsLoss) throws IOException, StoreException {
        long before = StoreState.of(database).commit();
        CommitLogReader.Found found = CommitLogReader.read(folder.log(), before, (_, changes) -> database.write(changes));
        if (!acceptsLoss) {
            folder.requireGood(found);
        }
        if (found.commit() > before) {
            database.flush();
        }
    }
}
