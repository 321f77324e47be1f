package dev.cipherlink.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.store.StoreException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class AnswerRoomTest {
    private static final Duration LONG = Duration.ofMinutes(5);

    @Test
    void smallValuesNeedNone() {
        assertFalse(AnswerRoom.isNeededFor(65_535));
        assertTrue(AnswerRoom.isNeededFor(65_536));
    }

    @Test
    void aValueTakesItsSizeTwice() throws StoreException {
        var room = new AnswerRoom(1 << 20, Duration.ZERO);
        assertEquals(512, room.take(256 << 10));
        assertEquals(512, room.take(256 << 10));
        assertThrows(StoreException.class, () -> room.take(64 << 10));
        room.giveBack(512);
        assertEquals(512, room.take(256 << 10));
    }

    @Test
    void oneThatIsLargerThanTheRoomHasAllOfIt() throws StoreException {
        var room = new AnswerRoom(1 << 20, Duration.ZERO);
        assertEquals(1_024, room.take(16 << 20));
        assertThrows(StoreException.class, () -> room.take(64 << 10));
        room.giveBack(1_024);
        assertEquals(128, room.take(64 << 10));
    }

    @Test
    void whoFindsNoneWaits() throws Exception {
        var room = new AnswerRoom(1 << 20, LONG);
        int first = room.take(1 << 20);
        var second = new CompletableFuture<Integer>();
        Thread waiting = Thread.ofVirtual().start(() -> {
            try {
                second.complete(room.take(64 << 10));
            } catch (StoreException e) {
                second.completeExceptionally(e);
            }
        });
        while (waiting.getState() != Thread.State.TIMED_WAITING) {
            Thread.onSpinWait();
        }
        assertFalse(second.isDone());
        room.giveBack(first);
        assertEquals(128, second.get(30, TimeUnit.SECONDS));
    }

    @Test
    void whoIsInterruptedIsRefused() throws StoreException {
        var room = new AnswerRoom(1 << 20, LONG);
        room.take(1 << 20);
        Thread.currentThread().interrupt();
        assertThrows(StoreException.class, () -> room.take(64 << 10));
        assertTrue(Thread.interrupted());
    }
}
