package dev.cipherlink.store;

import dev.cipherlink.store.KeyValueStore.Need;
import java.io.IOException;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.Arrays;
import java.util.OptionalLong;
import java.util.function.LongSupplier;

/// The verbs, as changes of the cell of a key: once for every engine and for keys that are held.
///
/// A subclass says how a cell is read, and how it is replaced under its key's lock.
///
/// @param <C> the engine's cells
public abstract class CellVerbs<C extends CellVerbs.Cell> implements KeyVerbs {
    private static final long NANOS_PER_SECOND = 1_000_000_000L;
    private static final long NANOS_PER_MILLI = 1_000_000L;
    private static final long NO_TTL_SECONDS = -1;
    static final int MAX_TRIES = 100;

    /// Deadlines are on it, in nanoseconds.
    protected final LongSupplier clock;
    /// Where the clock is 0, in nanoseconds since 1970.
    protected final long epoch;
    protected final StoreLimits limits;

    /// The state of a key after a write. Immutable, and compared by identity.
    public static class Cell {
        public static final long NO_DEADLINE = KeyVerbs.NO_DEADLINE;

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

        /// Whether it has a value that is not on the heap.
        public final boolean lacksValue() {
            return value == null && version != 0;
        }

        /// Bytes of the value, on the heap or not.
        public int valueBytes() {
            return value == null ? 0 : value.length;
        }
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

        /// The state of a key whose entry has expired, and is removed.
        protected abstract C expired();
    }

    /// @param limits of which [StoreLimits#maxValueBytes] is checked here
    protected CellVerbs(StoreLimits limits, LongSupplier clock, long epoch) {
        this.limits = limits;
        this.clock = clock;
        this.epoch = epoch;
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
    public final long version(Key key) throws StoreException {
        C cell = read(key);
        return cell.isLive(clock) ? cell.version : 0;
    }

    @Override
    public final OptionalLong deadline(Key key) throws StoreException {
        C cell = read(key);
        return cell.isLive(clock) ? OptionalLong.of(cell.deadline) : OptionalLong.empty();
    }

    @Override
    public final long deadlineIn(Duration timeToLive) {
        if (!timeToLive.isPositive() || timeToLive.compareTo(MAX_TIME_TO_LIVE) > 0) {
            throw new IllegalArgumentException("not a time to live: " + timeToLive);
        }
        return clock.getAsLong() + timeToLive.toNanos();
    }

    @Override
    public final long deadlineAt(long unixMillis) {
        return unixMillis * NANOS_PER_MILLI - epoch;
    }

    @Override
    public final long unixMillis(long deadline) {
        return Math.ceilDiv(deadline + epoch, NANOS_PER_MILLI);
    }

    @Override
    public final long millisUntil(long deadline) {
        return Math.ceilDiv(Math.max(0, deadline - clock.getAsLong()), NANOS_PER_MILLI);
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
    public final boolean put(Key key, byte[] value, Presence condition, long deadline) throws StoreException {
        boolean isOver = deadline != KEEP_DEADLINE && deadline != NO_DEADLINE && deadline <= clock.getAsLong();
        Need need = condition == Presence.ANY && deadline != KEEP_DEADLINE && !isOver ? Need.NOTHING : Need.ENTRY;
        return isMet(condition, write(key, need, (live, write) -> {
            if (!isMet(condition, live)) {
                return live;
            }
            return isOver ? write.absent() : write.fresh(value, deadline == KEEP_DEADLINE ? live.deadline : deadline);
        }).live);
    }

    private static boolean isMet(Presence condition, Cell live) {
        return switch (condition) {
            case ANY -> true;
            case ABSENT -> !live.exists();
            case PRESENT -> live.exists();
        };
    }

    @Override
    public final boolean copy(Key key, Key to) throws StoreException {
        C cell = read(key);
        if (!cell.isLive(clock)) {
            return false;
        }
        byte[] value = value(key, cell);
        write(to, Need.NOTHING, (_, write) -> write.fresh(value, cell.deadline));
        return true;
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
    public final byte[] incrementDecimal(Key key, byte[] by) throws StoreException {
        BigDecimal summand = Decimal.decodeFraction(by);
        return write(key, Need.VALUE, (live, write) -> {
            BigDecimal number = live.exists() ? Decimal.decodeFraction(live.value) : BigDecimal.ZERO;
            return write.fresh(Decimal.encode(Decimal.sum(number, summand)), live.deadline);
        }).after.value;
    }

    @Override
    public final int setRange(Key key, int offset, byte[] bytes) throws StoreException {
        return write(key, Need.VALUE, (live, write) -> {
            if (bytes.length == 0) {
                return live;
            }
            limits.requireFits((long) offset + bytes.length);
            int size = Math.max(live.valueBytes(), offset + bytes.length);
            byte[] replaced = live.exists() ? Arrays.copyOf(live.value, size) : new byte[size];
            System.arraycopy(bytes, 0, replaced, offset, bytes.length);
            return write.fresh(replaced, live.deadline);
        }).after.valueBytes();
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
    public final Expired expire(Key key, long deadline, ExpiryCondition condition) throws StoreException {
        boolean isOver = deadline <= clock.getAsLong();
        C live = write(key, Need.ENTRY, (cell, write) -> !cell.exists() || !isMet(condition, cell.deadline, deadline) ? cell
                : isOver ? write.absent() : write.withDeadline(cell, deadline)).live;
        return !live.exists() ? Expired.NOT_FOUND
                : isMet(condition, live.deadline, deadline) ? Expired.DONE : Expired.NOT_MET;
    }

    private static boolean isMet(ExpiryCondition condition, long before, long deadline) {
        return switch (condition) {
            case NONE -> true;
            case ABSENT -> before == NO_DEADLINE;
            case PRESENT -> before != NO_DEADLINE;
            case EARLIER -> before < deadline;
            case LATER -> before > deadline;
        };
    }

    @Override
    public final boolean persist(Key key) throws StoreException {
        return write(key, Need.ENTRY, (live, write) -> live.deadline == Cell.NO_DEADLINE
                ? live : write.withDeadline(live, Cell.NO_DEADLINE)).live.exists();
    }
}
