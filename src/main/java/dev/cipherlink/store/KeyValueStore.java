package dev.cipherlink.store;

import dev.cipherlink.metrics.MetricsReport;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.OptionalLong;

/// Values by key, for all connections at once.
///
/// **Atomic per key.** Each method that names a key happens at one moment between its call and its return; what it
/// wrote is visible to every thread from then on. Methods that see many keys ([#keys], [#count], [#size]) take in
/// concurrent writes or not, key by key, but never miss a write that was complete before they began.
///
/// **Versions.** Each write of a value ([#set], [#compareAndSet], [#increment], [#append]) gives its key a new version,
/// larger than any that the store gave before, also to keys deleted since. [#expire] and [#persist] change no value,
/// and so no version. Versions begin with 1; 0 stands for "does not exist".
///
/// **Expiry.** From its deadline on a key does not exist, whether its memory has been reclaimed or not.
/// [#set] and [#compareAndSet] take an expiry away; [#increment] and [#append] keep it.
///
/// **Threads.** Any thread may call any method. Methods on one key do not block in memory; an engine on disk may block
/// in reads. Writes become durable by [Transaction#commit]. After [#close] the store must not be used.
///
/// **Arrays** go in and out without a copy, and must not be changed afterwards by either side.
///
/// **Failure.** A [StoreException] means that nothing was changed. Limits of keys and values
/// (`docs/protocol.md` section 7) are checked by the caller; the store checks what it alone can know.
public interface KeyValueStore extends AutoCloseable {

    /// The longest expiry: 100 years of 365 days.
    Duration MAX_TIME_TO_LIVE = Duration.ofDays(36_500);

    /// A key's value, with its version.
    ///
    /// @param value not a copy, must not be changed
    /// @param version of the value, 1 or larger
    /// @param ttlSeconds as [KeyValueStore#ttlSeconds] gives it: -1 without expiry
    record Entry(byte[] value, long version, long ttlSeconds) {
    }

    /// How a [KeyValueStore#compareAndSet] ended.
    ///
    /// @param isSet whether the value was written
    /// @param version if it was, the new version; if not, the version that the key has, 0 if it does not exist
    record CasResult(boolean isSet, long version) {
    }

    /// Asked before a value is brought into memory for its reader.
    interface ReadGate {
        /// Lets every value in.
        ReadGate OPEN = _ -> { };

        /// Blocks until the memory budget has so many bytes.
        ///
        /// @throws StoreException if it has not, and will not soon
        void enter(int valueBytes) throws StoreException;
    }

    /// The value, or null if the key does not exist.
    byte[] get(Key key, ReadGate gate) throws StoreException;

    /// The value with its version and expiry, all of one moment, or null if the key does not exist.
    Entry entry(Key key, ReadGate gate) throws StoreException;

    /// The value, without asking for memory; null if the key does not exist.
    default byte[] get(Key key) throws StoreException {
        return get(key, ReadGate.OPEN);
    }

    /// The value with its version and expiry, likewise.
    default Entry entry(Key key) throws StoreException {
        return entry(key, ReadGate.OPEN);
    }

    /// Whether the key exists.
    boolean exists(Key key) throws StoreException;

    /// How many bytes the value has now, 0 if there is none: so that memory can be asked for before [#append].
    int valueBytes(Key key) throws StoreException;

    /// Sets the value, whether the key exists or not, and takes its expiry away.
    ///
    /// @return the new version
    long set(Key key, byte[] value) throws StoreException;

    /// Sets the value, and takes the expiry away, if the key still has that version.
    ///
    /// @param version the version it must have; 0: the key must not exist
    CasResult compareAndSet(Key key, long version, byte[] value) throws StoreException;

    /// Deletes the key.
    ///
    /// @return whether it existed
    boolean delete(Key key) throws StoreException;

    /// Adds to a value that is a decimal number (an optional `-`, then digits); a key that does not exist counts as 0.
    ///
    /// @return the sum, which is the new value
    /// @throws StoreException `NOT_A_NUMBER`, or `OVERFLOW` of 64 bits
    long increment(Key key, long by) throws StoreException;

    /// Adds bytes at the end; a key that does not exist counts as empty.
    ///
    /// @return the new size of the value in bytes
    /// @throws StoreException `VALUE_TOO_LARGE` if that would be beyond [StoreLimits#maxValueBytes]
    int append(Key key, byte[] suffix) throws StoreException;

    /// Lets the key expire after this time, counted from now; replaces an earlier expiry.
    ///
    /// @param timeToLive positive, at most [#MAX_TIME_TO_LIVE], else `IllegalArgumentException`
    /// @return whether the key exists
    boolean expire(Key key, Duration timeToLive) throws StoreException;

    /// Takes the expiry away, if there is one.
    ///
    /// @return whether the key exists
    boolean persist(Key key) throws StoreException;

    /// Whole seconds until the key expires, rounded up; -1 without expiry; empty if the key does not exist.
    OptionalLong ttlSeconds(Key key) throws StoreException;

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
            public void changed(Key key, boolean exists) {
                // There is no listener.
            }
        };

        /// Whether it wants to be told of anything; asked for each commit.
        boolean isInterested();

        /// A key has another value, or is gone, also because it expired. Those of a key come in the order of its writes; must not
        /// block.
        void changed(Key key, boolean exists);
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
