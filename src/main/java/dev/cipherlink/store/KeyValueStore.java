package dev.cipherlink.store;

import dev.cipherlink.metrics.MetricsReport;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;

/// Values by key, for all connections at once. [KeyVerbs] has the verbs on a key.
///
/// **Atomic per key.** Each method that names a key happens at one moment between its call and its return; what it
/// wrote is visible to every thread from then on. Methods that see many keys ([#keys], [#count], [#size]) take in
/// concurrent writes or not, key by key, but never miss a write that was complete before they began. [#atomically] joins verbs.
///
/// **Threads.** Any thread may call any method. Methods on one key do not block in memory; an engine on disk may block
/// in reads. Writes become durable by [Transaction#commit]. After [#close] the store must not be used.
///
/// **Arrays** go in and out without a copy, and must not be changed afterwards by either side.
///
/// **Failure.** A [StoreException] means that nothing was changed. Limits of keys and values
/// (`docs/protocol.md` section 7) are checked by the caller; the store checks what it alone can know.
public interface KeyValueStore extends KeyVerbs, AutoCloseable {

    /// Runs verbs on several keys as one: no other thread sees a state between them, or changes one of the keys meanwhile, and their
    /// changes become durable together. Other writes of these keys wait; reads do not, and see the state before or after. May block
    /// on the disk before the verbs run.
    ///
    /// @param keys       all that the body uses, and what it needs of each
    /// @param isReadOnly whether the body only reads: then it takes part in no commit
    /// @return the body's result
    /// @throws StoreException of the body, or of the store; nothing was changed
    <T> T atomically(Map<Key, Need> keys, boolean isReadOnly, Atomic<T> body) throws StoreException;

    /// The state of a key that a verb needs.
    enum Need {
        /// Nothing: an engine may leave the state before the write unknown.
        NOTHING,
        /// Whether the key exists, its version and its deadline.
        ENTRY,
        /// The value too.
        VALUE
    }

    /// Verbs that run as one. Must not block, nor use the store in another way; may run more than once.
    interface Atomic<T> {

        /// @param verbs on the keys that were named; each sees what the ones before did
        /// @throws StoreException to have nothing changed
        T run(KeyVerbs verbs) throws StoreException;

        /// A record that belongs to the changes: both are written, or neither.
        ///
        /// @return null for none; its arrays must not be changed afterwards
        default OwnRecord record(T result) {
            return null;
        }

        /// The most bytes that the values of the keys may have together, where the disk has some of them. Beyond it nothing is read,
        /// and the run is refused as `CHANGED`.
        default long maxReadBytes() {
            return Long.MAX_VALUE;
        }
    }

    /// A record as [Transaction#record] keeps it.
    record OwnRecord(byte[] key, byte[] value) {
    }

    /// The first keys that begin with `prefix` and are larger than `after`, in byte order.
    ///
    /// @param prefix empty for all keys
    /// @param limit the most keys to return, at least 1
    /// @param after not listed itself, and need not exist; empty to begin with the first key
    List<Key> keys(byte[] prefix, int limit, byte[] after) throws StoreException;

    /// How many keys begin with `prefix`. Takes time in proportion to the answer, unless the prefix is empty.
    long count(byte[] prefix) throws StoreException;

    /// Is told of changes.
    interface ChangeListener {
        /// Listens to nothing.
        ChangeListener NONE = new ChangeListener() {
            @Override
            public boolean isInterested() {
                return false;
            }

            @Override
            public void changed(Key key, Kind kind) {
                // There is no listener.
            }
        };

        /// Whether it wants to be told of anything; asked for each commit.
        boolean isInterested();

        /// A key has another value, or is gone. Those of a key come in the order of its writes; must not block.
        void changed(Key key, Kind kind);

        /// The change of a key.
        enum Kind {
            SET,
            DELETED,
            EXPIRED
        }
    }

    /// Sets the listener for each change of a value, called once the change is durable.
    void onChange(ChangeListener listener);

    /// Runs an action when all that was written so far is durable, the calling thread's transaction included; never if the store
    /// fails before. One thread runs the actions, in the order of the calls; they must not block. An engine that makes nothing
    /// durable runs them at once.
    void afterCommit(Runnable action);

    /// How many keys there are. Expired ones are not counted; exact where nothing is written meanwhile.
    long size() throws StoreException;

    /// Begins the calling thread's next transaction: what it writes through this store from now on, with the records it adds,
    /// becomes durable together, when [Transaction#commit] returns. Costs nothing until something is written.
    ///
    /// A write outside of a transaction is one of its own: it returns when it is durable. A read outside of a transaction may
    /// see what is not durable yet.
    ///
    /// @param records added to its changes when it pauses
    /// @throws IllegalStateException if the thread has a transaction that has not ended
    Transaction begin(Transaction.Records records);

    /// The same, without records but those that its thread adds.
    default Transaction begin() {
        return begin(Transaction.Records.NONE);
    }

    /// The transaction that the calling thread has begun, to add records to it.
    ///
    /// @throws IllegalStateException if there is none
    Transaction transaction();

    /// What the keys of a part of the store take; the first call for it begins to count, and returns at once. It goes on until the store
    /// is closed: each write has to ask whether its key is there, and one that is there has to know what was there before.
    ///
    /// @param name the same for the same part
    Usage usage(String name, Usage.Space space);

    /// The bytes of all parts that are counted, by name.
    Map<String, Long> usages();

    /// Whether writes survive the end of the process, so that records are of use to the next one.
    boolean isDurable();

    /// The record that was kept under this key by [Transaction#record]; null if there is none. Records that are not durable yet
    /// are not seen.
    byte[] record(byte[] key) throws StoreException;

    /// The next records whose keys begin with this prefix, in byte order; as [#record] sees them.
    ///
    /// @param after    the key to go on behind; empty to begin with the first
    /// @param maxBytes that the values have together, but for the last one; there is one at least while any is left
    NavigableMap<byte[], byte[]> records(byte[] prefix, byte[] after, int maxBytes) throws StoreException;

    /// All records whose keys begin with this prefix, likewise.
    default NavigableMap<byte[], byte[]> records(byte[] prefix) throws StoreException {
        return records(prefix, new byte[0], Integer.MAX_VALUE);
    }

    /// Names and values for the operator: which engine this is, and how it fares. Names begin with `store_`.
    Map<String, Object> info() throws StoreException;

    /// Whether a write was refused within a minute because the disk was full. Smaller ones may be taken meanwhile.
    default boolean isShortOfDisk() {
        return false;
    }

    /// Adds the store's metrics. Names begin with `store_`.
    void addTo(MetricsReport report) throws StoreException;

    /// Ends background work and lets go of all resources; idempotent.
    @Override
    void close();

    /// How durable a transaction is when its commit returns.
    public enum Durability {
        /// For the disk: survives the end of the process, of the system, and of the power, as far as the disk keeps its word.
        ALWAYS,
        /// For the system to have it: survives the end of the process. The disk follows within a second.
        EVERYSEC,
        /// As [#EVERYSEC], but when the disk follows is left to the system.
        OS
    }
}
