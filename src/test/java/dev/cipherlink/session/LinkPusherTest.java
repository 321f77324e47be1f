package dev.cipherlink.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.command.Reply;
import dev.cipherlink.message.Message;
import dev.cipherlink.message.Message.MessageType;
import dev.cipherlink.message.Message.Payload;
import dev.cipherlink.message.SessionParameters;
import dev.cipherlink.session.Link.LinkConfig;
import dev.cipherlink.session.Link.LinkEnd;
import dev.cipherlink.session.Outbox.PushSignal;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/// The thread that a pusher has while it works, and the end of a link by another thread than the one that reads.
class LinkPusherTest extends LinkRig {

    /// Each link had two threads that waited for a time, 9 KiB of memory.
    @Test
    void hasNoThreadAtRest() throws Exception {
        Link link = link(LinkConfig.server(LONG), LinkRig::echo);
        PushSignal signal = link.session().outbox().pushSignal();
        var end = run(link);
        peer.send(Peer.data(1, "one"));
        assertEquals(Peer.ack(1, "one"), peer.receiveMessage());
        await(signal::isAtRest);
        for (int i = 1; i <= 3; i++) {
            link.session().push(Peer.bytes("event " + i));
            assertEquals("event " + i, peer.receiveMessage().payload().text());
            await(signal::isAtRest);
        }
        toLink.close();
        assertEquals(CloseReason.PEER_CLOSED, reason(end));
    }

    /// A server with 20,000 connections at rest had their buffers and expanded keys in memory.
    @Test
    void dropsWhatALinkAtRestDoesNotNeed() throws Exception {
        var end = run(link(LinkConfig.server(Duration.ofSeconds(2)), LinkRig::echo));
        await(() -> channel.rests() == 1);
        assertEquals(MessageType.KEEPALIVE, peer.receiveMessage().type());
        peer.send(Message.of(MessageType.ACK, 0, Payload.of(Peer.TOKEN)));
        await(() -> channel.rests() == 2);
        toLink.close();
        assertEquals(CloseReason.PEER_CLOSED, reason(end));
    }

    /// A pusher without the memory to say why it ends left a link behind that lasted until its keepalives ran out.
    @Test
    void endsTheLinkWhenItFails() throws Exception {
        var failure = new OutOfMemoryError("Java heap space");
        // A window for all events that may wait: the pusher sends them at once, and then calls the listener.
        Link link = link(LinkConfig.server(LONG), Peer.burst(512, SessionParameters.MAX_MESSAGE_BYTES), LinkRig::echo);
        link.session().onEventsSent(() -> {
            throw failure;
        });
        while (link.session().push(Peer.bytes("an event"))) {
            Thread.onSpinWait();
        }
        LinkEnd end = run(link).get(60, TimeUnit.SECONDS);
        assertEquals(CloseReason.INTERNAL_ERROR, end.reason());
        assertSame(failure, end.cause());
    }

    /// A client whose reader could not say why it ended was over, in place of connecting again.
    @Test
    void endsWhenTheReaderFailsAtItsEnd() throws Exception {
        var failure = new OutOfMemoryError("Java heap space");
        var end = run(link(LinkConfig.client(LONG), new RequestHandler() {
            @Override
            public Reply handle(int sequence, Payload request) {
                return echo(sequence, request);
            }

            @Override
            public void answersWritten() {
                throw failure;
            }
        }));
        toLink.close();
        assertEquals(CloseReason.INTERNAL_ERROR, reason(end));
        assertSame(failure, end.get().cause());
    }

    /// The thread that ran the link has last words to say and its session to give back.
    @Test
    void leavesNoInterruptToTheThreadThatRanTheLink() throws Exception {
        Link link = link(LinkConfig.client(Duration.ofMillis(20)), LinkRig::echo);
        var wasInterrupted = new CompletableFuture<Boolean>();
        threads.add(Thread.ofVirtual().start(() -> {
            try {
                assertEquals(CloseReason.KEEPALIVE_TIMEOUT, link.run().reason());
                wasInterrupted.complete(Thread.currentThread().isInterrupted());
            } catch (InterruptedException | RuntimeException | Error e) {
                wasInterrupted.completeExceptionally(e);
            }
        }));
        assertFalse(wasInterrupted.get(60, TimeUnit.SECONDS));
    }

    @Test
    void abortsALinkWhoseThreadIsInterrupted() throws Exception {
        var end = run(link(LinkConfig.server(LONG), LinkRig::echo));
        peer.send(Peer.data(1, "one"));
        assertEquals(Peer.ack(1, "one"), peer.receiveMessage());
        threads.getFirst().interrupt();
        assertEquals(InterruptedException.class,
                assertThrows(ExecutionException.class, () -> end.get(60, TimeUnit.SECONDS)).getCause().getClass());
    }

    @Test
    void runsForEachRequestWhateverMomentItComesAt() throws Exception {
        var signal = new PushSignal();
        var asked = new AtomicInteger();
        var seen = new AtomicInteger();
        signal.attach(() -> {
            signal.clear();
            seen.set(asked.get());
        });
        for (int i = 1; i <= 100_000; i++) {
            asked.set(i);
            signal.request();
            int expected = i;
            if (i % 64 == 0) {
                await(() -> seen.get() == expected);
            }
        }
        await(() -> seen.get() == 100_000);
        signal.detach();
        assertTrue(signal.isAtRest());
    }

    @Test
    void isInterruptedAndWaitedForAtTheEnd() throws Exception {
        var signal = new PushSignal();
        var running = new CountDownLatch(1);
        var wasInterrupted = new AtomicBoolean();
        signal.attach(() -> {
            running.countDown();
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException e) {
                wasInterrupted.set(true);
            }
        });
        signal.request();
        running.await();
        assertFalse(signal.isAtRest());
        signal.detach();
        assertTrue(wasInterrupted.get());
        assertTrue(signal.isAtRest());
        signal.request();
        assertTrue(signal.isAtRest(), "remembered for the next link");
        assertTrue(signal.isRequested());
    }

    /// The server's stop interrupts a thread that ends its link.
    @Test
    void anInterruptOfTheEndIsKeptUntilThePusherHasEnded() throws Exception {
        var signal = new PushSignal();
        var running = new CountDownLatch(1);
        var mayEnd = new CountDownLatch(1);
        signal.attach(() -> {
            running.countDown();
            while (mayEnd.getCount() > 0) {
                Thread.onSpinWait();
            }
        });
        signal.request();
        running.await();
        var isKept = new CompletableFuture<Boolean>();
        Thread ending = Thread.ofPlatform().start(() -> {
            signal.detach();
            isKept.complete(Thread.currentThread().isInterrupted());
        });
        await(() -> ending.getState() == Thread.State.WAITING);
        ending.interrupt();
        await(() -> !ending.isInterrupted() && ending.getState() == Thread.State.WAITING);
        assertFalse(isKept.isDone());
        mayEnd.countDown();
        assertTrue(isKept.get());
        assertTrue(signal.isAtRest());
    }

    /// Else the link would never send again, and its end would wait for ever.
    @Test
    void aPusherThatFailsLeavesNoThreadAndRunsAgain() throws Exception {
        var signal = new PushSignal();
        var runs = new AtomicInteger();
        signal.attach(() -> {
            Thread.currentThread().setUncaughtExceptionHandler((_, _) -> { });
            if (runs.incrementAndGet() == 1) {
                throw new OutOfMemoryError("for the test");
            }
            signal.clear();
        });
        signal.request();
        await(() -> runs.get() == 1 && signal.isAtRest());
        signal.request();
        await(() -> runs.get() == 2 && signal.isAtRest());
        signal.detach();
    }
}
