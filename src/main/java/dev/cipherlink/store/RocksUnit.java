package dev.cipherlink.store;

/// The unit of one thread; used again for each of its batches.
final class RocksUnit implements Unit {
    private final Committer committer;
    private final Database database;
    private boolean isActive;
    private boolean isInside;
    private long stamp;
    /// What it wrote to last; null if it did not write. An earlier one becomes durable before it, and takes it along when it
    /// fails.
    private Group written;
    /// The latest that it read from and that was not durable; null if there was none.
    private Group read;

    RocksUnit(Committer committer, Database database) {
        this.committer = committer;
        this.database = database;
    }

    void begin() {
        if (isActive) {
            throw new IllegalStateException("this thread has begun a unit already");
        }
        isActive = true;
    }

    boolean isActive() {
        return isActive;
    }

    /// Goes inside the gate, if it is not there yet.
    ///
    /// @return what to add changes to
    Group enter() throws StoreException {
        if (!isInside) {
            stamp = committer.enter();
            isInside = true;
            if (written != null && written.isFailed()) {
                pause();
                written.await();
            }
            written = committer.current();
        }
        return written;
    }

    /// It has read what this group makes durable. At most two groups are pending, the later being the current one. One
    /// that has failed stays: what was read from it was not so.
    void hasRead(Group group) {
        if (isActive && !isInside && group.isPending()
                && (read == null || read.isDurable() || read.isPending() && group == committer.current())) {
            read = group;
        }
    }

    @Override
    public void open() throws StoreException {
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
    public void pause() {
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
            throw new IllegalStateException("the unit has ended");
        }
        isActive = false;
        written = null;
        read = null;
        pause();
    }
}
