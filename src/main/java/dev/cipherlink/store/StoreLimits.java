package dev.cipherlink.store;

/// How much a store takes.
///
/// @param maxValueBytes the most bytes of one value
/// @param maxBytes the most bytes of all keys and values together, each with an allowance for what keeping it costs;
///         a write that would go beyond is refused
public record StoreLimits(int maxValueBytes, long maxBytes) {

    /// 16 MiB.
    public static final int DEFAULT_MAX_VALUE_BYTES = 16 * 1024 * 1024;

    public StoreLimits {
        if (maxValueBytes < 0 || maxBytes < 0) {
            throw new IllegalArgumentException("limits must not be negative");
        }
    }

    public void requireFits(long valueBytes) throws StoreException {
        if (valueBytes > maxValueBytes) {
            throw StoreException.valueTooLarge(valueBytes, maxValueBytes);
        }
    }

    /// Values of up to that size, on a disk that is the only other limit.
    public static StoreLimits ofDisk(int maxValueBytes) {
        return new StoreLimits(maxValueBytes, Long.MAX_VALUE);
    }

    /// Values of up to 16 MiB, and half of the largest heap this JVM may have.
    public static StoreLimits ofHeap() {
        return new StoreLimits(DEFAULT_MAX_VALUE_BYTES, Runtime.getRuntime().maxMemory() / 2);
    }
}
