package dev.cipherlink.store.disk;

import dev.cipherlink.store.Key;
import dev.cipherlink.store.disk.Group.KeyChange;
import dev.cipherlink.store.disk.StoreState.StoreCounters;
import dev.cipherlink.store.log.LastCommit;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;

/// What a [RocksStore] does for its commits, on the committing thread, and when they are applied.
final class RocksCommits implements Committer.Owner, Applier.Owner {

    private static final Logger LOG = System.getLogger(RocksCommits.class.getName());

    private final StoreCounters counters;
    private final CellCache cells;
    private final Sweeper sweeper;
    private final LastCommit lastCommit;

    RocksCommits(StoreCounters counters, CellCache cells, Sweeper sweeper, LastCommit lastCommit) {
        this.counters = counters;
        this.cells = cells;
        this.sweeper = sweeper;
        this.lastCommit = lastCommit;
    }

    @Override
    public StoreState state(long commit) {
        return new StoreState(commit, 0, counters.lastVersion().get(), counters.clock().now());
    }

    @Override
    public void applied(List<Group> groups) {
        long nearestDeadline = Cell.NO_DEADLINE;
        for (Group group : groups) {
            for (KeyChange change : group.keys()) {
                Cell after = change.after();
                nearestDeadline = Math.min(nearestDeadline, after.deadline);
                if (after.isLarge()) {
                    dropLargeValue(change.key(), after.version);
                }
            }
        }
        if (nearestDeadline != Cell.NO_DEADLINE) {
            sweeper.note(nearestDeadline);
        }
    }

    /// Where there is no memory for that, it goes another time: the database has the groups, and must not get them twice.
    private void dropLargeValue(Key key, long version) {
        try {
            cells.dropLargeValue(key, version);
        } catch (OutOfMemoryError e) {
            LOG.log(Level.DEBUG, "a value that the database has stays in memory");
        }
    }

    @Override
    public void caughtUp() {
        try {
            lastCommit.lookAtManifestIfDue();
        } catch (IOException e) {
            LOG.log(Level.WARNING, "cannot note what the list of the store's files is: {0}", e.getMessage());
        }
    }

    @Override
    public void freeMemory() {
        cells.dropStored();
    }

    @Override
    public void synced(long commit) {
        try {
            lastCommit.write(commit);
        } catch (IOException e) {
            LOG.log(Level.WARNING, "cannot note how far the store reaches: {0}", e.getMessage());
        }
    }
}
