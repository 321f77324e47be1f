package dev.cipherlink.store;

import java.util.Map;

/// The transaction of a store in memory: nothing waits, and records are there at once.
final class MemoryTransaction implements Transaction {
    private final Map<byte[], byte[]> records;

    MemoryTransaction(Map<byte[], byte[]> records) {
        this.records = records;
    }

    @Override
    public void beginWrite() {
    }

    @Override
    public void record(byte[] key, byte[] value) {
        records.put(key.clone(), value.clone());
    }

    @Override
    public void forget(byte[] key) {
        records.remove(key);
    }

    @Override
    public void pause() {
        // Nobody waits for it.
    }

    @Override
    public void dependOnPending() {
        // All is as durable as it gets.
    }

    /// Always: changes of keys go past it.
    @Override
    public boolean hasWritten() {
        return true;
    }

    @Override
    public void commit() {
    }

    @Override
    public void close() {
    }
}
