package dev.cipherlink.server;

import dev.cipherlink.store.Key;
import dev.cipherlink.store.KeyValueStore;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.Unit;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.OptionalLong;
import java.util.function.Predicate;

/// A store whose changes are told to those who watch, once they are durable. While anybody does, the writes of a key and what
/// is told of them have the same order: the last event of a key is true until the next.
final class WatchedStore implements KeyValueStore {

    private static final int STRIPES = 64;

    private final KeyValueStore store;
    private final KeyWatches watches;
    private final KeyLine[] lines = new KeyLine[STRIPES];
    private final ThreadLocal<WatchedUnit> units = ThreadLocal.withInitial(WatchedUnit::new);

    private interface Write<T> {
        T run() throws StoreException;
    }

    WatchedStore(KeyValueStore store, KeyWatches watches) {
        this.store = store;
        this.watches = watches;
        Arrays.setAll(lines, _ -> new KeyLine());
        store.onExpiry(this::expired);
    }

    /// @param isChange whether the write, by its result, changed the key
    private <T> T write(Key key, Write<T> write, Predicate<T> isChange, Runnable telling) throws StoreException {
        if (!watches.isUsed()) {
            return write.run();
        }
        WatchedUnit unit = units.get();
        if (!unit.isActive()) {
            return writeAlone(key, write, isChange, telling);
        }
        KeyLine line = line(key);
        synchronized (line) {
            T result = write.run();
            if (isChange.test(result) && watches.isWatched(key)) {
                unit.add(line.add(telling));
            }
            return result;
        }
    }

    /// Outside of a unit a write is a unit of its own.
    private <T> T writeAlone(Key key, Write<T> write, Predicate<T> isChange, Runnable telling) throws StoreException {
        try (Unit own = begin()) {
            own.open();
            T result = write(key, write, isChange, telling);
            own.commit();
            return result;
        }
    }

    private void expired(Key key) {
        if (!watches.isUsed()) {
            return;
        }
        KeyLine line = line(key);
        synchronized (line) {
            if (isGone(key)) {
                line.add(() -> watches.deleted(key)).settle(true);
            }
        }
    }

    private boolean isGone(Key key) {
        try {
            return !store.exists(key);
        } catch (StoreException e) {
            // Whoever reads the key next is told what is wrong with the store.
            return true;
        }
    }

    private KeyLine line(Key key) {
        return lines[key.hashCode() & STRIPES - 1];
    }

    @Override
    public long set(Key key, byte[] value) throws StoreException {
        return write(key, () -> store.set(key, value), _ -> true, () -> watches.set(key));
    }

    @Override
    public CasResult compareAndSet(Key key, long version, byte[] value) throws StoreException {
        return write(key, () -> store.compareAndSet(key, version, value), CasResult::isSet, () -> watches.set(key));
    }

    @Override
    public boolean delete(Key key) throws StoreException {
        return write(key, () -> store.delete(key), existed -> existed, () -> watches.deleted(key));
    }

    @Override
    public long increment(Key key, long by) throws StoreException {
        return write(key, () -> store.increment(key, by), _ -> true, () -> watches.set(key));
    }

    @Override
    public int append(Key key, byte[] suffix) throws StoreException {
        return write(key, () -> store.append(key, suffix), _ -> true, () -> watches.set(key));
    }

    @Override
    public byte[] get(Key key, ReadGate gate) throws StoreException {
        return store.get(key, gate);
    }

    @Override
    public Entry entry(Key key, ReadGate gate) throws StoreException {
        return store.entry(key, gate);
    }

    @Override
    public boolean exists(Key key) throws StoreException {
        return store.exists(key);
    }

    @Override
    public int valueBytes(Key key) throws StoreException {
        return store.valueBytes(key);
    }

    @Override
    public boolean expire(Key key, Duration timeToLive) throws StoreException {
        return store.expire(key, timeToLive);
    }

    @Override
    public boolean persist(Key key) throws StoreException {
        return store.persist(key);
    }

    @Override
    public OptionalLong ttlSeconds(Key key) throws StoreException {
        return store.ttlSeconds(key);
    }

    @Override
    public List<Key> keys(byte[] prefix, int limit, byte[] after) throws StoreException {
        return store.keys(prefix, limit, after);
    }

    @Override
    public long count(byte[] prefix) throws StoreException {
        return store.count(prefix);
    }

    @Override
    public long size() throws StoreException {
        return store.size();
    }

    @Override
    public Unit begin() {
        Unit begun = store.begin();
        WatchedUnit unit = units.get();
        unit.begin(begun);
        return unit;
    }

    @Override
    public Unit unit() {
        return store.unit();
    }

    @Override
    public boolean isDurable() {
        return store.isDurable();
    }

    @Override
    public byte[] record(byte[] key) throws StoreException {
        return store.record(key);
    }

    @Override
    public NavigableMap<byte[], byte[]> records(byte[] prefix, byte[] after, int maxBytes) throws StoreException {
        return store.records(prefix, after, maxBytes);
    }

    @Override
    public Map<String, Object> info() throws StoreException {
        return store.info();
    }

    @Override
    public void close() {
        store.close();
    }
}
