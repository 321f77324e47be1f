package dev.cipherlink.session;

import java.util.concurrent.atomic.AtomicLong;

/// The memory in which requests are put together from fragments: a share of the heap, for all sessions of the process.
///
/// What does not fit is refused by its answer. An OutOfMemoryError in its place strikes whichever thread asks for memory next,
/// and may be one of those on which the JVM runs all virtual threads: then the process lives on and serves nobody. Thread-safe.
final class FragmentRoom {

    /// A request takes up to four times its fragments: their larger copy when they grow, and what is kept of it.
    private static final int HEAP_SHARE = 4;

    static final FragmentRoom OF_PROCESS = new FragmentRoom(Runtime.getRuntime().maxMemory() / HEAP_SHARE);

    private final AtomicLong freeBytes;

    FragmentRoom(long bytes) {
        freeBytes = new AtomicLong(bytes);
    }

    /// @return false if there is no room for so many bytes; then none is taken
    boolean take(int bytes) {
        if (freeBytes.addAndGet(-bytes) >= 0) {
            return true;
        }
        freeBytes.addAndGet(bytes);
        return false;
    }

    void giveBack(int bytes) {
        freeBytes.addAndGet(bytes);
    }
}
