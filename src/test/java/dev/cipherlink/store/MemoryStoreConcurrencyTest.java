package dev.cipherlink.store;

import static org.junit.jupiter.api.Assertions.assertEquals;

class MemoryStoreConcurrencyTest extends StoreConcurrencyContract {

    @Override
    public KeyValueStore open() {
        return new MemoryStore(StoreLimits.ofHeap());
    }

    @Override
    public int rounds() {
        return 20_000;
    }

    @Override
    public void checkContent(int keys, int deadlines) {
        var memory = (MemoryStore) store;
        assertEquals(keys, memory.keptKeys());
        assertEquals(deadlines, memory.deadlines());
        if (keys == 0) {
            assertEquals(0, memory.usedBytes());
        }
    }
}
