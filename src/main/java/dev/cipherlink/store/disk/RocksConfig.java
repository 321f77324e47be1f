package dev.cipherlink.store.disk;

import dev.cipherlink.store.KeyValueStore.Durability;
import dev.cipherlink.store.StoreLimits;
import dev.cipherlink.store.disk.StoreState.StoreClock;
import java.util.function.LongSupplier;

/// How a [RocksStore] works.
///
/// @param limits      of which only the size of a value counts: the disk is the limit of all together
/// @param durability  what an answer to a write waits for
/// @param cacheBytes  heap for entries that were used lately; what is not durable yet comes on top
/// @param nanoClock   monotonic, in nanoseconds, with any origin
/// @param wallClock   nanoseconds since 1970; asked when the store is opened
/// @param acceptsLoss whether a store is opened that lacks what it acknowledged
public record RocksConfig(StoreLimits limits, Durability durability, long cacheBytes, LongSupplier nanoClock,
                          LongSupplier wallClock, boolean acceptsLoss) {

    private static final long MAX_CACHE_BYTES = 256L << 20;
    private static final int CACHE_SHARE = 4;

    /// Memory beside the heap that RocksDB takes at most for blocks that were read and for what is not in files yet: a quarter of
    /// the largest heap, but 16 to 192 MiB. Indexes and filters of its tables come on top, about 3 bytes a key.
    public static final long NATIVE_BYTES = Math.clamp(Runtime.getRuntime().maxMemory() / 4, 16L << 20, 192L << 20);

    /// A quarter of the heap for the cache, at most 256 MiB, and the system's clocks.
    public static RocksConfig of(StoreLimits limits, Durability durability) {
        return new RocksConfig(limits, durability, Math.min(MAX_CACHE_BYTES, Runtime.getRuntime().maxMemory() / CACHE_SHARE),
                System::nanoTime, StoreClock::wallNanos, false);
    }

    /// For a look at what is left of a damaged store.
    public RocksConfig acceptingLoss() {
        return new RocksConfig(limits, durability, cacheBytes, nanoClock, wallClock, true);
    }
}
