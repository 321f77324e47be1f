package dev.cipherlink.store.disk;

import dev.cipherlink.store.Key;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.Unit;
import java.io.IOException;
import java.util.List;

/// Writes keys for a [RocksStore]: in memory, and what has to be fetched for that outside of the gate. Thread-safe.
final class RocksWrites {
    private static final int SWEEP_BATCH = 100;
    private static final int MAX_TRIES = 100;

    private final RocksStore.Parts parts;
    private final CellCache cells;
    private final Applier applier;
    private final Listing listing;

    RocksWrites(RocksStore.Parts parts, CellCache cells, Applier applier, Listing listing) {
        this.parts = parts;
        this.cells = cells;
        this.applier = applier;
        this.listing = listing;
    }

    /// The one way to write. Outside of a unit a write is a unit of its own.
    RocksWrite run(RocksUnit unit, Key key, RocksWrite.Need need, RocksWrite.Change change) throws StoreException {
        if (unit.isActive()) {
            return write(unit, key, need, change);
        }
        unit.begin(Unit.Records.NONE);
        try (unit) {
            RocksWrite done = write(unit, key, need, change);
            unit.commit();
            return done;
        }
    }

    /// What is not in memory is read outside of the gate, and the write is tried again: nobody waits for the disk of others.
    private RocksWrite write(RocksUnit unit, Key key, RocksWrite.Need need, RocksWrite.Change change) throws StoreException {
        Cell large = null;
        for (int i = 0; i < MAX_TRIES; i++) {
            var write = new RocksWrite(parts, need, change, unit.enter(), large);
            update(key, write);
            if (write.isDone()) {
                return write;
            }
            unit.stepOut();
            large = write.fetch(key);
        }
        throw StoreException.failed(new IOException("a key changes all the time"));
    }

    private void update(Key key, RocksWrite write) {
        try {
            cells.update(key, write);
        } catch (RuntimeException | Error e) {
            if (write.isAdded()) {
                // The group has a change that nobody sees: it must not be committed.
                parts.committer().stop(StoreException.failed(e));
            }
            throw e;
        }
    }

    /// Takes away what is due, in small units of this thread's.
    Sweeper.Swept removeDue(RocksUnit unit, long from) throws StoreException {
        long last = from;
        applier.apply();
        List<byte[]> due = listing.dueDeadlines(last, SWEEP_BATCH);
        while (!due.isEmpty()) {
            for (byte[] deadline : due) {
                // Into memory, before anybody waits for the unit.
                parts.reader().cell(EntryCodec.key(deadline));
            }
            unit.begin(Unit.Records.NONE);
            try (unit) {
                for (byte[] deadline : due) {
                    // A key that has another deadline by now stays.
                    write(unit, EntryCodec.key(deadline), RocksWrite.Need.ENTRY, (live, _, _) -> live);
                }
                unit.commit();
            }
            last = EntryCodec.deadline(due.getLast());
            applier.apply();
            due = listing.dueDeadlines(last, SWEEP_BATCH);
        }
        return new Sweeper.Swept(last, listing.nextDeadline(last));
    }
}
