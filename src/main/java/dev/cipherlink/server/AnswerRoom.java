package dev.cipherlink.server;

import dev.cipherlink.session.AnswerBatch;
import dev.cipherlink.store.StoreException;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/// The memory for large values on their way to their readers: a share of the heap, for all sessions of the process.
///
/// Who finds no room waits for those who have some, in turn, and is refused if that takes long: they may be reading slowly. An
/// OutOfMemoryError in its place strikes whichever thread asks for memory next. Nobody waits who has room already, since a
/// large answer ends its batch. Thread-safe.
final class AnswerRoom {

    static final AnswerRoom OF_PROCESS =
            new AnswerRoom(Runtime.getRuntime().maxMemory() / AnswerRoom.HEAP_SHARE, Duration.ofSeconds(5));

    private static final int HEAP_SHARE = 4;
    /// The value, and the answer that is made of it.
    private static final int COPIES = 2;
    private static final int UNIT_BYTES = 1_024;

    private final int units;
    private final Semaphore free;
    private final Duration patience;

    AnswerRoom(long bytes, Duration patience) {
        units = (int) Math.min(Integer.MAX_VALUE, bytes / UNIT_BYTES);
        free = new Semaphore(units, true);
        this.patience = patience;
    }

    /// Whether there has to be room for a value.
    static boolean isNeededFor(int valueBytes) {
        return valueBytes >= AnswerBatch.LARGE_BYTES;
    }

    /// Blocks while there is no room; the largest value waits until it is alone.
    ///
    /// @return what is to be given back
    /// @throws StoreException if there was none for too long
    int take(int valueBytes) throws StoreException {
        int needed = (int) Math.min(units, (long) COPIES * valueBytes / UNIT_BYTES);
        try {
            if (free.tryAcquire(needed, patience.toNanos(), TimeUnit.NANOSECONDS)) {
                return needed;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        throw StoreException.noRoomToRead();
    }

    void giveBack(int taken) {
        free.release(taken);
    }
}
