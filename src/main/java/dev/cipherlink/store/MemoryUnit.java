package dev.cipherlink.store;

import java.util.Map;

/// The unit of a store in memory: nothing waits, and records are there at once.
final class MemoryUnit implements Unit {
    private final Map<byte[], byte[]> records;

    MemoryUnit(Map<byte[], byte[]> records) {
        this.records = records;
    }

    @Override
    public void open() {
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
    public void readBeside() {
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
