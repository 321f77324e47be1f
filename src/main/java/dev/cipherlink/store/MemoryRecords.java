package dev.cipherlink.store;

import java.util.Arrays;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;

/// The records of a [MemoryStore], and the transaction of all threads: nothing waits, and records are there at once. Thread-safe.
final class MemoryRecords implements Transaction {
    private final ConcurrentSkipListMap<byte[], byte[]> records = new ConcurrentSkipListMap<>(Arrays::compareUnsigned);
    private final ThreadLocal<Usage.Quota> quota = new ThreadLocal<>();
    private final Budget budget;

    /// The memory of the store.
    interface Budget {
        /// @param bytes negative to give some back
        /// @throws StoreException `FULL`
        void take(long bytes) throws StoreException;
    }

    MemoryRecords(Budget budget) {
        this.budget = budget;
    }

    @Override
    public void limit(Usage.Quota newQuota) {
        quota.set(newQuota);
    }

    /// That of the calling thread's writes; null if there is none.
    Usage.Quota quota() {
        return quota.get();
    }

    @Override
    public void beginWrite() {
    }

    @Override
    public void record(byte[] key, byte[] value) throws StoreException {
        budget.take(bytes(key, value));
        account(key, records.put(key.clone(), value.clone()));
    }

    @Override
    public void forget(byte[] key) throws StoreException {
        account(key, records.remove(key));
    }

    private void account(byte[] key, byte[] old) throws StoreException {
        if (old != null) {
            budget.take(-bytes(key, old));
        }
    }

    private static long bytes(byte[] key, byte[] value) {
        return (long) MemoryStore.OVERHEAD_BYTES + key.length + value.length;
    }

    @Override
    public void pause() {
    }

    @Override
    public void dependOnPending() {
    }

    /// Always: changes of keys go past it.
    @Override
    public boolean hasWritten() {
        return true;
    }

    @Override
    public void commit() {
        quota.remove();
    }

    @Override
    public void close() {
        quota.remove();
    }

    byte[] record(byte[] key) {
        return records.get(key);
    }

    NavigableMap<byte[], byte[]> records(byte[] prefix, byte[] after, int maxBytes) {
        var found = new TreeMap<byte[], byte[]>(Arrays::compareUnsigned);
        long bytes = 0;
        boolean startsAfter = after.length > 0;
        for (Map.Entry<byte[], byte[]> record : records.tailMap(startsAfter ? after : prefix, !startsAfter).entrySet()) {
            if (bytes >= maxBytes || !Key.of(record.getKey()).startsWith(prefix)) {
                break;
            }
            found.put(record.getKey(), record.getValue());
            bytes += record.getValue().length;
        }
        return found;
    }
}
