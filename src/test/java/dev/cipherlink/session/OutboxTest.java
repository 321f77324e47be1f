package dev.cipherlink.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.message.Message.MessageType;
import dev.cipherlink.session.Outbox.EventQueue;
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
            assertEquals(closes ? "gone" : "room", waited.get(60, TimeUnit.SECONDS));
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

    @Test
    void knowsWhetherTheThreadRunsAHandler() throws InterruptedException {
        assertFalse(outbox.isInHandler());
        outbox.lock().lock();
        assertFalse(outbox.isInHandler());
        outbox.beginBatch();
        assertTrue(outbox.isInHandler());
        var other = new CompletableFuture<Boolean>();
        Thread.ofPlatform().start(() -> other.complete(outbox.isInHandler())).join();
        assertFalse(other.join());
        outbox.endBatch();
        assertFalse(outbox.isInHandler());
    }

    @Test
    void dropsEventsBeyondItsBoundsAndTellsOnceThatItTakesThemAgain() {
        var events = new EventQueue(2, 100);
        assertTrue(events.isEmpty());
        assertNull(events.poll());
        assertFalse(events.hasRecovered());
        assertTrue(events.offer(outgoing(200)), "one of any size");
        assertFalse(events.offer(outgoing(1)), "more than 100 bytes");
        assertFalse(events.hasRecovered(), "one waits");
        assertEquals(200, events.poll().payload.length);
        assertTrue(events.isEmpty());
        assertNull(events.poll());
        assertTrue(events.hasRecovered());
        assertFalse(events.hasRecovered());
        for (int i = 0; i < 2; i++) {
            assertTrue(events.offer(outgoing(50)));
        }
        assertFalse(events.hasRecovered(), "nothing was refused");
        assertFalse(events.offer(outgoing(0)), "more than two");
        events.poll();
        assertTrue(events.offer(outgoing(50)));
        assertEquals(100, events.bytes());
    }
}
