package dev.cipherlink.server;

import dev.cipherlink.store.Key;
import dev.cipherlink.store.KeyValueStore;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.Unit;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.OptionalLong;

/// A store whose changes are told to those who watch. While anybody does, the writes of a key and what is told of them
/// have the same order: the last event of a key is true until the next.
final class WatchedStore implements KeyValueStore {

    private static final int STRIPES = 64;

    private final KeyValueStore store;
    private final KeyWatches watches;
    private final Object[] stripes = new Object[STRIPES];

    /// What a write gives, and whether it changed the key.
    private interface Write<T> {
        T run() throws StoreException;
    }

    private interface Told<T> {
        void by(T result);
    }

    WatchedStore(KeyValueStore store, KeyWatches watches) {
        this.store = store;
        this.watches = watches;
        for (int i = 0; i < STRIPES; i++) {
            stripes[i] = new Object();
        }
        store.onExpiry(this::expired);
    }

    private <T> T write(Key key, Write<T> write, Told<T> told) throws StoreException {
        if (!watches.isUsed()) {
            return write.run();
        }
        synchronized (stripe(key)) {
            T result = write.run();
            told.by(result);
            return result;
        }
    }

    private void expired(Key key) {
        if (!watches.isUsed()) {
            return;
        }
        synchronized (stripe(key)) {
            try {
                if (!store.exists(key)) {
                    watches.deleted(key);
                }
            } catch (StoreException e) {
                // Whoever reads the key next is told what is wrong with the store.
                watches.deleted(key);
            }
        }
    }

    private Object stripe(Key key) {
        return stripes[key.hashCode() & STRIPES - 1];
    }

    @Override
    public long set(Key key, byte[] value) throws StoreException {
        return write(key, () -> store.set(key, value), _ -> watches.set(key));
    }

    @Override
    public CasResult compareAndSet(Key key, long version, byte[] value) throws StoreException {
        return write(key, () -> store.compareAndSet(key, version, value), result -> {
            if (result.isSet()) {
                watches.set(key);
            }
        });
    }

    @Override
    public boolean delete(Key key) throws StoreException {
        return write(key, () -> store.delete(key), existed -> {
            if (existed) {
                watches.deleted(key);
            }
        });
    }

    @Override
    public long increment(Key key, long by) throws StoreException {
        return write(key, () -> store.increment(key, by), _ -> watches.set(key));
    }

    @Override
    public int append(Key key, byte[] suffix) throws StoreException {
        return write(key, () -> store.append(key, suffix), _ -> watches.set(key));
    }

    @Override
    public byte[] get(Key key) throws StoreException {
        return store.get(key);
    }

    @Override
    public Entry entry(Key key) throws StoreException {
        return store.entry(key);
    }

    @Override
    public boolean exists(Key key) throws StoreException {
        return store.exists(key);
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
        return store.begin();
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
    public NavigableMap<byte[], byte[]> records(byte[] prefix) throws StoreException {
        return store.records(prefix);
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
