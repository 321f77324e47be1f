package dev.cipherlink.store;

import dev.cipherlink.store.Usage.Usages;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;

/// A table of cells, one a key. [MemoryStore] is the table and nothing else; `disk.RocksStore` keeps it over a write-ahead log
/// and a database.
///
/// **Several keys as one.** [#atomically] puts a [Hold] in place of the cell of each of its keys, in their order, so that two
/// threads that hold keys never wait for each other. A write that finds a hold waits until it is gone. A read takes the cell
/// before, or once the run is committed the one after: so one write of [HeldKeys#isCommitted] shows all changes to all threads.
///
/// @param <C> the engine's cells
public abstract class CellStore<C extends CellVerbs.Cell> extends CellVerbs<C> implements KeyValueStore {

    protected final Usages usages = new Usages();

    protected CellStore(StoreLimits limits, LongSupplier clock, long epoch) {
        super(limits, clock, epoch);
    }

    /// The place of a key while a thread holds it. Made by [#atomically]; the engine keeps it in a cell of its own.
    public static final class Hold<C extends CellVerbs.Cell> {
        private final HeldKeys<C> keys;
        private final Key key;
        /// The cell in whose place it is; null if there was none.
        private C kept;
        private C before;
        private C after;

        private Hold(HeldKeys<C> keys, Key key) {
            this.keys = keys;
            this.key = key;
        }

        /// Takes the place of a cell; under the key's lock.
        ///
        /// @param cell  null if the engine has none for the key
        /// @param state the same, or the state that the engine knows without a cell
        public void take(C cell, C state) {
            kept = cell;
            before = state;
            after = state;
        }

        public Key key() {
            return key;
        }

        public C kept() {
            return kept;
        }

        public C before() {
            return before;
        }

        /// The cell after the run; the one before if it leaves the key alone.
        public C after() {
            return after;
        }

        /// Whether the run has changed the key, and is committed.
        public boolean isChanged() {
            return keys.isCommitted && after != before;
        }

        /// The cell that readers see.
        public C visible() {
            return isChanged() ? after : before;
        }

        /// Whether the calling thread holds the key.
        public boolean isMine() {
            return keys.lock.isHeldByCurrentThread();
        }

        /// Blocks until its thread has let all its keys go. Not for a thread that holds keys which are larger.
        public void await() {
            keys.lock.lock();
            keys.lock.unlock();
        }
    }

    /// A run that cannot go on: memory lacks something that the disk has, or the log has no space. It is tried again.
    public static final class NotInMemory extends Exception {
        private static final long serialVersionUID = 1;

        public NotInMemory() {
            super(null, null, false, false);
        }
    }

    /// The verbs on the keys that a thread holds: they change nothing but the holds.
    private static final class HeldKeys<C extends Cell> extends CellVerbs<C> {
        private final ReentrantLock lock = new ReentrantLock();
        private final CellStore<C> store;
        private final Map<Key, Hold<C>> holds = new TreeMap<>();
        private final Map<Key, C> values;
        private volatile boolean isCommitted;
        private long writtenBytes;

        /// @param values cells with their values, of keys whose value is not on the heap
        HeldKeys(CellStore<C> store, Map<Key, C> values) {
            // One moment for all verbs.
            long now = store.clock.getAsLong();
            super(store.limits, () -> now, store.epoch);
            this.store = store;
            this.values = values;
        }

        void hold(Iterable<Key> sorted) throws StoreException, NotInMemory {
            for (Key key : sorted) {
                var hold = new Hold<>(this, key);
                store.holding().hold(hold);
                holds.put(key, hold);
            }
        }

        List<Hold<C>> changes() {
            var changes = new ArrayList<Hold<C>>();
            for (Hold<C> hold : holds.values()) {
                if (hold.after != hold.before) {
                    changes.add(hold);
                }
            }
            return changes;
        }

        private Hold<C> hold(Key key) {
            Hold<C> hold = holds.get(key);
            if (hold == null) {
                throw new IllegalArgumentException("not one of the keys: " + key);
            }
            return hold;
        }

        @Override
        protected C read(Key key) {
            return hold(key).after;
        }

        @Override
        protected byte[] value(Key key, C cell) throws StoreException {
            return withValue(key, cell).value;
        }

        private C withValue(Key key, C cell) throws StoreException {
            if (!cell.lacksValue()) {
                return cell;
            }
            C found = values.get(key);
            if (found == null || found.version != cell.version) {
                throw StoreException.changedMeanwhile();
            }
            return found;
        }

        @Override
        protected Write<C> write(Key key, Need need, Change<C> change) throws StoreException {
            Hold<C> hold = hold(key);
            Write<C> write = store.holding().newWrite();
            C cell = hold.after;
            boolean isLive = cell.isLive(clock);
            C live = isLive ? need == Need.VALUE ? withValue(key, cell) : cell : write.absent();
            write.live = live;
            write.after = change.apply(live, write);
            boolean isGone = !write.after.exists() && !cell.exists();
            if (write.after != live && !isGone) {
                writtenBytes += write.after.valueBytes();
                if (writtenBytes > 2L * limits.maxValueBytes()) {
                    throw StoreException.tooMuchAtOnce(2L * limits.maxValueBytes());
                }
                hold.after = write.after.exists() || isLive ? write.after : write.expired();
            }
            return write;
        }

        void release() {
            holds.values().forEach(store.holding()::release);
        }
    }

    /// The engine's part of [#atomically].
    public interface Holding<C extends CellVerbs.Cell> {
        /// A write of a key that is held: makes cells.
        Write<C> newWrite();

        /// Brings the keys into memory. May block on the disk; from its return on the thread does not block, but for locks of keys.
        ///
        /// @param maxBytes of all values that are needed
        /// @return cells with their values, of those keys whose value is needed and not on the heap
        /// @throws StoreException `CHANGED` if there are more bytes
        Map<Key, C> prepare(Map<Key, Need> keys, boolean isReadOnly, long maxBytes) throws StoreException;

        /// Puts a hold in place of a key's cell. Waits while another thread holds the key.
        ///
        /// @throws NotInMemory if only the disk knows what the key has; nothing was held
        void hold(Hold<C> hold) throws StoreException, NotInMemory;

        /// Takes all changes with their record, or nothing.
        ///
        /// @param record null if there is none
        /// @throws NotInMemory if there has to be space first
        void accept(List<Hold<C>> changes, OwnRecord record) throws StoreException, NotInMemory;

        /// Ends a hold: puts the cell after it, or the one before, in its place.
        void release(Hold<C> hold);

        /// Waits for what was missing.
        void recover(List<Hold<C>> changes, OwnRecord record) throws StoreException;
    }

    protected abstract Holding<C> holding();

    @Override
    public final Map<String, Long> usages() {
        return usages.bytes();
    }

    @Override
    public <T> T atomically(Map<Key, Need> keys, boolean isReadOnly, Atomic<T> body) throws StoreException {
        var sorted = new TreeMap<>(keys);
        for (int i = 0; i < MAX_TRIES; i++) {
            var held = new HeldKeys<>(this, holding().prepare(sorted, isReadOnly, body.maxReadBytes()));
            List<Hold<C>> changes = List.of();
            OwnRecord record = null;
            held.lock.lock();
            try {
                held.hold(sorted.keySet());
                T result = body.run(held);
                changes = held.changes();
                if (isReadOnly && !changes.isEmpty()) {
                    throw new IllegalStateException("a change in a run that only reads");
                }
                record = body.record(result);
                if (!changes.isEmpty() || record != null) {
                    holding().accept(changes, record);
                }
                held.isCommitted = true;
                return result;
            } catch (NotInMemory _) {
                // It is tried again below.
            } catch (StoreException e) {
                if (e.reason() != StoreException.Reason.CHANGED) {
                    throw e;
                }
            } finally {
                held.release();
                held.lock.unlock();
            }
            holding().recover(changes, record);
        }
        throw StoreException.failed(new IOException("keys change all the time"));
    }
}
