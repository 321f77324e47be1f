package dev.cipherlink.store;

import static org.junit.jupiter.api.Assertions.assertEquals;

class MemoryStoreModelTest extends StoreModelContract {

    @Override
    public KeyValueStore open(StoreLimits limits) {
        return new MemoryStore(limits, clock, ManualClock.WALL_NANOS);
    }

    @Override
    public int steps() {
        return 20_000;
    }

    @Override
    public void checkEnd(KeyValueStore store, int keys, long deadlines, long bytes) {
        var memory = (MemoryStore) store;
        assertEquals(keys, memory.keptKeys());
        assertEquals(deadlines, memory.deadlines());
        assertEquals(bytes + (long) keys * MemoryStore.OVERHEAD_BYTES, memory.usedBytes());
    }
}
