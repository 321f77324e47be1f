package dev.cipherlink.store.disk;

import dev.cipherlink.store.Key;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.Transaction;
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

    /// The one way to write. Outside of a transaction a write is a transaction of its own.
    RocksWrite run(RocksTransaction transaction, Key key, RocksWrite.Need need, RocksWrite.Change change) throws StoreException {
        if (transaction.isActive()) {
            return write(transaction, key, need, change);
        }
        transaction.begin(Transaction.Records.NONE);
        try (transaction) {
            RocksWrite done = write(transaction, key, need, change);
            transaction.commit();
            return done;
        }
    }

    /// What is not in memory is read outside of the gate, and the write is tried again: nobody waits for the disk of others.
    private RocksWrite write(RocksTransaction transaction, Key key, RocksWrite.Need need, RocksWrite.Change change) throws StoreException {
        Cell large = null;
        for (int i = 0; i < MAX_TRIES; i++) {
            var write = new RocksWrite(parts, need, change, transaction.enter(), large);
            update(key, write);
            if (write.isDone()) {
                return write;
            }
            transaction.stepOut();
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

    /// Takes away what is due, in small transactions of this thread's.
    Sweeper.Swept removeDue(RocksTransaction transaction, long from) throws StoreException {
        long last = from;
        applier.apply();
        List<byte[]> due = listing.dueDeadlines(last, SWEEP_BATCH);
        while (!due.isEmpty()) {
            for (byte[] deadline : due) {
                // Into memory, before anybody waits for the transaction.
                parts.reader().cell(EntryCodec.key(deadline));
            }
            transaction.begin(Transaction.Records.NONE);
            try (transaction) {
                for (byte[] deadline : due) {
                    // A key that has another deadline by now stays.
                    write(transaction, EntryCodec.key(deadline), RocksWrite.Need.ENTRY, (live, _, _) -> live);
                }
                transaction.commit();
            }
            last = EntryCodec.deadline(due.getLast());
            applier.apply();
            due = listing.dueDeadlines(last, SWEEP_BATCH);
        }
        return new Sweeper.Swept(last, listing.nextDeadline(last));
    }
}
