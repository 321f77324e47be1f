package dev.cipherlink.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.command.Reply;
import dev.cipherlink.message.Message;
import dev.cipherlink.message.Message.MessageType;
import dev.cipherlink.message.Message.Payload;
import dev.cipherlink.message.SessionParameters;
import dev.cipherlink.session.Link.LinkConfig;
import dev.cipherlink.session.Link.LinkEnd;
import dev.cipherlink.session.Outbox.ReplyHandler;
import dev.cipherlink.session.Outgoing.PartHeader;
import dev.cipherlink.session.Session.SessionIdentity;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The threads of a link, over channels in memory.
@Timeout(60)
class LinkTest {

    private static final Duration LONG = Duration.ofMinutes(5);

    private final MemoryChannel.Pipe toLink = new MemoryChannel.Pipe(64 * 1024);
    private final MemoryChannel.Pipe fromLink = new MemoryChannel.Pipe(64 * 1024);
    private final MemoryChannel channel = new MemoryChannel(toLink, fromLink);
    /// The other end, driven by hand.
    private final MemoryChannel peer = new MemoryChannel(fromLink, toLink);
    private final List<String> outcomes = Collections.synchronizedList(new ArrayList<>());
    private final List<Thread> threads = new ArrayList<>();

    @AfterEach
    void endThreads() throws InterruptedException {
        peer.close();
        for (Thread thread : threads) {
            thread.interrupt();
            thread.join();
        }
    }

    private Link link(LinkConfig config, RequestHandler handler) {
        return link(config, Peer.burst(8, SessionParameters.MAX_MESSAGE_BYTES), handler);
    }

    private Link link(LinkConfig config, SessionParameters parameters, RequestHandler handler) {
        var identity = new SessionIdentity("00", "test", "test", false, 1 << 24, Peer.TOKEN);
        return new Link(channel, new Session(identity, parameters, new Outbox(16, 1 << 20), handler), config);
    }

    private static Reply echo(int sequence, Payload request) {
        return Reply.ok(request.toBytes());
    }

    private CompletableFuture<LinkEnd> run(Link link) {
        var end = new CompletableFuture<LinkEnd>();
        threads.add(Thread.ofVirtual().start(() -> {
            try {
                end.complete(link.run());
            } catch (InterruptedException | RuntimeException e) {
                end.completeExceptionally(e);
            }
        }));
        return end;
    }

    private static CloseReason reason(CompletableFuture<LinkEnd> end)
            throws InterruptedException, ExecutionException, TimeoutException {
        return end.get(30, TimeUnit.SECONDS).reason();
    }

    private ReplyHandler outcome(String name) {
        return new ReplyHandler() {
            @Override
            public void answered(Reply reply) {
                outcomes.add(name + " answered");
            }

            @Override
            public void failed(IOException cause, boolean wasSent) {
                outcomes.add(name + (wasSent ? " sent" : " not sent"));
            }
        };
    }

    private static void await(BooleanSupplier condition) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < deadline, "it never happened");
            Thread.onSpinWait();
        }
    }

    private static Message disconnect(int sequence) {
        return Message.of(MessageType.DISCONNECT, sequence, Payload.EMPTY);
    }

    @Test
    void answersRequestsAndTheDisconnectBehindThem() throws Exception {
        var end = run(link(LinkConfig.server(LONG), LinkTest::echo));
        peer.send(Peer.data(1, "one"));
        peer.send(Peer.data(2, "two"));
        peer.send(disconnect(3));
        assertEquals(Peer.ack(1, "one"), peer.receiveMessage());
        assertEquals(Peer.ack(2, "two"), peer.receiveMessage());
        assertEquals(Peer.ack(3, ""), peer.receiveMessage());
        assertEquals(CloseReason.PEER_DISCONNECTED, reason(end));
    }

    /// All answers to what had arrived were held in memory, and each once more as it goes out.
    @Test
    void runsNothingBehindALargeAnswerBeforeThatIsOnItsWay() throws Exception {
        var runs = new AtomicInteger();
        var sent = new AtomicInteger();
        byte[] large = new byte[1 << 20];
        var end = run(link(LinkConfig.server(LONG), new RequestHandler() {
            @Override
            public Reply handle(int sequence, Payload request) {
                runs.incrementAndGet();
                return Reply.ok(large);
            }

            @Override
            public void answersWritten() {
                sent.incrementAndGet();
            }
        }));
        for (int i = 1; i <= 4; i++) {
            peer.send(Peer.data(i, "GET large"));
        }
        await(fromLink::isWaitedFor);
        assertEquals(1, runs.get());
        assertEquals(0, sent.get());
        assertTrue(channel.pendingBytes() < 400_000, "of an answer of 1 MiB: " + channel.pendingBytes());
        for (int i = 1; i <= 4; i++) {
            for (int bytes = 0; bytes < large.length; ) {
                Message part = peer.receiveMessage();
                assertEquals(MessageType.PART, part.type());
                assertEquals(i, part.sequence());
                bytes += part.payload().length() - PartHeader.BYTES;
                assertTrue(bytes <= large.length);
            }
        }
        peer.send(disconnect(5));
        assertEquals(Peer.ack(5, ""), peer.receiveMessage());
        assertEquals(CloseReason.PEER_DISCONNECTED, reason(end));
        assertEquals(4, runs.get());
    }

    @Test
    void forgetsTheRestOfAnAnswerWhenTheConnectionEnds() throws Exception {
        var sent = new AtomicInteger();
        var end = run(link(LinkConfig.server(LONG), new RequestHandler() {
            @Override
            public Reply handle(int sequence, Payload request) {
                return Reply.ok(new byte[1 << 20]);
            }

            @Override
            public void answersWritten() {
                sent.incrementAndGet();
            }
        }));
        peer.send(Peer.data(1, "GET large"));
        await(fromLink::isWaitedFor);
        fromLink.breakForWriters();
        assertEquals(CloseReason.PEER_LOST, reason(end));
        assertEquals(1, sent.get());
    }

    @Test
    void endsWhenThePeerGoesWithoutAWord() throws Exception {
        var end = run(link(LinkConfig.server(LONG), LinkTest::echo));
        toLink.close();
        assertEquals(CloseReason.PEER_CLOSED, reason(end));
    }

    /// The reader left the answers to whoever was writing and ended the link, which took them away: a client that said
    /// DISCONNECT while an event was being written never got the acknowledgement, nor the answers before it.
    @Test
    void writesTheLastAnswersBeforeItEnds() throws Exception {
        Link link = link(LinkConfig.server(LONG), LinkTest::echo);
        fromLink.hold(true);
        var end = run(link);
        link.session().push(Peer.bytes("an event"));
        await(fromLink::isWaitedFor);
        peer.send(Peer.data(1, "one"));
        peer.send(disconnect(2));
        await(() -> isEnded(link));
        fromLink.hold(false);
        assertEquals(MessageType.DATA, peer.receiveMessage().type());
        assertEquals(Peer.ack(1, "one"), peer.receiveMessage());
        assertEquals(Peer.ack(2, ""), peer.receiveMessage());
        assertEquals(CloseReason.PEER_DISCONNECTED, reason(end));
    }

    private static boolean isEnded(Link link) {
        link.session().outbox().lock().lock();
        try {
            return link.session().end() != null;
        } finally {
            link.session().outbox().lock().unlock();
        }
    }

    /// A stopping server asks whether a connection is at rest right after it queued its notice, and took it for quiet
    /// before the notice was even sent.
    @Test
    void isNotQuietWhileAnEventWaitsToBeSent() throws Exception {
        Link link = link(LinkConfig.server(LONG), LinkTest::echo);
        assertTrue(link.isQuiet(Duration.ZERO));
        link.session().push(Peer.bytes("an event"));
        assertFalse(link.isQuiet(Duration.ZERO));
        var end = run(link);
        assertEquals("an event", peer.receiveMessage().payload().text());
        await(() -> link.isQuiet(Duration.ZERO));
        peer.close();
        assertEquals(CloseReason.PEER_CLOSED, reason(end));
    }

    /// The server does not read while it writes a large answer. It took the silence of its own making for that of the
    /// peer, and cut off clients on slow lines.
    @Test
    void doesNotTakeAPeerThatReadsSlowlyForASilentOne() throws Exception {
        // 65 parts, 30 ms each, are 8 intervals.
        Duration interval = Duration.ofMillis(250);
        fromLink.slowDown(Duration.ofMillis(30));
        var end = run(link(LinkConfig.server(interval), (sequence, request) -> Reply.ok(new byte[4 << 20])));
        peer.send(Peer.data(1, "get"));
        int bytes = 0;
        while (bytes < 4 << 20) {
            Message part = peer.receiveMessage();
            if (part.type() == MessageType.PART) {
                bytes += part.payload().length() - PartHeader.BYTES;
            }
        }
        assertFalse(end.isDone(), () -> "ended: " + end.join());
        toLink.close();
        assertEquals(CloseReason.PEER_CLOSED, reason(end));
    }

    @Test
    void asksASilentPeerThreeTimesAndGivesItUp() throws Exception {
        var end = run(link(LinkConfig.client(Duration.ofMillis(20)), LinkTest::echo));
        for (int i = 0; i < 3; i++) {
            assertEquals(Message.of(MessageType.KEEPALIVE, 0, Payload.of(Peer.TOKEN)), peer.receiveMessage());
        }
        assertEquals(CloseReason.KEEPALIVE_TIMEOUT, reason(end));
    }

    /// A pusher that had been writing for more than four intervals asked three times in a row and gave up at once; so
    /// did a process that had been stopped for a while.
    @Test
    void givesThePeerTimeToAnswerAfterItWasBusyItself() throws Exception {
        Link link = link(LinkConfig.server(Duration.ofMillis(200)), LinkTest::echo);
        for (int i = 0; i < 16; i++) {
            assertTrue(link.session().push(new byte[60_000]));
        }
        fromLink.slowDown(Duration.ofMillis(150));
        var end = run(link);
        // The window holds 8 of the 16, in 1.2 s.
        for (int i = 1; i <= 8; i++) {
            assertEquals(i, peer.receiveMessage().sequence());
        }
        fromLink.slowDown(Duration.ZERO);
        for (int i = 0; i < 5; i++) {
            Message keepalive = peer.receiveMessage();
            assertEquals(MessageType.KEEPALIVE, keepalive.type());
            peer.send(Message.of(MessageType.ACK, 0, keepalive.payload()));
        }
        assertFalse(end.isDone(), () -> "ended: " + end.join());
    }

    @Test
    void keepsAPeerThatAnswersItsKeepalives() throws Exception {
        var end = run(link(LinkConfig.server(Duration.ofMillis(20)), LinkTest::echo));
        for (int i = 0; i < 20; i++) {
            Message keepalive = peer.receiveMessage();
            assertEquals(MessageType.KEEPALIVE, keepalive.type());
            peer.send(Message.of(MessageType.ACK, 0, keepalive.payload()));
        }
        assertFalse(end.isDone());
    }

    @Test
    void endsWhenThePeerDoesNotReadWhatItIsSent() throws Exception {
        var end = run(link(LinkConfig.server(Duration.ofMillis(50)), (sequence, request) -> Reply.ok(new byte[60_000])));
        fromLink.hold(true);
        // It talks all the time, so it is not silent.
        Thread talker = Thread.ofVirtual().start(() -> {
            try {
                for (int i = 1; !end.isDone(); i++) {
                    peer.send(i <= 8 ? Peer.data(i, "get") : Message.of(MessageType.KEEPALIVE, 0, Payload.EMPTY));
                }
            } catch (IOException e) {
                outcomes.add("talker ended");
            }
        });
        threads.add(talker);
        assertEquals(CloseReason.PEER_STALLED, reason(end));
    }

    @Test
    void tellsThePeerWhichRuleItBroke() throws Exception {
        var end = run(link(LinkConfig.server(LONG), LinkTest::echo));
        peer.send(Peer.data(1, "one"));
        assertEquals(Peer.ack(1, "one"), peer.receiveMessage());
        peer.send(Message.of(MessageType.SYN, 0, Payload.EMPTY));
        Message error = peer.receiveMessage();
        assertEquals(MessageType.ERROR, error.type());
        assertEquals(0, error.sequence());
        assertEquals("ERROR SYN after the handshake\n", error.payload().text());
        assertEquals(CloseReason.PROTOCOL_ERROR, reason(end));
    }

    private static final class Batches implements RequestHandler {
        final List<String> log = Collections.synchronizedList(new ArrayList<>());
        boolean fails;

        @Override
        public Reply handle(int sequence, Payload request) {
            log.add(request.text());
            return echo(sequence, request);
        }

        @Override
        public void completeBatch() {
            log.add("complete");
            if (fails) {
                throw new IllegalStateException("the batch is not durable");
            }
        }
    }

    /// Requests that ran before a violation in the same batch were answered before they were made durable.
    @Test
    void completesTheBatchBeforeItsAnswersLeaveEvenIfAViolationEndsIt() throws Exception {
        var batches = new Batches();
        Link link = link(LinkConfig.server(LONG), batches);
        peer.send(Peer.data(1, "one"));
        peer.send(Message.of(MessageType.SYN, 0, Payload.EMPTY));
        var end = run(link);
        assertEquals(Peer.ack(1, "one"), peer.receiveMessage());
        assertEquals(MessageType.ERROR, peer.receiveMessage().type());
        assertEquals(CloseReason.PROTOCOL_ERROR, reason(end));
        assertEquals(List.of("one", "complete"), batches.log);
    }

    /// The answers of a batch that is not durable must not leave, not even with an event that is pushed meanwhile.
    @Test
    void sendsNoAnswerOfABatchThatFailed() throws Exception {
        for (int round = 0; round < 200; round++) {
            var back = new MemoryChannel.Pipe(64 * 1024);
            var forth = new MemoryChannel.Pipe(64 * 1024);
            var inBatch = new CountDownLatch(1);
            var pushing = new CountDownLatch(1);
            RequestHandler handler = new RequestHandler() {
                @Override
                public Reply handle(int sequence, Payload request) {
                    return echo(sequence, request);
                }

                @Override
                public void completeBatch() {
                    inBatch.countDown();
                    try {
                        pushing.await();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                    throw new IllegalStateException("the batch is not durable");
                }
            };
            var identity = new SessionIdentity("00", "test", "test", false, 1 << 24, Peer.TOKEN);
            var link = new Link(new MemoryChannel(forth, back),
                    new Session(identity, Peer.burst(8), new Outbox(16, 1 << 20), handler), LinkConfig.server(LONG));
            var end = run(link);
            var other = new MemoryChannel(back, forth);
            other.send(Peer.data(1, "one"));
            inBatch.await();
            Thread pusher = Thread.ofPlatform().start(() -> {
                pushing.countDown();
                link.session().push(Peer.bytes("an event"));
                try {
                    link.flush();
                } catch (IOException e) {
                    outcomes.add("flush failed");
                }
            });
            assertEquals(CloseReason.INTERNAL_ERROR, reason(end));
            pusher.join();
            back.close();
            for (Message message = other.receiveMessage(); message != null; message = other.receiveMessage()) {
                assertFalse(message.type() == MessageType.ACK, "round " + round);
            }
        }
    }

    /// A thread that sends learns that it cannot write; the link went on as long as nothing else showed it, and requests
    /// that were already counted as sent waited for ever.
    @Test
    void endsWhenAnySenderCannotWrite() throws Exception {
        Link link = link(LinkConfig.client(LONG), LinkTest::echo);
        var end = run(link);
        link.session().outbox().send(Peer.bytes("one"), outcome("one"));
        link.flush();
        assertEquals("one", peer.receiveMessage().payload().text());
        await(() -> link.isQuiet(Duration.ZERO));
        fromLink.breakForWriters();
        link.session().outbox().send(Peer.bytes("two"), outcome("two"));
        try {
            link.flush();
        } catch (IOException e) {
            outcomes.add("flush failed");
        }
        assertEquals(CloseReason.PEER_LOST, reason(end));
        link.session().abandon(new IOException("lost"));
        // The pusher may have been quicker to write it, and to fail.
        outcomes.remove("flush failed");
        assertEquals(List.of("one sent", "two sent"), outcomes);
    }

    @Test
    void makesSendersWaitWhileTooMuchIsWaiting() throws Exception {
        Link link = link(LinkConfig.client(LONG), LinkTest::echo);
        var end = run(link);
        var sent = new CountDownLatch(100);
        threads.add(Thread.ofVirtual().start(() -> {
            try {
                for (int i = 0; i < 100; i++) {
                    link.session().outbox().send(Peer.bytes("request " + i), outcome(Integer.toString(i)));
                    sent.countDown();
                }
                link.flush();
            } catch (IOException | InterruptedException e) {
                outcomes.add("sender failed: " + e);
            }
        }));
        for (int i = 1; i <= 8; i++) {
            assertEquals("request " + (i - 1), peer.receiveMessage().payload().text(), "nobody flushed: the pusher does");
        }
        assertTrue(sent.getCount() >= 100 - 8 - 16, "8 in the window and 16 in the outbox at most");
        for (int i = 1; i <= 100; i++) {
            peer.send(Peer.ack(i, "done"));
            if (i <= 92) {
                assertEquals("request " + (i + 7), peer.receiveMessage().payload().text());
            }
        }
        await(() -> outcomes.size() == 100);
        assertEquals("99 answered", outcomes.get(99));
        assertFalse(end.isDone());
    }

    @Test
    void freesASenderThatWaitsForRoomWhenTheLinkIsAbandoned() throws Exception {
        Link link = link(LinkConfig.client(LONG), LinkTest::echo);
        var failure = new CompletableFuture<String>();
        threads.add(Thread.ofVirtual().start(() -> {
            try {
                while (true) {
                    link.session().outbox().send(Peer.bytes("x"), outcome("x"));
                }
            } catch (IOException | InterruptedException e) {
                failure.complete(e.getMessage());
            }
        }));
        await(() -> hasWaiters(link));
        link.session().abandon(new IOException("lost"));
        assertEquals("lost", failure.get(30, TimeUnit.SECONDS));
        assertEquals(16, outcomes.size(), "without a connection nothing left the outbox");
    }

    private static boolean hasWaiters(Link link) {
        link.session().outbox().lock().lock();
        try {
            return link.session().outbox().isFull() && link.session().outbox().pushSignal().isRequested();
        } finally {
            link.session().outbox().lock().unlock();
        }
    }

    /// Both ends write far more than the buffers between them hold, at once: neither may wait for the other to read.
    @Test
    void finishesWhenBothSidesWriteMoreThanFitsBetweenThem() throws Exception {
        byte[] large = new byte[1 << 20];
        Link client = link(LinkConfig.client(LONG), Peer.burst(64, SessionParameters.MAX_MESSAGE_BYTES), LinkTest::echo);
        var identity = new SessionIdentity("00", "test", "test", false, 1 << 24, Peer.TOKEN);
        var server = new Link(peer, new Session(identity, Peer.burst(64, SessionParameters.MAX_MESSAGE_BYTES),
                new Outbox(16, 1 << 20), LinkTest::echo), LinkConfig.server(LONG));
        var clientEnd = run(client);
        var serverEnd = run(server);
        for (int i = 0; i < 40; i++) {
            client.session().outbox().send(large, outcome("x"));
            client.flush();
            server.session().push(new byte[10_000]);
        }
        client.session().outbox().disconnect();
        assertEquals(CloseReason.DISCONNECTED, reason(clientEnd));
        assertEquals(CloseReason.PEER_DISCONNECTED, reason(serverEnd));
        assertEquals(Collections.nCopies(40, "x answered"), outcomes);
    }

    /// Small requests take more room on the wire than in the window's count of bytes: a reader that sent a large window
    /// of them could wait for a server that waited for it to read.
    @Test
    void neverWritesFromTheReaderWhatDoesNotFitIntoTheBuffers() throws Exception {
        Link client = link(LinkConfig.client(LONG), Peer.burst(8_192, SessionParameters.MAX_MESSAGE_BYTES), LinkTest::echo);
        var identity = new SessionIdentity("00", "test", "test", false, 1 << 24, Peer.TOKEN);
        var server = new Link(peer, new Session(identity, Peer.burst(8_192, SessionParameters.MAX_MESSAGE_BYTES),
                new Outbox(16, 1 << 20), (sequence, request) -> Reply.ok(new byte[40_000])), LinkConfig.server(LONG));
        var done = new CountDownLatch(8_193);
        ReplyHandler count = new ReplyHandler() {
            @Override
            public void answered(Reply reply) {
                done.countDown();
            }

            @Override
            public void failed(IOException cause, boolean wasSent) {
                outcomes.add("failed");
            }
        };
        ReplyHandler sendMany = new ReplyHandler() {
            @Override
            public void answered(Reply reply) {
                try {
                    for (int i = 0; i < 8_192; i++) {
                        client.session().outbox().send(Peer.bytes("g"), count);
                    }
                    done.countDown();
                } catch (IOException | InterruptedException e) {
                    outcomes.add("failed: " + e);
                }
            }

            @Override
            public void failed(IOException cause, boolean wasSent) {
                outcomes.add("failed");
            }
        };
        run(client);
        run(server);
        client.session().outbox().send(Peer.bytes("g"), sendMany);
        client.flush();
        assertTrue(done.await(20, TimeUnit.SECONDS), () -> done.getCount() + " answers are missing");
        assertEquals(List.of(), outcomes);
    }

    @Test
    void letsAHandlerSendTheNextRequest() throws Exception {
        Link link = link(LinkConfig.client(LONG), LinkTest::echo);
        run(link);
        link.session().outbox().send(Peer.bytes("one"), new ReplyHandler() {
            @Override
            public void answered(Reply reply) {
                try {
                    for (int i = 0; i < 100; i++) {
                        link.session().outbox().send(Peer.bytes("next " + i), outcome("next " + i));
                        link.flush();
                    }
                } catch (IOException | InterruptedException e) {
                    outcomes.add("failed");
                }
            }

            @Override
            public void failed(IOException cause, boolean wasSent) {
                outcomes.add("failed");
            }
        });
        link.flush();
        for (int i = 1; i <= 101; i++) {
            assertEquals(i, peer.receiveMessage().sequence());
            peer.send(Peer.ack(i, ""));
        }
        await(() -> outcomes.size() == 100);
        assertEquals("next 99 answered", outcomes.getLast());
        assertNull(link.session().end());
    }
}
