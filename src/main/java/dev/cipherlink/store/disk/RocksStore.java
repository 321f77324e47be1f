package dev.cipherlink.store.disk;

import dev.cipherlink.metrics.MetricsReport;
import dev.cipherlink.store.CellStore;
import dev.cipherlink.store.EndOfThread;
import dev.cipherlink.store.Key;
import dev.cipherlink.store.KeyValueStore;
import dev.cipherlink.store.LongReads;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.Transaction;
import dev.cipherlink.store.Usage;
import dev.cipherlink.store.disk.CellCache.CellReader;
import dev.cipherlink.store.disk.Group.KeyChange;
import dev.cipherlink.store.disk.Group.RecordChange;
import dev.cipherlink.store.disk.StoreFolder.Ballast;
import dev.cipherlink.store.disk.StoreState.StoreClock;
import dev.cipherlink.store.log.LastCommit;
import dev.cipherlink.store.log.WriteAheadLog;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.concurrent.atomic.AtomicLong;

/// A [KeyValueStore] on disk; it outlives the process.
///
/// **The path of a write.** [CellStore] says what the verb makes of the key's cell. [RocksTransaction] changes the cell in the
/// [CellCache], under the key's lock, and adds the change to the current [Group]: all threads see it at once, and a thread that saw
/// it waits for the same group before an answer leaves. [Committer] appends the group to the [WriteAheadLog] and waits until it is durable.
/// [Applier] brings it into the [Database] later.
///
/// Native code is called for keys that have no cell, for listings, and by the threads of the store. A virtual thread is never in it
/// while it waits for the disk: threads of `LongReads` are. [Recovery] opens what an earlier process left.
public final class RocksStore extends CellStore<DiskCell> {

    private static final Logger LOG = System.getLogger(RocksStore.class.getName());
    private static final int SWEEP_BATCH = 100;

    private final StoreFolder folder;
    private final Database database;
    private final LastCommit lastCommit;
    private final WriteAheadLog log;
    private final Applier applier;
    private final Committer committer;
    private final CellCache cells;
    private final CellReader reader;
    private final DiskHolds holds;
    private final Listing listing;
    private final StoreFigures figures;
    private final Sweeper sweeper;
    private final AtomicLong lastVersion;
    private final ThreadLocal<RocksTransaction> transactions = ThreadLocal.withInitial(this::newTransaction);
    private boolean isClosed;

    /// Opens the store, or makes it if the folder has none. Blocks on the disk.
    ///
    /// @throws StoreInUseException   if another process has it open
    /// @throws DamagedStoreException if what it acknowledged is not all there
    /// @throws IOException           if it cannot be used; the message is one line
    public static RocksStore open(Path path, RocksConfig config) throws IOException {
        StoreFolder folder = StoreFolder.lock(path);
        Database database = null;
        try {
            new Ballast(path).giveIfNeeded();
            Recovery.Opened opened = Recovery.open(folder, config.acceptsLoss());
            database = opened.database();
            StoreState state = StoreState.of(database);
            var store = new RocksStore(config, folder, database, state);
            store.start(state.commit(), opened.isFlushed());
            return store;
        } catch (IOException | StoreException | RuntimeException e) {
            if (database != null) {
                database.close();
            }
            folder.close();
            throw e instanceof IOException failure ? failure : new IOException(path + ": " + e.getMessage(), e);
        }
    }

    private RocksStore(RocksConfig config, StoreFolder folder, Database database, StoreState state)
            throws IOException, StoreException {
        var storeClock = new StoreClock(config.nanoClock(), config.wallClock(), state.time());
        super(config.limits(), storeClock::now, 0);
        this.folder = folder;
        this.database = database;
        this.lastVersion = new AtomicLong(state.lastVersion());
        this.cells = new CellCache(config.cacheBytes());
        this.lastCommit = folder.openLastCommit();
        this.sweeper = new Sweeper(this::removeDue, storeClock);
        this.log = folder.openLog(state.commit());
        var owner = new CommitOwner();
        this.applier = new Applier(database, log, owner, state);
        this.committer = new Committer(log, applier, owner, config.durability());
        this.reader = new CellReader(cells, database, applier);
        this.holds = new DiskHolds(committer, reader, transactions::get);
        this.listing = new Listing(database, cells, committer, applier, storeClock);
        this.figures = new StoreFigures(config.durability(), database, cells, applier, committer);
    }

    private void start(long commit, boolean isFlushed) throws IOException {
        // Into both of its slots, over the notes of an earlier process.
        lastCommit.writeWithFreshManifest(commit);
        lastCommit.writeWithFreshManifest(commit);
        lastCommit.force();
        if (isFlushed) {
            log.forget(commit);
        }
        new Ballast(folder.path()).take();
        applier.start(committer::stop);
        committer.start();
        sweeper.start();
    }

    @Override
    public boolean isDurable() {
        return true;
    }

    @Override
    public void onChange(ChangeListener listener) {
        committer.deliveries().setListener(listener);
    }

    @Override
    public void afterCommit(Runnable action) {
        committer.afterCommit(action);
    }

    @Override
    public Transaction begin(Transaction.Records records) {
        RocksTransaction transaction = transactions.get();
        transaction.begin(records);
        return transaction;
    }

    @Override
    public Transaction transaction() {
        RocksTransaction transaction = transactions.get();
        if (!transaction.isActive()) {
            throw new IllegalStateException("this thread has begun no transaction");
        }
        return transaction;
    }

    private RocksTransaction newTransaction() {
        return new RocksTransaction(committer, reader, clock, lastVersion, usages);
    }

    @Override
    public Usage usage(String name, Usage.Space space) {
        return usages.of(name, space, listing::count);
    }

    @Override
    public byte[] record(byte[] key) throws StoreException {
        // First the groups that the database lacks: it may get them meanwhile, and it may be full.
        RecordChange change = applier.waitingRecord(Key.of(key));
        return change != null ? change.value() : reader.stored(Database.RECORDS, key);
    }

    @Override
    public NavigableMap<byte[], byte[]> records(byte[] prefix, byte[] after, int maxBytes) throws StoreException {
        return listing.records(prefix, after, maxBytes);
    }

    @Override
    protected DiskCell read(Key key) throws StoreException {
        return transactions.get().read(key);
    }

    @Override
    protected byte[] value(Key key, DiskCell cell) throws StoreException {
        if (cell.value != null) {
            return cell.value;
        }
        transactions.get().leaveGate();
        return reader.value(key, cell);
    }

    @Override
    protected Holding<DiskCell> holding() {
        return holds;
    }

    @Override
    public <T> T atomically(Map<Key, Need> keys, boolean isReadOnly, Atomic<T> body) throws StoreException {
        return inTransaction(() -> super.atomically(keys, isReadOnly, body));
    }

    /// Outside of a transaction a write is one of its own.
    @Override
    protected Write<DiskCell> write(Key key, Need need, Change<DiskCell> change) throws StoreException {
        RocksTransaction transaction = transactions.get();
        return transaction.isActive() ? transaction.write(key, need, change)
                : inTransaction(() -> transaction.write(key, need, change));
    }

    private <T> T inTransaction(LongReads.Read<T> work) throws StoreException {
        RocksTransaction transaction = transactions.get();
        if (transaction.isActive()) {
            return work.run();
        }
        transaction.begin(Transaction.Records.NONE);
        try (transaction) {
            T done = work.run();
            transaction.commit();
            return done;
        }
    }

    @Override
    public List<Key> keys(byte[] prefix, int limit, byte[] after) throws StoreException {
        transactions.get().dependOnPending();
        return listing.keys(prefix, limit, after);
    }

    @Override
    public long count(byte[] prefix) throws StoreException {
        transactions.get().dependOnPending();
        return prefix.length == 0 ? listing.size() : listing.count(prefix);
    }

    @Override
    public long size() throws StoreException {
        transactions.get().dependOnPending();
        return listing.size();
    }

    @Override
    public Map<String, Object> info() throws StoreException {
        return figures.info();
    }

    @Override
    public boolean isShortOfDisk() {
        return committer.fullDisk().hasRefusedLately();
    }

    @Override
    public void addTo(MetricsReport report) throws StoreException {
        figures.addTo(report, size());
    }

    /// Removes expired entries, a few in each transaction. Called by the sweeper; blocks until that is durable.
    private Sweeper.Swept removeDue(long from) throws StoreException {
        long last = from;
        applier.apply();
        List<byte[]> due = listing.dueDeadlines(last, SWEEP_BATCH);
        while (!due.isEmpty()) {
            remove(due.stream().map(DiskCell::key).toList());
            last = DiskCell.deadline(due.getLast());
            applier.apply();
            due = listing.dueDeadlines(last, SWEEP_BATCH);
        }
        return new Sweeper.Swept(last, listing.nextDeadline(last));
    }

    private void remove(List<Key> due) throws StoreException {
        for (Key key : due) {
            // Into memory, before other threads wait for this transaction.
            reader.cell(key);
        }
        inTransaction(() -> {
            for (Key key : due) {
                // Leaves a key alone that has another deadline by now.
                transactions.get().write(key, Need.ENTRY, (live, _) -> live);
            }
            return null;
        });
    }

    /// The store's part in its commits: on the committing thread, and when groups are applied.
    private final class CommitOwner implements Committer.Owner, Applier.Owner {
        @Override
        public StoreState state(long commit) {
            return new StoreState(commit, 0, lastVersion.get(), clock.getAsLong());
        }

        @Override
        public void synced(long commit) {
            try {
                lastCommit.write(commit);
            } catch (IOException e) {
                LOG.log(Level.WARNING, "cannot note how far the store reaches: {0}", e.getMessage());
            }
        }

        @Override
        public void applied(List<Group> groups) {
            long nearestDeadline = DiskCell.NO_DEADLINE;
            for (Group group : groups) {
                for (KeyChange change : group.keys()) {
                    DiskCell after = change.after();
                    nearestDeadline = Math.min(nearestDeadline, after.deadline);
                    if (after.isLarge()) {
                        dropLargeValue(change.key(), after.version);
                    }
                }
            }
            if (nearestDeadline != DiskCell.NO_DEADLINE) {
                sweeper.note(nearestDeadline);
            }
        }

        /// Without memory for it, the value goes another time: the database has the groups, and must not get them twice.
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
    }

    /// Entries kept, expired ones included that are not yet removed.
    long keptKeys() throws StoreException {
        return listing.kept();
    }

    /// A consistent copy of everything that is durable, in a folder of its own that [#open] takes; others go on writing.
    ///
    /// @param target must not exist, or be empty
    /// @throws IOException if it cannot be written; the message is one line
    public void backUp(Path target) throws IOException {
        applyDurable();
        StoreCopy.backUp(database, applier.applied(), target);
    }

    /// Reads everything that is durable and compares it; others go on writing.
    ///
    /// @return what is wrong, one line each
    /// @throws IOException if it cannot be read
    public List<String> check() throws IOException {
        applyDurable();
        return new StoreCheck(database).run();
    }

    private void applyDurable() throws IOException {
        try {
            applier.apply();
        } catch (StoreException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    /// Commits what was written, and closes the files. An interrupt does not cut that short, and is kept. A second call waits for the
    /// first.
    @Override
    public synchronized void close() {
        if (isClosed) {
            return;
        }
        isClosed = true;
        // In a thread of its own: an interrupt closes the file that is being written.
        EndOfThread.await(Thread.ofPlatform().name("store-close").start(this::closeAll));
    }

    private void closeAll() {
        sweeper.close();
        committer.close();
        applier.close();
        listing.close();
        reader.close();
        try (folder; database; log; lastCommit) {
            if (!committer.isStopped()) {
                lastCommit.writeWithFreshManifest(committer.commits());
                lastCommit.force();
            }
            new Ballast(folder.path()).take();
        } catch (IOException e) {
            LOG.log(Level.WARNING, "closing the store failed: {0}", e.getMessage());
        }
    }
}
