package dev.cipherlink.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.session.Link.FirstEnd;
import dev.cipherlink.session.Link.LinkEnd;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.StructuredTaskScope;
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
        try (var scope = StructuredTaskScope.open(new FirstEnd())) {
            scope.fork(this::goOnUntilInterrupted);
            scope.fork(() -> LinkEnd.of(CloseReason.PEER_CLOSED));
            assertEquals(CloseReason.PEER_CLOSED, scope.join().reason());
        }
        assertTrue(wasInterrupted.get());
    }

    /// A reader without the memory to say why it ends left a link behind that lasted until its keepalives ran out.
    @Test
    void isAlsoTheFirstFailure() throws InterruptedException {
        var failure = new OutOfMemoryError("Java heap space");
        try (var scope = StructuredTaskScope.open(new FirstEnd())) {
            scope.fork(this::goOnUntilInterrupted);
            scope.<LinkEnd>fork(() -> {
                throw failure;
            });
            LinkEnd end = scope.join();
            assertEquals(CloseReason.INTERNAL_ERROR, end.reason());
            assertSame(failure, end.cause());
        }
        assertTrue(wasInterrupted.get());
    }
}
