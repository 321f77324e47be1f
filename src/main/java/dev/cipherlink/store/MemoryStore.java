package dev.cipherlink.store;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/// A [KeyValueStore] in memory; what it holds is gone when the process ends.
///
/// A hash map holds the entries, an ordered set their keys, [Expiry] their deadlines. One method writes, [#update]: it
/// changes all three while it holds the map's lock on that key, so they agree for everyone who holds it. Reads take no
/// lock. The order of keys is touched only where a key appears or disappears.
///
/// Expired keys are invisible at once, and removed by a thread that [#close] ends.
public final class MemoryStore implements KeyValueStore {

    private static final int SEEN_AT_ONCE = 50_000;

    private final ConcurrentHashMap<Key, Stored> entries = new ConcurrentHashMap<>();
    private final NavigableSet<Key> order = new ConcurrentSkipListSet<>();
    private final ConcurrentSkipListMap<byte[], byte[]> records = new ConcurrentSkipListMap<>(Arrays::compareUnsigned);
    private final AtomicLong lastVersion = new AtomicLong();
    private final AtomicLong usedBytes = new AtomicLong();
    private final StoreLimits limits;
    private final LongSupplier nanoClock;
    private final long clockOrigin;
    private final Expiry expiry;
    private final LongReads listings = new LongReads("store-listing", 1);
    private volatile ChangeListener listener = ChangeListener.NONE;

    /// Keys that were looked at together.
    ///
    /// @param next where to go on; null if these were the last
    private record Counted(long keys, Key next) {
    }

    /// What a write makes of an entry.
    private interface Change {
        /// @param live null if the key does not exist
        /// @return null to delete it, or `live` to leave it alone
        Stored apply(Stored live) throws StoreException;
    }

    /// How an update ended; both are null where the key does not exist.
    private static final class Outcome {
        private Stored before;
        private Stored after;
        private StoreException failure;
    }

    /// A store on the system's monotonic clock.
    public MemoryStore(StoreLimits limits) {
        this(limits, System::nanoTime);
    }

    /// @param nanoClock monotonic, in nanoseconds, with any origin
    public MemoryStore(StoreLimits limits, LongSupplier nanoClock) {
        this.limits = limits;
        this.nanoClock = nanoClock;
        this.clockOrigin = nanoClock.getAsLong();
        this.expiry = new Expiry(this::now, this::removeIfDue);
        expiry.start();
    }

    @Override
    public byte[] get(Key key, ReadGate gate) throws StoreException {
        Stored live = live(entries.get(key));
        if (live == null) {
            return null;
        }
        gate.enter(live.value().length);
        return live.value();
    }

    @Override
    public Entry entry(Key key, ReadGate gate) throws StoreException {
        long now = now();
        Stored live = liveAt(now, entries.get(key));
        if (live == null) {
            return null;
        }
        gate.enter(live.value().length);
        return new Entry(live.value(), live.version(), live.ttlSeconds(now));
    }

    @Override
    public boolean exists(Key key) {
        return live(entries.get(key)) != null;
    }

    @Override
    public int valueBytes(Key key) {
        Stored live = live(entries.get(key));
        return live == null ? 0 : live.value().length;
    }

    @Override
    public long set(Key key, byte[] value) throws StoreException {
        return update(key, live -> fresh(value, Stored.NO_DEADLINE)).after.version();
    }

    @Override
    public CasResult compareAndSet(Key key, long version, byte[] value) throws StoreException {
        Outcome outcome = update(key, live -> Stored.version(live) == version ? fresh(value, Stored.NO_DEADLINE) : live);
        boolean isSet = Stored.version(outcome.before) == version;
        return new CasResult(isSet, Stored.version(outcome.after));
    }

    @Override
    public boolean delete(Key key) {
        return updateSafely(key, live -> null).before != null;
    }

    @Override
    public long increment(Key key, long by) throws StoreException {
        Outcome outcome = update(key, live -> {
            long number = live == null ? 0 : Decimal.decode(live.value());
            return fresh(Decimal.encode(Decimal.sum(number, by)), Stored.deadline(live));
        });
        return Decimal.decode(outcome.after.value());
    }

    @Override
    public int append(Key key, byte[] suffix) throws StoreException {
        return update(key, live -> {
            int size = live == null ? 0 : live.value().length;
            limits.requireFits((long) size + suffix.length);
            byte[] joined = live == null ? suffix : Arrays.copyOf(live.value(), size + suffix.length);
            System.arraycopy(suffix, 0, joined, size, suffix.length);
            return fresh(joined, Stored.deadline(live));
        }).after.value().length;
    }

    @Override
    public boolean expire(Key key, Duration timeToLive) {
        if (!timeToLive.isPositive() || timeToLive.compareTo(MAX_TIME_TO_LIVE) > 0) {
            throw new IllegalArgumentException("not a time to live: " + timeToLive);
        }
        long deadline = now() + timeToLive.toNanos();
        return updateSafely(key, live -> Stored.withDeadline(live, deadline)).before != null;
    }

    @Override
    public boolean persist(Key key) {
        return updateSafely(key, live -> Stored.withDeadline(live, Stored.NO_DEADLINE)).before != null;
    }

    @Override
    public OptionalLong ttlSeconds(Key key) {
        long now = now();
        Stored live = liveAt(now, entries.get(key));
        return live == null ? OptionalLong.empty() : OptionalLong.of(live.ttlSeconds(now));
    }

    /// What looks at many keys runs on a thread that the system takes off its processor: a virtual one would keep its carrier.
    @Override
    public List<Key> keys(byte[] prefix, int limit, byte[] after) throws StoreException {
        return listings.run(() -> {
            var found = new ArrayList<Key>();
            boolean startsAfter = Arrays.compareUnsigned(after, prefix) >= 0;
            for (Key key : order.tailSet(Key.of(startsAfter ? after : prefix), !startsAfter)) {
                if (found.size() == limit || !key.startsWith(prefix)) {
                    break;
                }
                if (exists(key)) {
                    found.add(key);
                }
            }
            return found;
        });
    }

    @Override
    public long count(byte[] prefix) throws StoreException {
        if (prefix.length == 0) {
            return size();
        }
        long count = 0;
        Key from = Key.of(prefix);
        while (from != null) {
            Key first = from;
            // Others who list are let in between.
            Counted part = listings.run(() -> countSome(prefix, first));
            count += part.keys;
            from = part.next;
        }
        return count;
    }

    private Counted countSome(byte[] prefix, Key first) {
        int seen = 0;
        long count = 0;
        for (Key key : order.tailSet(first)) {
            if (!key.startsWith(prefix)) {
                break;
            }
            if (++seen > SEEN_AT_ONCE) {
                return new Counted(count, key);
            }
            count += exists(key) ? 1 : 0;
        }
        return new Counted(count, null);
    }

    @Override
    public void onChange(ChangeListener newListener) {
        listener = newListener;
    }

    @Override
    public void afterCommit(Runnable telling) {
        telling.run();
    }

    @Override
    public long size() throws StoreException {
        if (expiry.hasDue()) {
            listings.run(() -> {
                expiry.removeDue();
                return null;
            });
        }
        return entries.mappingCount();
    }

    @Override
    public boolean isDurable() {
        return false;
    }

    @Override
    public Transaction begin(Transaction.Records unused) {
        return new MemoryTransaction(records);
    }

    /// Any thread may write at any time: a transaction has no state.
    @Override
    public Transaction transaction() {
        return begin();
    }

    @Override
    public byte[] record(byte[] key) {
        return records.get(key);
    }

    @Override
    public NavigableMap<byte[], byte[]> records(byte[] prefix, byte[] after, int maxBytes) {
        var found = new TreeMap<byte[], byte[]>(Arrays::compareUnsigned);
        long bytes = 0;
        boolean startsAfter = after.length > 0;
        for (Map.Entry<byte[], byte[]> record : records.tailMap(startsAfter ? after : prefix, !startsAfter).entrySet()) {
            if (bytes >= maxBytes || !Key.of(record.getKey()).startsWith(prefix)) {
                break;
            }
            found.put(record.getKey(), record.getValue());
            bytes += record.getValue().length;
        }
        return found;
    }

    @Override
    public Map<String, Object> info() {
        return Map.of("store_engine", "memory");
    }

    @Override
    public void close() {
        expiry.close();
        listings.close();
    }

    /// What counts against [StoreLimits#maxBytes].
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

    /// The one way to write. Other threads see the entry as it was before or as it is afterwards.
    private Outcome update(Key key, Change change) throws StoreException {
        Outcome outcome = new Outcome();
        entries.compute(key, (_, kept) -> {
            outcome.before = live(kept);
            try {
                Stored after = change.apply(outcome.before);
                if (after != kept) {
                    reserve(Stored.bytes(key, after) - Stored.bytes(key, kept));
                    link(key, kept, after);
                    tell(key, kept, after);
                }
                outcome.after = after;
                return after;
            } catch (StoreException e) {
                outcome.failure = e;
                return kept;
            }
        });
        if (outcome.failure != null) {
            throw outcome.failure;
        }
        return outcome;
    }

    private void tell(Key key, Stored kept, Stored after) {
        if (Stored.version(kept) != Stored.version(after) && listener.isInterested()) {
            listener.changed(key, after != null);
        }
    }

    /// For changes that need no memory, and so cannot be refused.
    private Outcome updateSafely(Key key, Change change) {
        try {
            return update(key, change);
        } catch (StoreException e) {
            throw new IllegalStateException(e);
        }
    }

    /// Called by [Expiry]. By the time a thread has the key's lock, the key may have another deadline or be gone.
    private void removeIfDue(Expiry.Deadline due) {
        updateSafely(due.key(), live -> live);
    }

    /// Keeps order and deadlines in step with the map; `kept` may be expired, `after` is not.
    private void link(Key key, Stored kept, Stored after) {
        if (Stored.deadline(kept) != Stored.deadline(after)) {
            if (Stored.deadline(kept) != Stored.NO_DEADLINE) {
                expiry.remove(new Expiry.Deadline(kept.deadline(), key));
            }
            if (Stored.deadline(after) != Stored.NO_DEADLINE) {
                expiry.add(new Expiry.Deadline(after.deadline(), key));
            }
        }
        if (kept == null) {
            order.add(key);
        } else if (after == null) {
            order.remove(key);
        }
    }

    private void reserve(long bytes) throws StoreException {
        if (bytes != 0 && usedBytes.addAndGet(bytes) > limits.maxBytes() && bytes > 0) {
            usedBytes.addAndGet(-bytes);
            throw StoreException.full(limits.maxBytes());
        }
    }

    private Stored fresh(byte[] value, long deadline) {
        return new Stored(value, lastVersion.incrementAndGet(), deadline);
    }

    private Stored live(Stored stored) {
        boolean isGone = stored == null || stored.deadline() != Stored.NO_DEADLINE && stored.deadline() <= now();
        return isGone ? null : stored;
    }

    /// The same for who needs the time anyway.
    private static Stored liveAt(long now, Stored stored) {
        return stored == null || stored.deadline() <= now ? null : stored;
    }

    /// Nanoseconds since this store was made: sums with a time to live cannot overflow.
    private long now() {
        return nanoClock.getAsLong() - clockOrigin;
    }
}
