package dev.cipherlink.store;

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
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/// A [KeyValueStore] on disk, by RocksDB; it outlives the process.
///
/// [CellCache] holds on the heap what the database lacks, and what was used lately; [Committer] makes groups of it durable, in
/// the [CommitLog]; the [Applier] brings them into the [Database] later. A write changes the cell of its key under that
/// key's lock, and adds its change to the current [Group]: all others see it at once, and whoever saw it waits for the same
/// group before an answer leaves.
///
/// Native code is called for keys that have no cell, for listings, and by the committing thread. Virtual threads are never in it
/// while it waits for the disk: threads of [LongReads] are.
public final class RocksStore implements KeyValueStore {

    private static final Logger LOG = System.getLogger(RocksStore.class.getName());
    private static final long NANOS_PER_SECOND = 1_000_000_000L;
    /// Looks that [#size] takes at most while others write: then it is the number of a moment not far away.
    private static final int MAX_SIZE_LOOKS = 4;
    private static final int SWEEP_BATCH = 1_000;
    private static final int MAX_LARGE_READS = 100;
    private static final int MAX_DISK_READS = 8;

    private final RocksConfig config;
    private final StoreFolder folder;
    private final Database database;
    private final LastCommit lastCommit;
    private final CommitLog log;
    private final Applier applier;
    private final Committer committer;
    private final CellCache cells;
    private final Sweeper sweeper;
    private volatile Consumer<Key> expiryListener = key -> { };
    private final Listing listing;
    private final LongReads listings = new LongReads("store-listing", 1);
    private final LongReads diskReads = new LongReads("store-read", MAX_DISK_READS);
    private final StoreClock clock;
    private final Parts parts;
    private final StoreCounters counters;
    private final ThreadLocal<RocksUnit> units = ThreadLocal.withInitial(this::newUnit);
    private boolean isClosed;

    /// What a write needs of the store.
    record Parts(Database database, StoreCounters counters, RocksWrite.Source source) {
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
            boolean isNew = folder.isNew();
            if (!isNew && !config.acceptsLoss()) {
                requireWhole(folder);
            }
            database = new Database(folder.database(), isNew ? Database.Mode.NEW : Database.Mode.EXISTING);
            applyLog(folder, database, config.acceptsLoss());
            StoreState state = state(database);
            var store = new RocksStore(config, folder, database, state);
            store.start(state.commit());
            return store;
        } catch (IOException | StoreException | RuntimeException e) {
            if (database != null) {
                database.close();
            }
            folder.close();
            throw e instanceof IOException failure ? failure : new IOException(path + ": " + e.getMessage(), e);
        }
    }

    /// Looks, without changing anything, whether all that was acknowledged is there.
    private static void requireWhole(StoreFolder folder) throws IOException, StoreException {
        LastCommit.Content required = folder.required();
        try (var look = new Database(folder.database(), Database.Mode.LOOK)) {
            folder.requireReached(required, CommitLogReader.read(folder.log(), state(look).commit(), (_, _) -> { }));
        }
    }

    /// Brings into the database what only the log has, and waits until the disk has it.
    private static void applyLog(StoreFolder folder, Database database, boolean acceptsLoss) throws IOException, StoreException {
        long before = state(database).commit();
        CommitLogReader.Found found = CommitLogReader.read(folder.log(), before, (_, changes) -> database.write(changes));
        if (!acceptsLoss) {
            folder.requireGood(found);
        }
        if (found.commit() > before) {
            database.flush();
        }
    }

    private static StoreState state(Database database) throws IOException, StoreException {
        return StoreState.decode(database.get(database.state(), StoreState.KEY));
    }

    private RocksStore(RocksConfig config, StoreFolder folder, Database database, StoreState state)
            throws IOException, StoreException {
        this.config = config;
        this.folder = folder;
        this.database = database;
        this.clock = new StoreClock(config.nanoClock(), config.wallClock(), state.time());
        this.counters = new StoreCounters(clock, new AtomicLong(state.lastVersion()), new AtomicLong(state.keys()));
        this.parts = new Parts(database, counters, this::load);
        this.cells = new CellCache(config.cacheBytes());
        this.lastCommit = folder.openLastCommit();
        this.sweeper = new Sweeper(this::removeDue, clock);
        this.log = folder.openLog(state.commit());
        var commits = new RocksCommits(counters, cells, sweeper, lastCommit);
        this.applier = new Applier(database, log, commits, state.commit());
        this.committer = new Committer(database, log, applier, commits, config.durability());
        this.listing = new Listing(database, cells, committer, applier, clock);
    }

    private void start(long commit) throws IOException {
        // Into both of its places: what an earlier process noted is over.
        lastCommit.writeWithFreshManifest(commit);
        lastCommit.writeWithFreshManifest(commit);
        lastCommit.force();
        log.forget(commit);
        applier.start(committer::stop);
        committer.start();
        sweeper.start();
    }

    @Override
    public boolean isDurable() {
        return true;
    }

    @Override
    public void onExpiry(Consumer<Key> listener) {
        expiryListener = listener;
    }

    @Override
    public Unit begin() {
        RocksUnit unit = units.get();
        unit.begin();
        return unit;
    }

    @Override
    public Unit unit() {
        RocksUnit unit = units.get();
        if (!unit.isActive()) {
            throw new IllegalStateException("this thread has begun no unit");
        }
        return unit;
    }

    private RocksUnit newUnit() {
        return new RocksUnit(committer, database);
    }

    @Override
    public byte[] record(byte[] key) throws StoreException {
        // First what is not in the database yet: it may come there meanwhile, and the database may be full.
        RecordChange change = applier.waitingRecord(Key.of(key));
        return change != null ? change.value() : stored(database.records(), key);
    }

    @Override
    public NavigableMap<byte[], byte[]> records(byte[] prefix) throws StoreException {
        return listings.run(() -> {
            applier.apply();
            return listing.records(prefix);
        });
    }

    @Override
    public byte[] get(Key key) throws StoreException {
        Entry entry = entry(key);
        return entry == null ? null : entry.value();
    }

    @Override
    public Entry entry(Key key) throws StoreException {
        for (int i = 0; i < MAX_LARGE_READS; i++) {
            Cell cell = read(key);
            long now = time(cell);
            if (!cell.isLiveAt(now)) {
                return null;
            }
            byte[] value = value(key, cell);
            if (value != null) {
                return new Entry(value, cell.version, ttlSeconds(cell, now));
            }
            // Replaced, and taken away, between the two looks.
        }
        throw StoreException.failed(new IOException("a large value is missing"));
    }

    private byte[] value(Key key, Cell cell) throws StoreException {
        return cell.value != null ? cell.value : stored(database.large(), EntryCodec.largeKey(key, cell.version));
    }

    @Override
    public boolean exists(Key key) throws StoreException {
        return read(key).isLive(clock);
    }

    @Override
    public long set(Key key, byte[] value) throws StoreException {
        return write(key, (_, group) -> fresh(value, Cell.NO_DEADLINE, group)).after().version;
    }

    @Override
    public CasResult compareAndSet(Key key, long version, byte[] value) throws StoreException {
        RocksWrite done = write(key, (live, group) ->
                live.version == version ? fresh(value, Cell.NO_DEADLINE, group) : live);
        return new CasResult(done.live().version == version, done.after().version);
    }

    @Override
    public boolean delete(Key key) throws StoreException {
        return write(key, (_, group) -> Cell.absent(group)).live().exists();
    }

    @Override
    public long increment(Key key, long by) throws StoreException {
        Cell after = write(key, (live, group) -> {
            long number = live.exists() ? Decimal.decode(value(key, live)) : 0;
            return fresh(Decimal.encode(Decimal.sum(number, by)), live.deadline, group);
        }).after();
        return Decimal.decode(after.value);
    }

    @Override
    public int append(Key key, byte[] suffix) throws StoreException {
        return write(key, (live, group) -> {
            config.limits().requireFits((long) live.valueBytes + suffix.length);
            byte[] joined = suffix;
            if (live.valueBytes > 0) {
                joined = Arrays.copyOf(value(key, live), live.valueBytes + suffix.length);
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
        return write(key, (live, group) -> live.exists() ? live.withDeadline(deadline, group) : live).live().exists();
    }

    @Override
    public boolean persist(Key key) throws StoreException {
        return write(key, (live, group) -> live.deadline == Cell.NO_DEADLINE
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
        committer.pending().forEach(units.get()::hasRead);
        return listings.run(() -> listing.keys(prefix, limit, after));
    }

    @Override
    public long count(byte[] prefix) throws StoreException {
        if (prefix.length == 0) {
            return size();
        }
        committer.pending().forEach(units.get()::hasRead);
        long count = 0;
        byte[] after = Database.NOTHING;
        while (after != null) {
            byte[] from = after;
            // Others who list are let in between.
            Listing.Counted part = listings.run(() -> listing.count(prefix, from));
            count += part.keys();
            after = part.last();
        }
        return count;
    }

    @Override
    public long size() throws StoreException {
        committer.pending().forEach(units.get()::hasRead);
        long keys;
        long expired;
        int looks = 0;
        do {
            keys = counters.keys().get();
            expired = listings.run(listing::expired);
            looks++;
            // The expired ones may have been taken away, and out of the number, between the two.
        } while (looks < MAX_SIZE_LOOKS && keys != counters.keys().get());
        return Math.max(0, keys - expired);
    }

    @Override
    public Map<String, Object> info() throws StoreException {
        var values = new LinkedHashMap<String, Object>();
        values.put("store_engine", "rocksdb");
        values.put("store_durability", config.durability().name().toLowerCase(Locale.ROOT));
        values.put("store_state", committer.isStopped() ? "read-only: its disk failed" : "good");
        values.put("store_commits", committer.commits());
        values.put("store_syncs", committer.syncs());
        values.put("store_units", committer.units());
        values.put("store_pending_units", committer.waiting());
        values.put("store_cache_bytes", cells.usedBytes());
        values.put("store_disk_bytes", database.figure("total-sst-files-size") + database.figure("total-blob-file-size"));
        return values;
    }

    /// The cell of a key, from the heap or else from the disk.
    private Cell read(Key key) throws StoreException {
        Cell cell = cells.get(key);
        if (cell == null) {
            long stamp = applier.applied();
            Cell found = load(key);
            if (found.exists()) {
                // With nothing applied meanwhile, a newer state could only be in a cell.
                cell = cells.update(key, (_, kept) -> kept == null && applier.applied() == stamp ? found : kept);
            } else {
                cell = cells.get(key);
            }
            cell = cell == null ? found : cell;
        }
        cell.noteUse();
        units.get().hasRead(cell.group);
        return cell;
    }

    private Cell load(Key key) throws StoreException {
        byte[] entry = stored(database.entries(), key.bytes());
        try {
            return entry == null ? RocksWrite.ABSENT : EntryCodec.decode(entry);
        } catch (IOException e) {
            throw StoreException.failed(e);
        }
    }

    /// What the database has: from its memory, or else by a thread that may wait for the disk.
    private byte[] stored(int family, byte[] key) throws StoreException {
        Optional<Database.Looked> looked = database.look(family, key);
        return looked.isPresent() ? looked.get().value() : diskReads.run(() -> database.get(family, key));
    }

    /// The one way to write. Outside of a unit a write is a unit of its own.
    private RocksWrite write(Key key, RocksWrite.Change change) throws StoreException {
        RocksUnit unit = units.get();
        if (unit.isActive()) {
            return write(key, change, unit.enter());
        }
        unit.begin();
        try (unit) {
            RocksWrite done = write(key, change, unit.enter());
            unit.commit();
            return done;
        }
    }

    private RocksWrite write(Key key, RocksWrite.Change change, Group group) throws StoreException {
        var write = new RocksWrite(parts, change, group);
        try {
            cells.update(key, write);
        } catch (RuntimeException | Error e) {
            if (write.isAdded()) {
                // The group has a change that nobody sees: it must not be committed.
                committer.stop(StoreException.failed(e));
            }
            throw e;
        }
        return write.requireDone();
    }

    private Cell fresh(byte[] value, long deadline, Group group) {
        return Cell.of(value, counters.nextVersion(), deadline, group);
    }

    /// Called by the sweeper: takes away what is due.
    private Sweeper.Swept removeDue(long from) throws StoreException {
        long last = from;
        applier.apply();
        List<byte[]> due = listing.dueDeadlines(last, SWEEP_BATCH);
        while (!due.isEmpty()) {
            try (Unit unit = begin()) {
                for (byte[] deadline : due) {
                    // A key that has another deadline by now stays.
                    write(EntryCodec.key(deadline), (live, _) -> live);
                }
                unit.commit();
            }
            due.forEach(deadline -> expiryListener.accept(EntryCodec.key(deadline)));
            last = EntryCodec.deadline(due.getLast());
            applier.apply();
            due = listing.dueDeadlines(last, SWEEP_BATCH);
        }
        return new Sweeper.Swept(last, listing.nextDeadline(last));
    }

    /// Entries kept, expired ones included that are not yet taken away.
    long keptKeys() {
        return counters.keys().get();
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

    /// Makes what is there durable, and closes the files. An interrupt does not cut that short, and is kept.
    @Override
    public void close() {
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
        listings.close();
        diskReads.close();
        try (folder; database; log; lastCommit) {
            if (!committer.isStopped()) {
                lastCommit.writeWithFreshManifest(committer.commits());
                lastCommit.force();
            }
        } catch (IOException e) {
            LOG.log(Level.WARNING, "closing the store failed: {0}", e.getMessage());
        }
    }
}
