package dev.cipherlink.store;

/// What a [MemoryStore] holds for a key. Compared by identity only. The static methods take null for a key that does not
/// exist.
///
/// @param deadline on the store's clock, or [#NO_DEADLINE]
record Stored(byte[] value, long version, long deadline) {

    /// An estimate of the heap that one entry takes beside the bytes of key and value: their headers, the objects
    /// around them, its node in the map and in the order.
    static final int OVERHEAD_BYTES = 192;
    static final long NO_DEADLINE = Long.MAX_VALUE;
    private static final long NANOS_PER_SECOND = 1_000_000_000L;
    private static final long NO_TTL_SECONDS = -1;

    static long bytes(Key key, Stored stored) {
        return stored == null ? 0 : (long) OVERHEAD_BYTES + key.bytes().length + stored.value.length;
    }

    static long version(Stored stored) {
        return stored == null ? 0 : stored.version;
    }

    static long deadline(Stored stored) {
        return stored == null ? NO_DEADLINE : stored.deadline;
    }

    static Stored withDeadline(Stored live, long deadline) {
        return live == null ? null : new Stored(live.value, live.version, deadline);
    }

    long ttlSeconds(long now) {
        return deadline == NO_DEADLINE ? NO_TTL_SECONDS : Math.ceilDiv(deadline - now, NANOS_PER_SECOND);
    }
}
