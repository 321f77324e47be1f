package dev.cipherlink.store;

import static org.junit.jupiter.api.Assertions.assertEquals;

class MemoryStoreConcurrencyTest extends StoreConcurrencyContract {

    @Override
    KeyValueStore open() {
        return new MemoryStore(StoreLimits.ofHeap());
    }

    @Override
    int rounds() {
        return 20_000;
    }

    @Override
    void checkContent(int keys, int deadlines) {
        var memory = (MemoryStore) store;
        assertEquals(keys, memory.keptKeys());
        assertEquals(deadlines, memory.deadlines());
        if (keys == 0) {
            assertEquals(0, memory.usedBytes());
        }
    }
}
