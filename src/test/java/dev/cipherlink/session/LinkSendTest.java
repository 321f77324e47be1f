package dev.cipherlink.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.command.Reply;
import dev.cipherlink.command.ReplyHandler;
import dev.cipherlink.message.Message;
import dev.cipherlink.message.Message.MessageType;
import dev.cipherlink.message.Message.Payload;
import dev.cipherlink.message.SessionParameters;
import dev.cipherlink.session.Link.LinkConfig;
import dev.cipherlink.session.Session.SessionIdentity;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/// Messages that other threads send through a link.
class LinkSendTest extends LinkRig {

    /// A thread that sends learns that it cannot write; the link went on as long as nothing else showed it, and requests
    /// that were already counted as sent waited for ever.
    @Test
    void endsWhenAnySenderCannotWrite() throws Exception {
        Link link = link(LinkConfig.client(LONG), LinkRig::echo);
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
        Link link = link(LinkConfig.client(LONG), LinkRig::echo);
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
        Link link = link(LinkConfig.client(LONG), LinkRig::echo);
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
        assertEquals("lost", failure.get(60, TimeUnit.SECONDS));
        assertEquals(16, outcomes.size(), "without a connection nothing left the outbox");
    }

    /// Both ends write far more than the buffers between them hold, at once: neither may wait for the other to read.
    @Test
    void finishesWhenBothSidesWriteMoreThanFitsBetweenThem() throws Exception {
        byte[] large = new byte[1 << 20];
        // A client answers events with nothing: its reader may write that, since it fits into the buffers.
        Link client = link(LinkConfig.client(LONG), Peer.burst(64, SessionParameters.MAX_MESSAGE_BYTES), (_, _) -> Reply.ok(new byte[0]));
        var identity = new SessionIdentity("00", "test", "test", false, 1 << 24, Peer.TOKEN);
        var server = new Link(peer, new Session(identity, Peer.burst(64, SessionParameters.MAX_MESSAGE_BYTES),
                new Outbox(16, 1 << 20), LinkRig::echo), LinkConfig.server(LONG));
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

    /// A thread that finds another one writing leaves its requests to it. The reader wrote them too, waited for a peer that did not
    /// read, and no answer or event was received until the link ended.
    @Test
    void theReaderLeavesLargeRequestsThatOthersAddWhileItWritesToThePusher() throws Exception {
        var events = Collections.synchronizedList(new ArrayList<String>());
        Link link = link(LinkConfig.client(LONG), Peer.burst(64, SessionParameters.MAX_MESSAGE_BYTES), (_, event) -> {
            events.add(event.text());
            return Reply.ok(new byte[0]);
        });
        run(link);
        fromLink.hold(true);
        peer.send(Message.of(MessageType.DATA, 1, Payload.of(Peer.bytes("one"))));
        await(fromLink::isWaitedFor);
        link.session().outbox().send(new byte[1 << 20], outcome("large"));
        link.flush();
        fromLink.hold(false);
        assertEquals(MessageType.ACK, peer.receiveMessage().type());
        await(fromLink::isWaitedFor);
        peer.send(Message.of(MessageType.DATA, 2, Payload.of(Peer.bytes("two"))));
        await(() -> events.size() == 2);
    }

    /// Small requests take more room on the wire than in the window's count of bytes: a reader that sent a large window
    /// of them could wait for a server that waited for it to read.
    @Test
    void neverWritesFromTheReaderWhatDoesNotFitIntoTheBuffers() throws Exception {
        Link client = link(LinkConfig.client(LONG), Peer.burst(8_192, SessionParameters.MAX_MESSAGE_BYTES), LinkRig::echo);
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
        assertTrue(done.await(60, TimeUnit.SECONDS), () -> done.getCount() + " answers are missing");
        assertEquals(List.of(), outcomes);
    }

    @Test
    void letsAHandlerSendTheNextRequest() throws Exception {
        Link link = link(LinkConfig.client(LONG), LinkRig::echo);
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

    private static boolean hasWaiters(Link link) {
        link.session().outbox().lock().lock();
        try {
            return link.session().outbox().isFull() && link.session().outbox().pushSignal().isRequested();
        } finally {
            link.session().outbox().lock().unlock();
        }
    }
}
