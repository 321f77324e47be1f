package dev.cipherlink.store;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;

/// What a [RocksStore] does for its commits, on the committing thread.
final class RocksCommits implements Committer.Owner {

    private static final Logger LOG = System.getLogger(RocksCommits.class.getName());

    private final StoreCounters counters;
    private final CellCache cells;
    private final Sweeper sweeper;
    private final LastCommit lastCommit;
    private long committedKeys;
    private long committingKeys;

    RocksCommits(StoreCounters counters, CellCache cells, Sweeper sweeper, LastCommit lastCommit) {
        this.counters = counters;
        this.cells = cells;
        this.sweeper = sweeper;
        this.lastCommit = lastCommit;
        committedKeys = counters.keys().get();
    }

    @Override
    public StoreState state(long commit) {
        committingKeys = counters.keys().get();
        return new StoreState(commit, committingKeys, counters.lastVersion().get(), counters.clock().now());
    }

    @Override
    public void committed(Group group) {
        committedKeys = committingKeys;
        group.largeValues().forEach(large -> cells.dropLargeValue(large.key(), large.version()));
        if (group.nearestDeadline() != Cell.NO_DEADLINE) {
            sweeper.note(group.nearestDeadline());
        }
    }

    @Override
    public void undo(List<Group> groups) {
        groups.forEach(group -> group.keys().forEach(cells::remove));
        counters.keys().set(committedKeys);
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
