package dev.cipherlink.store;

class MemoryHeldKeysTest extends HeldKeysContract {
    @Override
    public KeyValueStore open(StoreLimits limits) {
        return new MemoryStore(limits);
    }
}
