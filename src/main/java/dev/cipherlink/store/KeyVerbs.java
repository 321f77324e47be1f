package dev.cipherlink.store;

import java.time.Duration;
import java.util.OptionalLong;

/// The verbs on keys: on a store each for itself, and as one within [KeyValueStore#atomically].
///
/// **Versions.** Each write of a value gives its key a new version, larger than any that the store gave before, also to keys deleted
/// since. [#expire] and [#persist] change no value, and so no version. Versions begin with 1; 0 stands for "does not exist".
///
/// **Expiry.** From its deadline on a key does not exist, whether its memory has been reclaimed or not. [#set] and
/// [#compareAndSet] take an expiry away; [#increment], [#incrementDecimal], [#setRange] and [#append] keep it.
public interface KeyVerbs {

    /// Of a key without expiry.
    long NO_DEADLINE = Long.MAX_VALUE;
    /// The latest absolute deadline, in the year 2255: 64 bits of nanoseconds reach not much further.
    long MAX_UNIX_MILLIS = 9_000_000_000_000L;
    /// The one that the key has.
    long KEEP_DEADLINE = Long.MIN_VALUE;

    /// The longest expiry: 100 years of 365 days.
    Duration MAX_TIME_TO_LIVE = Duration.ofDays(36_500);

    /// A key's value, with its version.
    ///
    /// @param value not a copy, must not be changed
    /// @param version of the value, 1 or larger
    /// @param ttlSeconds as [#ttlSeconds] gives it: -1 without expiry
    record Entry(byte[] value, long version, long ttlSeconds) {
    }

    /// How a [#compareAndSet] ended.
    ///
    /// @param isSet whether the value was written
    /// @param version if it was, the new version; if not, the version that the key has, 0 if it does not exist
    record CasResult(boolean isSet, long version) {
    }

    /// The condition of [#put].
    enum Presence {
        ANY,
        ABSENT,
        PRESENT
    }

    /// The condition of [#expire] on the expiry that the key has; no expiry counts as one that is later than all others.
    enum ExpiryCondition {
        NONE,
        /// There is none.
        ABSENT,
        /// There is one.
        PRESENT,
        /// It is earlier than the new one.
        EARLIER,
        /// It is later.
        LATER
    }

    /// How [#expire] ended.
    enum Expired {
        DONE,
        NOT_FOUND,
        NOT_MET
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

    /// The version of the value, 0 if the key does not exist.
    long version(Key key) throws StoreException;

    /// Sets the value, whether the key exists or not, and takes its expiry away.
    ///
    /// @return the new version
    long set(Key key, byte[] value) throws StoreException;

    /// Sets the value, and takes the expiry away, if the key still has that version.
    ///
    /// @param version the version it must have; 0: the key must not exist
    CasResult compareAndSet(Key key, long version, byte[] value) throws StoreException;

    /// Sets the value under a condition, with an expiry.
    ///
    /// @param deadline from [#deadlineIn] or [#deadlineAt], or [#NO_DEADLINE], or [#KEEP_DEADLINE]; if it is over, the key is deleted
    /// @return whether the condition was met
    boolean put(Key key, byte[] value, Presence condition, long deadline) throws StoreException;

    /// Gives another key the value and the expiry of a key, in place of what it had; its version is a new one. For
    /// [KeyValueStore#atomically], else it is two steps.
    ///
    /// @return whether the key exists
    boolean copy(Key key, Key to) throws StoreException;

    /// Deletes the key.
    ///
    /// @return whether it existed
    boolean delete(Key key) throws StoreException;

    /// Adds to a value that is a decimal number (an optional `-`, then digits); a key that does not exist counts as 0.
    ///
    /// @return the sum, which is the new value
    /// @throws StoreException `NOT_A_NUMBER`, or `OVERFLOW` of 64 bits
    long increment(Key key, long by) throws StoreException;

    /// Adds to a value that is a decimal number with or without a fraction; see [Decimal]. A key that does not exist counts as 0.
    ///
    /// @param by such a number too
    /// @return the sum, which is the new value
    /// @throws StoreException `NOT_A_NUMBER`, or `OVERFLOW`
    byte[] incrementDecimal(Key key, byte[] by) throws StoreException;

    /// Replaces bytes from an offset on, and lengthens the value where they reach beyond its end; zero bytes fill a gap. A key that
    /// does not exist counts as empty; no bytes change nothing.
    ///
    /// @return the new size of the value in bytes
    /// @throws StoreException `VALUE_TOO_LARGE` if that would be beyond [StoreLimits#maxValueBytes]
    int setRange(Key key, int offset, byte[] bytes) throws StoreException;

    /// Adds bytes at the end; a key that does not exist counts as empty.
    ///
    /// @return the new size of the value in bytes
    /// @throws StoreException `VALUE_TOO_LARGE` if that would be beyond [StoreLimits#maxValueBytes]
    int append(Key key, byte[] suffix) throws StoreException;

    /// Lets the key expire then; replaces an earlier expiry, if the condition is met. A deadline that is over deletes the key.
    ///
    /// @param deadline from [#deadlineIn] or [#deadlineAt]
    Expired expire(Key key, long deadline, ExpiryCondition condition) throws StoreException;

    /// Lets the key expire after this time, counted from now.
    ///
    /// @return whether the key exists
    default boolean expire(Key key, Duration timeToLive) throws StoreException {
        return expire(key, deadlineIn(timeToLive), ExpiryCondition.NONE) != Expired.NOT_FOUND;
    }

    /// Takes the expiry away, if there is one.
    ///
    /// @return whether the key exists
    boolean persist(Key key) throws StoreException;

    /// When the key expires, for [#millisUntil] and [#unixMillis]; [#NO_DEADLINE] without expiry; empty if the key does not exist.
    OptionalLong deadline(Key key) throws StoreException;

    /// Whole seconds until the key expires, rounded up; -1 without expiry; empty if the key does not exist.
    default OptionalLong ttlSeconds(Key key) throws StoreException {
        OptionalLong deadline = deadline(key);
        return deadline.isEmpty() || deadline.getAsLong() != NO_DEADLINE
                ? deadline.stream().map(end -> Math.ceilDiv(millisUntil(end), 1_000L)).findFirst() : OptionalLong.of(-1);
    }

    /// The deadline after this time.
    ///
    /// @param timeToLive positive, at most [#MAX_TIME_TO_LIVE], else `IllegalArgumentException`
    long deadlineIn(Duration timeToLive);

    /// The deadline at this time since 1970, by the wall clock of the moment when the store was opened.
    ///
    /// @param unixMillis 0 to [#MAX_UNIX_MILLIS]
    long deadlineAt(long unixMillis);

    /// The same time since 1970, rounded up.
    long unixMillis(long deadline);

    /// How long until then, rounded up; not negative.
    long millisUntil(long deadline);
}
