package dev.cipherlink.store;

import dev.cipherlink.metrics.MetricsReport;
import dev.cipherlink.metrics.MetricsReport.Sample;
import dev.cipherlink.store.Usage.Usages;
import dev.cipherlink.store.Usage.Usages.Growth;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiFunction;
import java.util.function.LongSupplier;

/// A [KeyValueStore] in memory; its content is gone when the process ends.
///
/// A hash map holds the cells, an ordered set their keys, [Expiry] their deadlines. Only a [MemoryWrite] changes them, all
/// three under the map's lock on that key, so they agree for every thread that holds it. Reads take no lock. The order of keys is
/// touched only when a key appears or disappears.
///
/// Expired keys are invisible at once, and removed by a thread that [#close] ends.
public final class MemoryStore extends CellStore<CellStore.Cell> {

    /// An estimate of the heap that one entry takes beside the bytes of key and value: their headers, the objects
    /// around them, its node in the map and in the order.
    static final int OVERHEAD_BYTES = 192;
    private static final Cell ABSENT = new Cell(null, 0, Cell.NO_DEADLINE);

    private final ConcurrentHashMap<Key, Cell> cells = new ConcurrentHashMap<>();
    private final NavigableSet<Key> order = new ConcurrentSkipListSet<>();
    private final MemoryRecords records = new MemoryRecords(this::reserve);
    private final AtomicLong lastVersion = new AtomicLong();
    private final AtomicLong usedBytes = new AtomicLong();
    /// Keys that are held and do not exist.
    private final AtomicLong heldAbsent = new AtomicLong();
    private final Holding<Cell> holding = new MemoryHolding();
    private final Expiry expiry;
    private final MemoryListing listing = new MemoryListing(order, this::exists);
    private volatile ChangeListener listener = ChangeListener.NONE;

    /// A store on the system's monotonic clock.
    public MemoryStore(StoreLimits limits) {
        this(limits, System::nanoTime, ChronoUnit.NANOS.between(Instant.EPOCH, Instant.now()));
    }

    /// @param nanoClock monotonic, in nanoseconds, with any origin
    /// @param wallNanos the time now, in nanoseconds since 1970
    public MemoryStore(StoreLimits limits, LongSupplier nanoClock, long wallNanos) {
        // Nanoseconds since this store was made: sums with a time to live cannot overflow.
        long origin = nanoClock.getAsLong();
        super(limits, () -> nanoClock.getAsLong() - origin, wallNanos);
        this.expiry = new Expiry(clock, this::removeIfDue);
        expiry.start();
    }

    @Override
    protected Cell read(Key key) {
        Cell cell = cells.get(key);
        if (cell instanceof HeldCell held) {
            return held.hold.visible();
        }
        return cell == null ? ABSENT : cell;
    }

    @Override
    protected byte[] value(Key key, Cell cell) {
        return cell.value;
    }

    @Override
    protected Write<Cell> write(Key key, Need need, Change<Cell> change) throws StoreException {
        var write = new MemoryWrite(change);
        while (cells.compute(key, write) instanceof HeldCell held) {
            held.hold.await();
        }
        if (write.failure != null) {
            throw write.failure;
        }
        return write;
    }

    /// Replaces a cell under its key's lock. Other threads see the entry as it was before or as it is afterwards.
    private final class MemoryWrite extends Write<Cell> implements BiFunction<Key, Cell, Cell> {
        private final Change<Cell> change;
        private StoreException failure;

        MemoryWrite(Change<Cell> change) {
            this.change = change;
        }

        @Override
        public Cell apply(Key key, Cell kept) {
            if (kept instanceof HeldCell) {
                return kept;
            }
            try {
                live = kept != null && kept.isLive(clock) ? kept : ABSENT;
                after = change.apply(live, this);
                Cell next = after.exists() ? after : null;
                if (next != kept) {
                    reserve(key, kept, next);
                    link(key, kept == null ? ABSENT : kept, after);
                }
                return next;
            } catch (StoreException e) {
                failure = e;
                return kept;
            }
        }

        @Override
        protected Cell fresh(byte[] value, long deadline) {
            return new Cell(value, lastVersion.incrementAndGet(), deadline);
        }

        @Override
        protected Cell withDeadline(Cell cell, long deadline) {
            return new Cell(cell.value, cell.version, deadline);
        }

        @Override
        protected Cell absent() {
            return ABSENT;
        }

        @Override
        protected Cell expired() {
            return ABSENT;
        }
    }

    /// Stands for a key that is held.
    private static final class HeldCell extends Cell {
        private final Hold<Cell> hold;

        HeldCell(Hold<Cell> hold) {
            super(null, 0, NO_DEADLINE);
            this.hold = hold;
        }
    }

    @Override
    protected Holding<Cell> holding() {
        return holding;
    }

    private final class MemoryHolding implements Holding<Cell> {
        @Override
        public Write<Cell> newWrite() {
            return new MemoryWrite(null);
        }

        /// All is in memory.
        @Override
        public Map<Key, Cell> prepare(Map<Key, Need> keys, boolean isReadOnly, long maxBytes) {
            return Map.of();
        }

        @Override
        public void hold(Hold<Cell> hold) {
            var own = new HeldCell(hold);
            while (cells.compute(hold.key(), (_, kept) -> {
                if (kept instanceof HeldCell) {
                    return kept;
                }
                hold.take(kept, kept == null ? ABSENT : kept);
                heldAbsent.addAndGet(kept == null ? 1 : 0);
                return own;
            }) instanceof HeldCell found && found != own) {
                found.hold.await();
            }
        }

        @Override
        public void accept(List<Hold<Cell>> changes, OwnRecord record) throws StoreException {
            long bytes = 0;
            for (Hold<Cell> change : changes) {
                bytes += bytes(change.key(), next(change)) - bytes(change.key(), change.kept());
                // Released holds of keys that do not exist take them out again.
                order.add(change.key());
            }
            Usages.Reserved reserved = usages.isEmpty() ? Usages.Reserved.NOTHING : usages.reserve(changes.stream()
                    .map(change -> growth(change.key(), change.kept(), next(change))).toList(), records.quota());
            boolean isReserved = false;
            try {
                reserve(bytes);
                isReserved = true;
                if (record != null) {
                    records.record(record.key(), record.value());
                }
            } catch (StoreException | Error e) {
                reserved.takeBack();
                usedBytes.addAndGet(isReserved ? -bytes : 0);
                throw e;
            }
        }

        private static Cell next(Hold<Cell> change) {
            return change.after().exists() ? change.after() : null;
        }

        @Override
        public void release(Hold<Cell> hold) {
            cells.compute(hold.key(), (key, _) -> {
                heldAbsent.addAndGet(hold.kept() == null ? -1 : 0);
                if (!hold.isChanged()) {
                    if (hold.kept() == null) {
                        order.remove(key);
                    }
                    return hold.kept();
                }
                link(key, hold.before(), hold.after());
                return next(hold);
            });
        }

        @Override
        public void recover(List<Hold<Cell>> changes, OwnRecord record) {
            throw new IllegalStateException("memory lacks nothing");
        }
    }

    private static long bytes(Key key, Cell cell) {
        return cell == null ? 0 : (long) OVERHEAD_BYTES + key.bytes().length + cell.value.length;
    }

    private static long usedBytes(Key key, Cell cell) {
        return cell == null ? 0 : key.bytes().length + cell.value.length;
    }

    private static Growth growth(Key key, Cell kept, Cell next) {
        return new Growth(key, usedBytes(key, kept), usedBytes(key, next));
    }

    /// A new key comes into the order first: a count of usage that begins now finds it there, or the write finds that it is counted.
    private void reserve(Key key, Cell kept, Cell next) throws StoreException {
        boolean isNew = kept == null && order.add(key);
        Usages.Reserved reserved = Usages.Reserved.NOTHING;
        try {
            if (!usages.isEmpty()) {
                reserved = usages.reserve(List.of(growth(key, kept, next)), records.quota());
            }
            reserve(bytes(key, next) - bytes(key, kept));
        } catch (StoreException | Error e) {
            reserved.takeBack();
            if (isNew) {
                order.remove(key);
            }
            throw e;
        }
    }

    private void reserve(long bytes) throws StoreException {
        if (bytes == 0) {
            return;
        }
        long used = usedBytes.addAndGet(bytes);
        if (bytes > 0 && used > limits.maxBytes()) {
            usedBytes.addAndGet(-bytes);
            throw StoreException.full(limits.maxBytes());
        }
    }

    /// Keeps order, deadlines and listener in step with the map; `kept` may have expired, `after` has not.
    private void link(Key key, Cell kept, Cell after) {
        if (kept.deadline != after.deadline) {
            if (kept.deadline != Cell.NO_DEADLINE) {
                expiry.remove(new Expiry.Deadline(kept.deadline, key));
            }
            if (after.deadline != Cell.NO_DEADLINE) {
                expiry.add(new Expiry.Deadline(after.deadline, key));
            }
        }
        if (!after.exists()) {
            order.remove(key);
        }
        if (kept.version != after.version && listener.isInterested()) {
            listener.changed(key, after.exists() ? ChangeListener.Kind.SET
                    : kept.isLive(clock) ? ChangeListener.Kind.DELETED : ChangeListener.Kind.EXPIRED);
        }
    }

    /// Called by [Expiry]. By the time a thread has the key's lock, the key may have another deadline or be gone.
    private void removeIfDue(Expiry.Deadline due) {
        try {
            write(due.key(), Need.ENTRY, (live, _) -> live);
        } catch (StoreException e) {
            throw new IllegalStateException("a removal needs no memory", e);
        }
    }

    @Override
    public List<Key> keys(byte[] prefix, int limit, byte[] after) throws StoreException {
        return listing.keys(prefix, limit, after);
    }

    @Override
    public long count(byte[] prefix) throws StoreException {
        return prefix.length == 0 ? size() : listing.count(prefix);
    }

    @Override
    public long size() throws StoreException {
        if (expiry.hasDue()) {
            listing.reads().run(() -> {
                expiry.removeDue();
                return null;
            });
        }
        return Math.max(0, cells.mappingCount() - heldAbsent.get());
    }

    @Override
    public void onChange(ChangeListener newListener) {
        listener = newListener;
    }

    @Override
    public Usage usage(String name, Usage.Space space) {
        return usages.of(name, space, (usage, install) ->
                usages.countEach(usage, install, listing::forEach, key -> see(usage, key)));
    }

    private void see(Usage usage, Key key) {
        while (cells.computeIfPresent(key, (_, kept) -> kept instanceof HeldCell ? kept : usage.see(key, kept, usedBytes(key, kept)))
                instanceof HeldCell held) {
            held.hold.await();
        }
    }

    @Override
    public void afterCommit(Runnable action) {
        action.run();
    }

    @Override
    public boolean isDurable() {
        return false;
    }

    @Override
    public Transaction begin(Transaction.Records unused) {
        return records;
    }

    /// Any thread may write at any time: a transaction has no state.
    @Override
    public Transaction transaction() {
        return begin();
    }

    @Override
    public byte[] record(byte[] key) {
        return records.record(key);
    }

    @Override
    public NavigableMap<byte[], byte[]> records(byte[] prefix, byte[] after, int maxBytes) {
        return records.records(prefix, after, maxBytes);
    }

    @Override
    public Map<String, Object> info() {
        return Map.of("store_engine", "memory");
    }

    @Override
    public void addTo(MetricsReport report) throws StoreException {
        report.gauge("store_info", "The engine of the store, and what its answers to writes wait for.",
                        new Sample(1, "engine", "memory", "durability", "none"))
                .gauge("store_keys", "Keys in the store.", size())
                .gauge("store_cache_bytes", "Bytes of the heap that keys and values take.", usedBytes());
    }

    @Override
    public void close() {
        expiry.close();
        listing.close();
    }

    /// Bytes that count against [StoreLimits#maxBytes].
    public long usedBytes() {
        return usedBytes.get();
    }

    /// Deadlines kept, expired keys included that are not yet removed.
    int deadlines() {
        return expiry.size();
    }

    /// Keys kept, expired ones included that are not yet removed.
    int keptKeys() {
        return order.size();
    }
}
