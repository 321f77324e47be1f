package dev.cipherlink.store;

class MemoryKeyVerbsTest extends KeyVerbsContract {
    @Override
    public KeyValueStore open(StoreLimits limits) {
        return new MemoryStore(limits, clock, ManualClock.WALL_NANOS);
    }
}
