package dev.cipherlink.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.command.Reply;
import dev.cipherlink.message.Message;
import dev.cipherlink.message.Message.MessageCodec;
import dev.cipherlink.message.Message.MessageType;
import dev.cipherlink.message.Message.Payload;
import dev.cipherlink.session.Link.LinkConfig;
import dev.cipherlink.session.Outgoing.PartHeader;
import dev.cipherlink.session.Session.SessionIdentity;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/// The batches of a link: what runs together, and when the answers leave.
class LinkBatchTest extends LinkRig {

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

    /// The reader left the answers to whoever was writing and ended the link, which took them away: a client that said
    /// DISCONNECT while an event was being written never got the acknowledgement, nor the answers before it.
    @Test
    void writesTheLastAnswersBeforeItEnds() throws Exception {
        Link link = link(LinkConfig.server(LONG), LinkRig::echo);
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

    @Test
    void tellsThePeerWhichRuleItBroke() throws Exception {
        var end = run(link(LinkConfig.server(LONG), LinkRig::echo));
        peer.send(Peer.data(1, "one"));
        assertEquals(Peer.ack(1, "one"), peer.receiveMessage());
        peer.send(Message.of(MessageType.SYN, 0, Payload.EMPTY));
        Message error = peer.receiveMessage();
        assertEquals(MessageType.ERROR, error.type());
        assertEquals(0, error.sequence());
        assertEquals("ERROR SYN after the handshake\n", error.payload().text());
        assertEquals(CloseReason.PROTOCOL_ERROR, reason(end));
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

    private static boolean isEnded(Link link) {
        link.session().outbox().lock().lock();
        try {
            return link.session().end() != null;
        } finally {
            link.session().outbox().lock().unlock();
        }
    }

    private static final class Batches implements RequestHandler {
        final List<String> log = Collections.synchronizedList(new ArrayList<>());

        @Override
        public Reply handle(int sequence, Payload request) {
            log.add(request.text());
            if (request.text().equals("fail")) {
                throw new IllegalStateException("a broken request");
            }
            return echo(sequence, request);
        }

        @Override
        public void completeBatch() {
            log.add("complete");
        }
    }

    /// Nobody knows how far the request came: what it changed is complete before another link goes on, and nothing is answered.
    @Test
    void completesABatchOfWhichARequestFailedAndAnswersNone() throws Exception {
        var batches = new Batches();
        Link link = link(LinkConfig.server(LONG), batches);
        peer.send(Peer.data(1, "one"));
        peer.send(Peer.data(2, "fail"));
        assertEquals(CloseReason.INTERNAL_ERROR, reason(run(link)));
        assertEquals(List.of("one", "fail", "complete"), batches.log);
        assertTrue(link.session().isOver());
        fromLink.close();
        assertNull(peer.receiveMessage());
    }

    /// A server that went on reading would keep the answers of a peer that does not read.
    @Test
    void takesOnePacketAtATimeWhileThePeerDoesNotRead() throws Exception {
        var batches = new Batches();
        Link link = link(new LinkConfig(LONG, 1), batches);
        fromLink.hold(true);
        run(link);
        link.session().push(Peer.bytes("an event"));
        await(fromLink::isWaitedFor);
        link.session().outbox().send(Peer.bytes("a request"), outcome("request"));
        link.flush(); // adds it, and leaves the writing to the thread that waits
        peer.send(Peer.data(1, "one"));
        peer.send(Peer.data(2, "two"));
        await(() -> batches.log.size() == 2);
        assertEquals(List.of("one", "complete"), batches.log, "and waits for the writer");
        fromLink.hold(false);
        await(() -> batches.log.size() == 4);
        assertEquals(List.of("one", "complete", "two", "complete"), batches.log);
    }

    @Test
    void refusesAMessageThatIsLargerThanWhatWasAgreedOn() throws Exception {
        var end = run(link(LinkConfig.server(LONG), Peer.burst(8), LinkRig::echo));
        peer.send(Message.of(MessageType.DATA, 1, Payload.of(new byte[Peer.burst(8).maxPayloadBytes() + 1])));
        assertEquals("ERROR a message is larger than what was agreed on\n", peer.receiveMessage().payload().text());
        assertEquals(CloseReason.PROTOCOL_ERROR, reason(end));
    }

    @Test
    void refusesPaddingThatWasNotAgreedOn() throws Exception {
        var end = run(link(LinkConfig.server(LONG), LinkRig::echo));
        peer.send(Message.of(MessageType.PADDING, 0, Payload.of(new byte[100])));
        assertEquals("ERROR PADDING that was not agreed on\n", peer.receiveMessage().payload().text());
        assertEquals(CloseReason.PROTOCOL_ERROR, reason(end));
    }

    @Test
    void refusesTwoMessagesInAPacketOfVersion1() throws Exception {
        var end = run(link(LinkConfig.server(LONG), LinkRig::echo));
        var codec = new MessageCodec(Peer.burst(1).checksum());
        int bytes = MessageCodec.encodedBytes(3);
        peer.reserve(2 * bytes);
        codec.encode(Peer.data(1, "one"), peer.reserved(), 0);
        codec.encode(Peer.data(2, "two"), peer.reserved(), bytes);
        peer.stage();
        peer.writeStaged();
        assertEquals("ERROR more than one message in a packet\n", peer.receiveMessage().payload().text());
        assertEquals(CloseReason.PROTOCOL_ERROR, reason(end));
    }
}
