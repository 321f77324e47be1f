package dev.cipherlink.store.disk;

import dev.cipherlink.store.Key;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.Transaction;
import dev.cipherlink.store.disk.Group.RecordChange;

/// The transaction of one thread; used again for each of its batches.
final class RocksTransaction implements Transaction {
    private final Committer committer;
    private final Database database;
    private Records records;
    private boolean isActive;
    private boolean isInside;
    private long stamp;
    /// What it wrote to last; null if it did not write. An earlier one becomes durable before it.
    private Group written;
    /// The latest that it read from and that was not durable; null if there was none.
    private Group read;

    RocksTransaction(Committer committer, Database database) {
        this.committer = committer;
        this.database = database;
    }

    void begin(Records newRecords) {
        if (isActive) {
            throw new IllegalStateException("this thread has begun a transaction already");
        }
        isActive = true;
        records = newRecords;
    }

    boolean isActive() {
        return isActive;
    }

    /// Whether it is inside the gate.
    boolean isInside() {
        return isInside;
    }

    /// Goes inside the gate, if it is not there yet.
    ///
    /// @return what to add changes to
    Group enter() throws StoreException {
        if (!isInside) {
            stamp = committer.enter();
            isInside = true;
            written = committer.current();
        }
        return written;
    }

    /// It has read what this group makes durable, or has made so: what was so when the cell was found may have failed since.
    ///
    /// @throws StoreException if it has failed
    void hasRead(Group group) throws StoreException {
        if (group.isDurable()) {
            return;
        }
        if (group.isFailed()) {
            group.await();
        }
        if (isActive && !isInside && (read == null || read.number() < group.number())) {
            read = group;
        }
    }

    @Override
    public void dependOnPending() throws StoreException {
        hasRead(committer.current());
    }

    @Override
    public void beginWrite() throws StoreException {
        enter();
    }

    @Override
    public void record(byte[] key, byte[] value) throws StoreException {
        enter().add(database, new RecordChange(Key.of(key.clone()), value.clone()));
    }

    @Override
    public void forget(byte[] key) throws StoreException {
        enter().add(database, new RecordChange(Key.of(key.clone()), null));
    }

    @Override
    public void pause() throws StoreException {
        if (isInside) {
            stepOut();
            if (!written.isEmpty()) {
                // Others see what it wrote, and are told of it, however long it stays outside.
                committer.request();
            }
        }
    }

    /// The same for a short look at the disk: no commit is asked for.
    void stepOut() throws StoreException {
        if (isInside) {
            records.addTo(this);
            goOut();
        }
    }

    private void goOut() {
        if (isInside) {
            isInside = false;
            committer.leave(stamp);
        }
    }

    @Override
    public boolean hasWritten() {
        return written != null;
    }

    @Override
    public void commit() throws StoreException {
        Group wrote = written;
        Group saw = read;
        leave();
        if (saw != null) {
            committer.await(saw);
        }
        if (wrote != null) {
            committer.await(wrote);
        }
    }

    @Override
    public void close() {
        if (isActive) {
            boolean hasWritten = hasWritten();
            leave();
            if (hasWritten) {
                committer.request();
            }
        }
    }

    private void leave() {
        if (!isActive) {
            throw new IllegalStateException("the transaction has ended");
        }
        isActive = false;
        written = null;
        read = null;
        records = null;
        goOut();
    }
}
