package dev.cipherlink.store.disk;

import dev.cipherlink.store.Decimal;
import dev.cipherlink.store.EndOfThread;
import dev.cipherlink.store.Key;
import dev.cipherlink.store.KeyValueStore;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.Transaction;
import dev.cipherlink.store.disk.CellCache.CellReader;
import dev.cipherlink.store.disk.Group.RecordChange;
import dev.cipherlink.store.disk.StoreState.StoreCounters;
import dev.cipherlink.store.log.CommitLog;
import dev.cipherlink.store.log.LastCommit;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;

/// A [KeyValueStore] on disk, by RocksDB; it outlives the process.
///
/// [CellCache] holds on the heap what the database lacks, and what was used lately; [Committer] makes groups of it durable, in
/// the [CommitLog]; the [Applier] brings them into the [Database] later. A write changes the cell of its key under that
/// key's lock, and adds its change to the current [Group]: all others see it at once, and whoever saw it waits for the same
/// group before an answer leaves.
///
/// Native code is called for keys that have no cell, for listings, and by the committing thread. Virtual threads are never in it
/// while it waits for the disk: threads of `LongReads` are. [Recovery] opens what an earlier process left.
public final class RocksStore implements KeyValueStore {

    private static final Logger LOG = System.getLogger(RocksStore.class.getName());
    private static final long NANOS_PER_SECOND = 1_000_000_000L;
    private static final int MAX_TRIES = 100;

    private final RocksConfig config;
    private final StoreFolder folder;
    private final Database database;
    private final LastCommit lastCommit;
    private final CommitLog log;
    private final Applier applier;
    private final Committer committer;
    private final CellCache cells;
    private final CellReader reader;
    private final Listing listing;
    private final Sweeper sweeper;
    private final StoreClock clock;
    private final StoreCounters counters;
    private final RocksWrites writes;
    private final ThreadLocal<RocksTransaction> transactions = ThreadLocal.withInitial(this::newTransaction);
    private boolean isClosed;

    /// What a write needs of the store.
    record Parts(Database database, StoreCounters counters, CellReader reader, Committer committer) {
    }

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
        this.config = config;
        this.folder = folder;
        this.database = database;
        this.clock = new StoreClock(config.nanoClock(), config.wallClock(), state.time());
        this.counters = new StoreCounters(clock, new AtomicLong(state.lastVersion()));
        this.cells = new CellCache(config.cacheBytes());
        this.lastCommit = folder.openLastCommit();
        this.sweeper = new Sweeper(this::removeDue, clock);
        this.log = folder.openLog(state.commit());
        var commits = new RocksCommits(counters, cells, sweeper, lastCommit);
        this.applier = new Applier(database, log, commits, state);
        this.committer = new Committer(database, log, applier, commits, config.durability());
        this.reader = new CellReader(cells, database, applier);
        this.listing = new Listing(database, cells, committer, applier, clock);
        this.writes = new RocksWrites(new Parts(database, counters, reader, committer), cells, applier, listing);
    }

    private void start(long commit, boolean isFlushed) throws IOException {
        // Into both of its places: what an earlier process noted is over.
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
    public void afterCommit(Runnable telling) {
        committer.tell(telling);
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
        return new RocksTransaction(committer, database);
    }

    @Override
    public byte[] record(byte[] key) throws StoreException {
        // First what is not in the database yet: it may come there meanwhile, and the database may be full.
        RecordChange change = applier.waitingRecord(Key.of(key));
        return change != null ? change.value() : reader.stored(database.records(), key);
    }

    @Override
    public NavigableMap<byte[], byte[]> records(byte[] prefix, byte[] after, int maxBytes) throws StoreException {
        return listing.records(prefix, after, maxBytes);
    }

    @Override
    public byte[] get(Key key, ReadGate gate) throws StoreException {
        Entry entry = entry(key, gate);
        return entry == null ? null : entry.value();
    }

    @Override
    public Entry entry(Key key, ReadGate gate) throws StoreException {
        for (int i = 0; i < MAX_TRIES; i++) {
            Cell cell = read(key);
            long now = time(cell);
            if (!cell.isLiveAt(now)) {
                return null;
            }
            gate.enter(cell.valueBytes);
            if (cell.value == null) {
                transactions.get().stepOut();
            }
            byte[] value = reader.value(key, cell);
            if (value != null) {
                return new Entry(value, cell.version, ttlSeconds(cell, now));
            }
            // Replaced, and taken away, between the two looks.
        }
        throw StoreException.failed(new IOException("a large value is missing"));
    }

    @Override
    public boolean exists(Key key) throws StoreException {
        return read(key).isLive(clock);
    }

    @Override
    public int valueBytes(Key key) throws StoreException {
        return cell(key).valueBytes;
    }

    @Override
    public long set(Key key, byte[] value) throws StoreException {
        return write(key, RocksWrite.Need.NOTHING, (_, _, group) -> fresh(value, Cell.NO_DEADLINE, group)).after().version;
    }

    @Override
    public CasResult compareAndSet(Key key, long version, byte[] value) throws StoreException {
        RocksWrite done = write(key, RocksWrite.Need.ENTRY, (live, _, group) ->
                live.version == version ? fresh(value, Cell.NO_DEADLINE, group) : live);
        return new CasResult(done.live().version == version, done.after().version);
    }

    @Override
    public boolean delete(Key key) throws StoreException {
        return write(key, RocksWrite.Need.ENTRY, (_, _, group) -> Cell.absent(group)).live().exists();
    }

    @Override
    public long increment(Key key, long by) throws StoreException {
        Cell after = write(key, RocksWrite.Need.VALUE, (live, value, group) -> {
            long number = live.exists() ? Decimal.decode(value) : 0;
            return fresh(Decimal.encode(Decimal.sum(number, by)), live.deadline, group);
        }).after();
        return Decimal.decode(after.value);
    }

    @Override
    public int append(Key key, byte[] suffix) throws StoreException {
        return write(key, RocksWrite.Need.VALUE, (live, value, group) -> {
            config.limits().requireFits((long) live.valueBytes + suffix.length);
            byte[] joined = suffix;
            if (live.valueBytes > 0) {
                joined = Arrays.copyOf(value, live.valueBytes + suffix.length);
                System.arraycopy(suffix, 0, joined, live.valueBytes, suffix.length);
            }
            return fresh(joined, live.deadline, group);
        }).after().valueBytes;
    }

    @Override
    public boolean expire(Key key, Duration timeToLive) throws StoreException {
        if (!timeToLive.isPositive() || timeToLive.compareTo(MAX_TIME_TO_LIVE) > 0) {
            throw new IllegalArgumentException("not a time to live: " + timeToLive);
        }
        long deadline = clock.now() + timeToLive.toNanos();
        return write(key, RocksWrite.Need.ENTRY, (live, _, group) -> live.exists() ? live.withDeadline(deadline, group) : live)
                .live().exists();
    }

    @Override
    public boolean persist(Key key) throws StoreException {
        return write(key, RocksWrite.Need.ENTRY, (live, _, group) -> live.deadline == Cell.NO_DEADLINE
                ? live : live.withDeadline(Cell.NO_DEADLINE, group)).live().exists();
    }

    @Override
    public OptionalLong ttlSeconds(Key key) throws StoreException {
        Cell cell = read(key);
        long now = time(cell);
        return cell.isLiveAt(now) ? OptionalLong.of(ttlSeconds(cell, now)) : OptionalLong.empty();
    }

    /// The time, if the cell has a deadline: to look at a clock takes as long as to find a key.
    private long time(Cell cell) {
        return cell.deadline == Cell.NO_DEADLINE ? 0 : clock.now();
    }

    private static long ttlSeconds(Cell cell, long now) {
        return cell.deadline == Cell.NO_DEADLINE ? -1 : Math.ceilDiv(cell.deadline - now, NANOS_PER_SECOND);
    }

    @Override
    public List<Key> keys(byte[] prefix, int limit, byte[] after) throws StoreException {
        seePending();
        return listing.keys(prefix, limit, after);
    }

    @Override
    public long count(byte[] prefix) throws StoreException {
        seePending();
        return prefix.length == 0 ? listing.size() : listing.count(prefix);
    }

    @Override
    public long size() throws StoreException {
        seePending();
        return listing.size();
    }

    /// Who looks at many keys has seen what is not durable yet.
    private void seePending() throws StoreException {
        transactions.get().dependOnPending();
    }

    @Override
    public Map<String, Object> info() throws StoreException {
        var values = new LinkedHashMap<String, Object>();
        values.put("store_engine", "rocksdb");
        values.put("store_durability", config.durability().name().toLowerCase(Locale.ROOT));
        values.put("store_state", state());
        values.put("store_refused_full", committer.fullDisk().refusals());
        values.put("store_commits", committer.commits());
        values.put("store_syncs", committer.syncs());
        values.put("store_units", committer.transactions());
        values.put("store_pending_units", committer.waiting());
        values.put("store_cache_bytes", cells.usedBytes());
        values.put("store_disk_bytes", database.figure("total-sst-files-size") + database.figure("total-blob-file-size"));
        return values;
    }

    private String state() {
        if (committer.isStopped()) {
            return "read-only: its disk failed";
        }
        return committer.fullDisk().isFull() ? "read-only: its disk is full" : "good";
    }

    private Cell read(Key key) throws StoreException {
        Cell cell = cell(key);
        cell.noteUse();
        transactions.get().hasRead(cell.group);
        return cell;
    }

    /// Others do not wait while the disk is read.
    private Cell cell(Key key) throws StoreException {
        RocksTransaction transaction = transactions.get();
        if (transaction.isInside() && !reader.isInMemory(key)) {
            transaction.stepOut();
        }
        return reader.cell(key);
    }

    private RocksWrite write(Key key, RocksWrite.Need need, RocksWrite.Change change) throws StoreException {
        return writes.run(transactions.get(), key, need, change);
    }

    private Cell fresh(byte[] value, long deadline, Group group) {
        return Cell.of(value, counters.nextVersion(), deadline, group);
    }

    /// Called by the sweeper.
    private Sweeper.Swept removeDue(long from) throws StoreException {
        return writes.removeDue(transactions.get(), from);
    }

    /// Entries kept, expired ones included that are not yet taken away.
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

    /// Makes what is there durable, and closes the files. An interrupt does not cut that short, and is kept. A second call waits for
    /// the first.
    @Override
    public synchronized void close() {
        if (isClosed) {
            return;
        }
        isClosed = true;
        // By a thread that nobody interrupts: an interrupt closes the file that is being written.
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
