package dev.cipherlink.store.disk;

import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.log.BatchBuffer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicLong;

/// What the store knows of itself, written with every commit.
///
/// @param commit      number of that commit, 1 for the first
/// @param keys        entries, those included that have expired and are not yet taken away; in the log nobody knows it yet
/// @param lastVersion no larger version was given to a key
/// @param time        on the store's clock
record StoreState(long commit, long keys, long lastVersion, long time) {
    static final byte[] KEY = {'s'};
    static final StoreState EMPTY = new StoreState(0, 0, 0, 0);

    /// The same with the number of entries.
    StoreState withKeys(long counted) {
        return new StoreState(commit, counted, lastVersion, time);
    }

    void addTo(BatchBuffer batch, Database database) {
        batch.put(database.state(), KEY, encode());
    }

    private byte[] encode() {
        return ByteBuffer.allocate(4 * Long.BYTES).putLong(commit).putLong(keys).putLong(lastVersion).putLong(time).array();
    }

    /// That of the last commit that is in a database.
    ///
    /// @throws IOException if it has no such record
    static StoreState of(Database database) throws IOException, StoreException {
        return decode(database.get(database.state(), KEY));
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

    /// What a store on disk counts, and goes on counting when it is opened again.
    ///
    /// @param lastVersion the largest version given to a value
    record StoreCounters(StoreClock clock, AtomicLong lastVersion) {

        long nextVersion() {
            return lastVersion.incrementAndGet();
        }
    }
}
