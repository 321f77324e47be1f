package dev.cipherlink.store.disk;

import dev.cipherlink.store.CellVerbs;
import dev.cipherlink.store.Key;
import dev.cipherlink.store.KeyValueStore.Need;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.Transaction;
import dev.cipherlink.store.Usage;
import dev.cipherlink.store.Usage.Usages;
import dev.cipherlink.store.disk.CellCache.CellReader;
import dev.cipherlink.store.disk.Group.KeyChange;
import dev.cipherlink.store.disk.Group.RecordChange;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/// The transaction of one thread; used again for each of its batches.
///
/// Its first write takes it inside the [Committer]'s gate. There it changes cells and adds each change to the current [Group],
/// all in memory; what it needs from the disk is read outside of the gate, and the write is tried again: no thread waits for the
/// disk reads of another. [#commit] waits for the groups that it wrote to and read from.
final class RocksTransaction implements Transaction {
    private static final int MAX_TRIES = 100;
    /// Bytes that a change may take in the log beside its value, and for each byte of its key.
    private static final int OVERHEAD_BYTES = 400;
    private static final int KEYS_IN_LOG = 5;

    private final Committer committer;
    private final CellReader reader;
    private final LongSupplier clock;
    private final AtomicLong lastVersion;
    private final Usages usages;
    private Records records;
    private Usage.Quota quota;
    private boolean isActive;
    private boolean isInside;
    private long stamp;
    /// The last group that it wrote to, null if it did not write. An earlier one becomes durable before it.
    private Group written;
    /// The latest group that it read from and that was not durable; null if there was none.
    private Group read;

    RocksTransaction(Committer committer, CellReader reader, LongSupplier clock, AtomicLong lastVersion, Usages usages) {
        this.committer = committer;
        this.reader = reader;
        this.clock = clock;
        this.lastVersion = lastVersion;
        this.usages = usages;
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

    /// Goes inside the gate, if it is not there yet.
    ///
    /// @return the group to add changes to
    private Group enter() throws StoreException {
        if (!isInside) {
            stamp = committer.enter();
            isInside = true;
            written = committer.current();
        }
        return written;
    }

    @Override
    public void limit(Usage.Quota newQuota) {
        quota = newQuota;
    }

    @Override
    public void beginWrite() throws StoreException {
        enter();
    }

    @Override
    public void record(byte[] key, byte[] value) throws StoreException {
        enter().add(new RecordChange(Key.of(key.clone()), value.clone()));
    }

    @Override
    public void forget(byte[] key) throws StoreException {
        enter().add(new RecordChange(Key.of(key.clone()), null));
    }

    /// Changes a key. May block on the disk, outside of the gate.
    ///
    /// @throws StoreException if it is refused, and nothing was changed
    DiskWrite write(Key key, Need need, CellVerbs.Change<DiskCell> change) throws StoreException {
        DiskCell large = null;
        for (int i = 0; i < MAX_TRIES; i++) {
            var write = new DiskWrite(need, change, enter(), large);
            write.run(key);
            if (!write.lacksEntry && !write.lacksValue && !write.lacksSpace) {
                return write;
            }
            leaveGate();
            large = write.fetch(key);
        }
        throw StoreException.failed(new IOException("a key changes all the time"));
    }

    /// An estimate of the bytes that a change takes in the log.
    static long logBytes(Key key, int valueBytes) {
        return OVERHEAD_BYTES + (long) KEYS_IN_LOG * key.bytes().length + valueBytes;
    }

    /// Makes the cells of keys that are held; inside the gate.
    DiskWrite newWrite() {
        return new DiskWrite(Need.NOTHING, null, written, null);
    }

    /// Adds all of these changes with their record, or nothing, inside the gate.
    ///
    /// @param record null if there is none
    /// @return false if the log has no space for them
    boolean add(List<KeyChange> changes, RecordChange record) throws StoreException {
        Group group = enter();
        Usages.Reserved reserved = reserve(changes);
        boolean isAdded = false;
        try {
            isAdded = group.addAll(changes, record, committer.logBytes());
        } finally {
            if (!isAdded) {
                reserved.takeBack();
            }
        }
        return isAdded;
    }

    private Usages.Reserved reserve(List<KeyChange> changes) throws StoreException {
        return usages.isEmpty() ? Usages.Reserved.NOTHING : usages.reserve(changes.stream().map(KeyChange::growth).toList(), quota);
    }

    /// One try of a write, in memory, under the key's lock and inside the gate. If it lacks something it has changed nothing.
    final class DiskWrite extends CellVerbs.Write<DiskCell> implements CellCache.Change {
        private final Need need;
        private final CellVerbs.Change<DiskCell> change;
        private final Group group;
        /// A large value that was read for this try, with its version; or null.
        private final DiskCell large;
        private boolean isAdded;
        private boolean lacksEntry;
        private boolean lacksValue;
        private boolean lacksSpace;
        private StoreException refusal;

        private DiskWrite(Need need, CellVerbs.Change<DiskCell> change, Group group, DiskCell large) {
            this.need = need;
            this.change = change;
            this.group = group;
            this.large = large;
        }

        private void run(Key key) throws StoreException {
            try {
                reader.cells().update(key, this);
            } catch (RuntimeException | Error e) {
                if (isAdded) {
                    // The group has a change that no reader sees: it must not be committed.
                    committer.stop(e);
                }
                throw e;
            }
            if (refusal != null) {
                throw refusal;
            }
        }

        @Override
        public DiskCell apply(Key key, DiskCell kept) {
            try {
                DiskCell before = kept != null ? kept
                        : need == Need.NOTHING && !usages.covers(key) ? DiskCell.UNKNOWN : reader.look(key);
                if (before == null) {
                    lacksEntry = true;
                    return null;
                }
                live = before.isLive(clock) ? before : DiskCell.ABSENT;
                if (need == Need.VALUE && live.lacksValue()) {
                    if (large == null || large.version != live.version) {
                        lacksValue = true;
                        return kept;
                    }
                    live = live.withLargeValue(large.value);
                }
                return change(key, kept, before);
            } catch (StoreException e) {
                refusal = e;
                return kept;
            }
        }

        private DiskCell change(Key key, DiskCell kept, DiskCell before) throws StoreException {
            after = change.apply(live, this);
            if (!after.exists() && live == DiskCell.ABSENT && before.exists()) {
                // It is removed now, even if the change leaves it alone.
                after = expired();
            }
            if (after == live || !after.exists() && !before.exists()) {
                return kept == null && before.exists() ? before : kept;
            }
            var added = new KeyChange(key, before, after);
            Usages.Reserved reserved = reserve(List.of(added));
            try {
                isAdded = group.add(added, committer.logBytes());
            } finally {
                if (!isAdded) {
                    reserved.takeBack();
                }
            }
            lacksSpace = !isAdded;
            return isAdded ? after : kept;
        }

        /// Reads what it lacks, or waits for space in the log. Blocks on the disk; not inside the gate.
        ///
        /// @return a large value, for the next try; or null
        /// @throws StoreException if there is no space
        private DiskCell fetch(Key key) throws StoreException {
            if (lacksSpace) {
                committer.awaitSpace(logBytes(key, after.valueBytes()));
                return large;
            }
            if (lacksEntry) {
                reader.load(key);
                return null;
            }
            byte[] value = reader.value(key, live);
            return value == null ? null : live.withLargeValue(value);
        }

        @Override
        protected DiskCell fresh(byte[] value, long deadline) {
            return DiskCell.of(value, lastVersion.incrementAndGet(), deadline, group);
        }

        @Override
        protected DiskCell withDeadline(DiskCell cell, long deadline) {
            return cell.withDeadline(deadline, group);
        }

        @Override
        protected DiskCell absent() {
            return DiskCell.absent(group);
        }

        @Override
        protected DiskCell expired() {
            return DiskCell.expired(group);
        }
    }

    /// Reads the cell of a key. Blocks on the disk if memory has no answer, outside of the gate.
    ///
    /// @throws StoreException if the disk fails, or the commit that wrote it has failed
    DiskCell read(Key key) throws StoreException {
        if (isInside && !reader.isInMemory(key)) {
            leaveGate();
        }
        DiskCell cell = reader.cell(key);
        cell.noteUse();
        dependOn(cell.group);
        return cell;
    }

    /// It has read what this group makes durable, or has made so: the group may have failed since the cell was found.
    ///
    /// @throws StoreException if it has failed
    void dependOn(Group group) throws StoreException {
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
        dependOn(committer.current());
    }

    @Override
    public void pause() throws StoreException {
        if (isInside) {
            leaveGate();
            if (!written.isEmpty()) {
                // Others see what it wrote, and are told of it, however long it stays outside.
                committer.request();
            }
        }
    }

    /// Pauses for a short look at the disk: asks for no commit.
    ///
    /// @throws StoreException of the [Records]
    void leaveGate() throws StoreException {
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
        end();
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
            end();
            if (hasWritten) {
                committer.request();
            }
        }
    }

    private void end() {
        if (!isActive) {
            throw new IllegalStateException("the transaction has ended");
        }
        isActive = false;
        written = null;
        read = null;
        records = null;
        quota = null;
        goOut();
    }
}
