package dev.cipherlink.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.message.Message.MessageType;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class OutboxTest {

    private final Outbox outbox = new Outbox(3, 100);

    private static Outgoing outgoing(int bytes) {
        return new Outgoing(MessageType.DATA, new byte[bytes], null);
    }

    @Test
    void isFullByNumberOrByBytes() {
        outbox.lock().lock();
        outbox.add(outgoing(1));
        outbox.add(outgoing(1));
        assertFalse(outbox.isFull());
        outbox.add(outgoing(1));
        assertTrue(outbox.isFull());
        outbox.remove();
        assertFalse(outbox.isFull());
        outbox.add(outgoing(98));
        outbox.remove();
        assertFalse(outbox.isFull(), "99 bytes");
        outbox.add(outgoing(1));
        assertTrue(outbox.isFull(), "100 bytes");
    }

    @Test
    void keepsTheOrder() {
        Outgoing first = outgoing(1);
        Outgoing second = outgoing(1);
        outbox.add(first);
        outbox.add(second);
        assertEquals(first, outbox.peek());
        outbox.remove();
        assertEquals(second, outbox.peek());
        outbox.remove();
        assertTrue(outbox.isEmpty());
    }

    @Test
    void letsAWaitingSenderGoOnWhenThereIsRoomAndFailsItWhenItIsClosed() throws Exception {
        for (boolean closes : new boolean[] {false, true}) {
            outbox.lock().lock();
            while (!outbox.isFull()) {
                outbox.add(outgoing(1));
            }
            var waited = new CompletableFuture<String>();
            Thread waiter = Thread.ofVirtual().start(() -> {
                outbox.lock().lock();
                try {
                    outbox.awaitNotFull();
                    waited.complete("room");
                } catch (IOException | InterruptedException e) {
                    waited.complete(e.getMessage());
                } finally {
                    outbox.lock().unlock();
                }
            });
            if (closes) {
                outbox.close(new IOException("gone"));
            } else {
                outbox.remove();
            }
            outbox.lock().unlock();
            assertEquals(closes ? "gone" : "room", waited.get(30, TimeUnit.SECONDS));
            waiter.join();
        }
        assertEquals("gone", assertThrows(IOException.class, outbox::requireOpen).getMessage());
    }

    @Test
    void staysClosedForTheFirstReason() {
        outbox.lock().lock();
        outbox.close(new IOException("first"));
        outbox.close(new IOException("second"));
        assertEquals("first", assertThrows(IOException.class, outbox::requireOpen).getMessage());
        outbox.lock().unlock();
    }
}
