package dev.cipherlink.store.disk;

import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.log.BatchBuffer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.function.LongSupplier;

/// The store's state, written with every commit.
///
/// @param commit      number of that commit, 1 for the first
/// @param keys        entries, expired ones included that are not yet removed; not known yet in the log
/// @param lastVersion the largest version given to a value
/// @param time        on the store's clock
record StoreState(long commit, long keys, long lastVersion, long time) {
    static final byte[] KEY = {'s'};
    static final StoreState EMPTY = new StoreState(0, 0, 0, 0);

    /// The same with the number of entries.
    StoreState withKeys(long counted) {
        return new StoreState(commit, counted, lastVersion, time);
    }

    void addTo(BatchBuffer batch) {
        batch.put(Database.STATE, KEY, encode());
    }

    private byte[] encode() {
        return ByteBuffer.allocate(4 * Long.BYTES).putLong(commit).putLong(keys).putLong(lastVersion).putLong(time).array();
    }

    /// That of the last commit that is in a database.
    ///
    /// @throws IOException if it has no such record
    static StoreState of(Database database) throws IOException, StoreException {
        return decode(database.get(Database.STATE, KEY));
    }

    /// @throws IOException if it is no such record
    static StoreState decode(byte[] bytes) throws IOException {
        if (bytes == null) {
            return EMPTY;
        }
        if (bytes.length != 4 * Long.BYTES) {
            throw new IOException("the state of the store has a form that this version does not know");
        }
        var in = ByteBuffer.wrap(bytes);
        return new StoreState(in.getLong(), in.getLong(), in.getLong(), in.getLong());
    }

    /// The time that deadlines on disk are on: nanoseconds since 1970 by the wall clock of the moment when the store was
    /// opened, and by the monotonic clock from there on.
    ///
    /// So a wall clock that jumps changes nothing while the store is open. While the store is closed, time goes by as the wall
    /// clock says; if that went back, time goes on from where it was.
    static final class StoreClock {
        private static final long NANOS_PER_SECOND = 1_000_000_000L;

        private final LongSupplier nanoClock;
        private final long origin;
        private final long start;

        /// @param earliest the last time that the store has seen
        StoreClock(LongSupplier nanoClock, LongSupplier wallNanos, long earliest) {
            this.nanoClock = nanoClock;
            this.origin = nanoClock.getAsLong();
            this.start = Math.max(earliest, wallNanos.getAsLong());
        }

        static long wallNanos() {
            Instant now = Instant.now();
            return now.getEpochSecond() * NANOS_PER_SECOND + now.getNano();
        }

        long now() {
            return start + (nanoClock.getAsLong() - origin);
        }
    }
}
