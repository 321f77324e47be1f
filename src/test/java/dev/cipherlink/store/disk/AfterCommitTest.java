package dev.cipherlink.store.disk;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/// Commits wait for a listener that is far behind.
class AfterCommitTest {
    private static final int MORE_THAN_MAY_WAIT = 100_001;

    private final AfterCommit deliveries = new AfterCommit();
    private final CountDownLatch goOn = new CountDownLatch(1);
    private final AtomicInteger told = new AtomicInteger();

    private void add(int actions) {
        var group = new Group(1);
        for (int i = 0; i < actions; i++) {
            group.addAction(this::tell);
        }
        deliveries.add(group);
    }

    private void tell() {
        try {
            goOn.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        told.incrementAndGet();
    }

    private static Thread startWaiting(Runnable wait) {
        Thread thread = Thread.ofPlatform().daemon().start(wait);
        await().until(() -> thread.getState() == Thread.State.WAITING);
        return thread;
    }

    @Test
    void aCommitWaitsUntilTheListenerHasCaughtUp() throws Exception {
        deliveries.awaitBacklog();
        add(MORE_THAN_MAY_WAIT);
        var interrupted = new FutureTask<>(() -> {
            deliveries.awaitBacklog();
            return Thread.interrupted();
        });
        Thread committer = startWaiting(interrupted);
        committer.interrupt();
        await().until(() -> !committer.isInterrupted() && committer.getState() == Thread.State.WAITING);
        assertFalse(interrupted.isDone(), "an interrupt does not end the wait");
        deliveries.start();
        goOn.countDown();
        assertTrue(interrupted.get(100, TimeUnit.SECONDS), "and is kept");
        assertEquals(MORE_THAN_MAY_WAIT, told.get());
        deliveries.close();
    }

    /// What is durable is still told.
    @Test
    void noCommitWaitsWhenTheStoreIsClosed() throws Exception {
        add(MORE_THAN_MAY_WAIT);
        deliveries.start();
        var waiting = new FutureTask<>(() -> {
            deliveries.awaitBacklog();
            return told.get();
        });
        startWaiting(waiting);
        var closing = new FutureTask<>(() -> {
            deliveries.close();
            return told.get();
        });
        Thread.ofPlatform().daemon().start(closing);
        assertEquals(0, waiting.get(100, TimeUnit.SECONDS));
        goOn.countDown();
        assertEquals(MORE_THAN_MAY_WAIT, closing.get(100, TimeUnit.SECONDS));
    }
}
