package dev.cipherlink.store;

class MemoryStoreUsageTest extends StoreUsageContract {

    @Override
    public KeyValueStore open(StoreLimits limits) {
        return new MemoryStore(limits, clock, ManualClock.WALL_NANOS);
    }
}
