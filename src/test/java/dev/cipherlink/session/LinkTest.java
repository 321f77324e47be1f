package dev.cipherlink.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.command.Reply;
import dev.cipherlink.message.Message;
import dev.cipherlink.message.Message.MessageType;
import dev.cipherlink.message.Message.Payload;
import dev.cipherlink.session.Link.LinkConfig;
import dev.cipherlink.session.Link.LinkEnd;
import dev.cipherlink.session.Outgoing.PartHeader;
import java.io.EOFException;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/// The threads of a link, and how it ends.
class LinkTest extends LinkRig {

    @Test
    void answersRequestsAndTheDisconnectBehindThem() throws Exception {
        var end = run(link(LinkConfig.server(LONG), LinkRig::echo));
        peer.send(Peer.data(1, "one"));
        peer.send(Peer.data(2, "two"));
        peer.send(disconnect(3));
        assertEquals(Peer.ack(1, "one"), peer.receiveMessage());
        assertEquals(Peer.ack(2, "two"), peer.receiveMessage());
        assertEquals(Peer.ack(3, ""), peer.receiveMessage());
        assertEquals(CloseReason.PEER_DISCONNECTED, reason(end));
    }

    @Test
    void endsWhenThePeerGoesWithoutAWord() throws Exception {
        var end = run(link(LinkConfig.server(LONG), LinkRig::echo));
        toLink.close();
        assertEquals(CloseReason.PEER_CLOSED, reason(end));
    }

    /// A stopping server asks whether a connection is at rest right after it queued its notice, and took it for quiet
    /// before the notice was even sent.
    @Test
    void isNotQuietWhileAnEventWaitsToBeSent() throws Exception {
        Link link = link(LinkConfig.server(LONG), LinkRig::echo);
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
        var end = run(link(LinkConfig.client(Duration.ofMillis(20)), LinkRig::echo));
        for (int i = 0; i < 3; i++) {
            assertEquals(Message.of(MessageType.KEEPALIVE, 0, Payload.of(Peer.TOKEN)), peer.receiveMessage());
        }
        assertEquals(CloseReason.KEEPALIVE_TIMEOUT, reason(end));
    }

    /// A pusher that had been writing for more than four intervals asked three times in a row and gave up at once; so
    /// did a process that had been stopped for a while.
    @Test
    void givesThePeerTimeToAnswerAfterItWasBusyItself() throws Exception {
        Link link = link(LinkConfig.server(Duration.ofMillis(200)), LinkRig::echo);
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
        var end = run(link(LinkConfig.server(Duration.ofMillis(200)), LinkRig::echo));
        for (int i = 0; i < 5; i++) {
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
    void isNotQuietWhileAThreadWritesOrHasSomethingToWrite() throws Exception {
        Link link = link(LinkConfig.client(LONG), LinkRig::echo);
        fromLink.hold(true);
        run(link);
        assertFalse(link.isQuiet(LONG), "it has just begun");
        link.session().push(Peer.bytes("an event"));
        await(fromLink::isWaitedFor);
        assertFalse(link.isQuiet(Duration.ZERO), "it is being written");
        link.session().outbox().send(Peer.bytes("a request"), outcome("request"));
        link.flush();
        assertFalse(link.isQuiet(Duration.ZERO), "and this waits behind it");
        fromLink.hold(false);
        await(() -> link.isQuiet(Duration.ZERO));
    }

    @Test
    void tellsWhatWasThrownIfThatHasNoMessage() {
        assertEquals("java.io.EOFException", LinkEnd.of(CloseReason.PEER_LOST, new EOFException()).detail());
        assertEquals("broken pipe", LinkEnd.of(CloseReason.PEER_LOST, new EOFException("broken pipe")).detail());
    }
}
