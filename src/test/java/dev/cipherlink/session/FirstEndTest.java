package dev.cipherlink.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.session.Link.LinkEnd;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class FirstEndTest {

    private final AtomicBoolean wasInterrupted = new AtomicBoolean();

    private LinkEnd goOnUntilInterrupted() {
        try {
            new CountDownLatch(1).await();
        } catch (InterruptedException e) {
            wasInterrupted.set(true);
        }
        return LinkEnd.of(CloseReason.PEER_STALLED);
    }

    @Test
    void isTheFirstResult() throws InterruptedException {
        LinkEnd end = Link.firstEnd(List.of(this::goOnUntilInterrupted, () -> LinkEnd.of(CloseReason.PEER_CLOSED)));

        assertEquals(CloseReason.PEER_CLOSED, end.reason());
        assertTrue(wasInterrupted.get());
    }

    /// A reader without the memory to say why it ends left a link behind that lasted until its keepalives ran out.
    @Test
    void isAlsoTheFirstFailure() throws InterruptedException {
        var failure = new OutOfMemoryError("Java heap space");

        LinkEnd end = Link.firstEnd(List.of(this::goOnUntilInterrupted, () -> {
            throw failure;
        }));

        assertEquals(CloseReason.INTERNAL_ERROR, end.reason());
        assertSame(failure, end.cause());
        assertTrue(wasInterrupted.get());
    }
}
