package dev.cipherlink.store;

import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.OptionalLong;
import java.util.function.LongSupplier;

/// A table of cells, one a key. What each verb makes of a cell is here, once for every engine.
///
/// An engine says how a cell is read, and how it is replaced under its key's lock. [MemoryStore] is the table and nothing else;
/// `disk.RocksStore` keeps it over a write-ahead log and a database.
///
/// @param <C> the engine's cells
public abstract class CellStore<C extends CellStore.Cell> implements KeyValueStore {
    private static final long NANOS_PER_SECOND = 1_000_000_000L;
    private static final long NO_TTL_SECONDS = -1;
    private static final int MAX_TRIES = 100;

    /// Deadlines are on it, in nanoseconds.
    protected final LongSupplier clock;
    private final StoreLimits limits;

    /// The state of a key after a write. Immutable, and compared by identity.
    public static class Cell {
        public static final long NO_DEADLINE = Long.MAX_VALUE;

        /// Null if the key does not exist, or the value is not on the heap.
        public final byte[] value;
        /// 0 if the key does not exist.
        public final long version;
        /// On the store's clock, or [#NO_DEADLINE].
        public final long deadline;

        protected Cell(byte[] value, long version, long deadline) {
            this.value = value;
            this.version = version;
            this.deadline = deadline;
        }

        /// Whether there is an entry, expired or not.
        public final boolean exists() {
            return version != 0;
        }

        public final boolean isLiveAt(long now) {
            return version != 0 && deadline > now;
        }

        /// Asks the clock only if there is a deadline: that takes as long as finding a key.
        public final boolean isLive(LongSupplier clock) {
            return version != 0 && (deadline == NO_DEADLINE || deadline > clock.getAsLong());
        }

        /// Bytes of the value, on the heap or not.
        public int valueBytes() {
            return value == null ? 0 : value.length;
        }
    }

    /// The state of a key that a verb needs before it changes it.
    public enum Need {
        /// Nothing: an engine may leave the state before the write unknown.
        NOTHING,
        /// Whether the key exists, its version and its deadline.
        ENTRY,
        /// The value too.
        VALUE
    }

    /// The change that a verb makes to a key's cell. Runs under the key's lock, and may run more than once.
    public interface Change<C extends Cell> {
        /// @param live  does not exist if the key does not or has expired; its value is on the heap if the verb needs it
        /// @param write makes the new cell
        /// @return the new state, or `live` to leave it alone
        /// @throws StoreException if the write is refused
        C apply(C live, Write<C> write) throws StoreException;
    }

    /// One write of one key: makes the engine's cells, and has the result.
    public abstract static class Write<C extends Cell> {
        /// The cell before the change; does not exist if the key did not or had expired.
        protected C live;
        /// The cell after the change.
        protected C after;

        /// A cell with the next version.
        protected abstract C fresh(byte[] value, long deadline);

        protected abstract C withDeadline(C cell, long deadline);

        protected abstract C absent();
    }

    /// @param limits of which [StoreLimits#maxValueBytes] is checked here
    protected CellStore(StoreLimits limits, LongSupplier clock) {
        this.limits = limits;
        this.clock = clock;
    }

    /// The cell of a key, expired or not, perhaps without its value; a cell that does not exist if there is none. May block on
    /// the disk.
    protected abstract C read(Key key) throws StoreException;

    /// The value of a cell that [#read] gave. May block on the disk.
    ///
    /// @return null if the cell was replaced meanwhile, and its value is gone
    protected abstract byte[] value(Key key, C cell) throws StoreException;

    /// Changes a key under its lock. May block on the disk.
    ///
    /// @throws StoreException if it is refused, and nothing was changed
    protected abstract Write<C> write(Key key, Need need, Change<C> change) throws StoreException;

    private long time(C cell) {
        return cell.deadline == Cell.NO_DEADLINE ? 0 : clock.getAsLong();
    }

    @Override
    public final byte[] get(Key key, ReadGate gate) throws StoreException {
        Entry entry = entry(key, gate);
        return entry == null ? null : entry.value();
    }

    /// Whether the key exists is decided once, before the gate and the disk, which may take seconds: a key that lived on by a later
    /// change must not be missed because what was read of it has expired by now.
    @Override
    public final Entry entry(Key key, ReadGate gate) throws StoreException {
        for (int i = 0; i < MAX_TRIES; i++) {
            C cell = read(key);
            long now = time(cell);
            if (!cell.isLiveAt(now)) {
                return null;
            }
            gate.enter(cell.valueBytes());
            byte[] value = value(key, cell);
            if (value != null) {
                return new Entry(value, cell.version, ttlSeconds(cell, now));
            }
        }
        throw StoreException.failed(new IOException("a large value is missing"));
    }

    @Override
    public final boolean exists(Key key) throws StoreException {
        return read(key).isLive(clock);
    }

    @Override
    public final int valueBytes(Key key) throws StoreException {
        C cell = read(key);
        return cell.isLive(clock) ? cell.valueBytes() : 0;
    }

    @Override
    public final OptionalLong ttlSeconds(Key key) throws StoreException {
        C cell = read(key);
        long now = time(cell);
        return cell.isLiveAt(now) ? OptionalLong.of(ttlSeconds(cell, now)) : OptionalLong.empty();
    }

    private long ttlSeconds(C cell, long now) {
        return cell.deadline == Cell.NO_DEADLINE ? NO_TTL_SECONDS : Math.ceilDiv(cell.deadline - now, NANOS_PER_SECOND);
    }

    @Override
    public final long set(Key key, byte[] value) throws StoreException {
        return write(key, Need.NOTHING, (_, write) -> write.fresh(value, Cell.NO_DEADLINE)).after.version;
    }

    @Override
    public final CasResult compareAndSet(Key key, long version, byte[] value) throws StoreException {
        Write<C> done = write(key, Need.ENTRY, (live, write) ->
                live.version == version ? write.fresh(value, Cell.NO_DEADLINE) : live);
        return new CasResult(done.live.version == version, done.after.version);
    }

    @Override
    public final boolean delete(Key key) throws StoreException {
        return write(key, Need.ENTRY, (_, write) -> write.absent()).live.exists();
    }

    @Override
    public final long increment(Key key, long by) throws StoreException {
        C after = write(key, Need.VALUE, (live, write) -> {
            long number = live.exists() ? Decimal.decode(live.value) : 0;
            return write.fresh(Decimal.encode(Decimal.sum(number, by)), live.deadline);
        }).after;
        return Decimal.decode(after.value);
    }

    @Override
    public final int append(Key key, byte[] suffix) throws StoreException {
        return write(key, Need.VALUE, (live, write) -> {
            int size = live.valueBytes();
            limits.requireFits((long) size + suffix.length);
            byte[] joined = suffix;
            if (size > 0) {
                joined = Arrays.copyOf(live.value, size + suffix.length);
                System.arraycopy(suffix, 0, joined, size, suffix.length);
            }
            return write.fresh(joined, live.deadline);
        }).after.valueBytes();
    }

    @Override
    public final boolean expire(Key key, Duration timeToLive) throws StoreException {
        if (!timeToLive.isPositive() || timeToLive.compareTo(MAX_TIME_TO_LIVE) > 0) {
            throw new IllegalArgumentException("not a time to live: " + timeToLive);
        }
        long deadline = clock.getAsLong() + timeToLive.toNanos();
        return write(key, Need.ENTRY, (live, write) -> live.exists() ? write.withDeadline(live, deadline) : live).live.exists();
    }

    @Override
    public final boolean persist(Key key) throws StoreException {
        return write(key, Need.ENTRY, (live, write) -> live.deadline == Cell.NO_DEADLINE
                ? live : write.withDeadline(live, Cell.NO_DEADLINE)).live.exists();
    }
}
