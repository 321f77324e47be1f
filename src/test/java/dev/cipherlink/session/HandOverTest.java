package dev.cipherlink.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.ProtocolException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Requests and events that go on in another session, or over another connection of the same one.
class HandOverTest {

    private static final int PAYLOAD = Peer.burst(4).maxPayloadBytes();
    private static final IOException GONE = new IOException("gone");

    private final Peer client = new Peer(Peer.burst(4), true);
    private final Peer server = new Peer(Peer.burst(4), true);

    /// The session in which the client goes on, and what the server of that one runs.
    private List<String> runInAnotherSession() throws IOException {
        var next = new Peer(Peer.burst(4), true, client.outbox);
        var other = new Peer(Peer.burst(4), true);
        next.transmit();
        Peer.settle(next, other);
        return other.ran;
    }

    @Test
    void sendsRequestsThatMayRunTwiceAgainAndTellsNoneOfThem() throws IOException {
        byte[] large = new byte[3 * PAYLOAD];
        client.request("zero");
        Peer.settle(client, server);
        client.request("one");
        client.request("two");
        client.request(large);
        client.request("behind it");
        assertEquals(0, client.session.handOver(GONE, _ -> true), "two, and the beginning of the third");
        assertEquals(0, client.session.inFlight());
        var all = List.of("one", "two", Peer.shown(large), "behind it");
        assertEquals(all, runInAnotherSession());
        assertEquals(List.of("zero", "one", "two", Peer.shown(large), "behind it"), client.answers);
        assertEquals(List.of(), client.failures);
    }

    @Test
    void failsAllThatWasSentIfOneOfThemMayNotRunTwice() throws IOException {
        for (int i = 1; i <= 6; i++) {
            client.request("request " + i);
        }
        assertEquals(4, client.session.handOver(GONE, request -> !Peer.shown(request).equals("request 3")));
        assertEquals(List.of("request 1 sent", "request 2 sent", "request 3 sent", "request 4 sent"), client.failures);
        assertEquals(List.of("request 5", "request 6"), runInAnotherSession());
    }

    @Test
    void sendsNoRequestAgainWhoseBeginningTheServerHas() throws IOException {
        client.request(new byte[3 * PAYLOAD]);
        client.receive(Peer.ack(1, ""));
        assertEquals(1, client.session.handOver(GONE, _ -> true));
        assertEquals(1, client.failures.size());
        assertEquals(List.of(), runInAnotherSession());
    }

    @Test
    void sendsNoDisconnectAgain() throws IOException {
        client.enqueueDisconnect();
        client.transmit();
        assertEquals(0, client.session.handOver(GONE, _ -> true), "it is no request");
        assertTrue(client.outbox.isEmpty());
    }

    @Test
    void doesNotGoOnOnceItIsOver() throws IOException {
        assertTrue(client.session.canResumeFrom(0));
        client.enqueueDisconnect();
        client.transmit();
        assertTrue(client.session.canResumeFrom(0), "the server may not have it");
        client.sent.clear();
        client.resume(0);
        assertEquals(List.of(LinkRig.disconnect(1)), List.copyOf(client.sent));
        assertFalse(client.session.isOver());
        Peer.settle(client, server);
        assertTrue(client.session.isOver());
        assertFalse(client.session.canResumeFrom(1));
        assertFalse(server.session.canResumeFrom(0), "the peer ended it");
        assertFalse(server.session.isOpen());
        var failed = new Peer(Peer.burst(4), true);
        failed.session.abandon(GONE);
        assertFalse(failed.session.canResumeFrom(0));
    }

    @Test
    void doesNotGoOnFromWhatTheOtherCannotHave() throws IOException {
        client.request("one");
        Peer.settle(client, server);
        client.request("two");
        for (int received : new int[] {0, 3, 40_000}) {
            assertFalse(client.session.canResumeFrom(received), "received up to " + received);
            assertThrows(ProtocolException.class, () -> client.resume(received));
        }
        assertTrue(client.session.canResumeFrom(1));
        assertTrue(client.session.canResumeFrom(2));
    }

    /// With nothing in flight, a request whose beginning was acknowledged is still in the outbox.
    @Test
    void goesOnInsideARequestThatIsLargerThanTheWindowOrAtItsBeginning() throws IOException {
        byte[] large = new byte[8 * PAYLOAD];
        client.request(large);
        for (int i = 1; i <= 4; i++) {
            client.session.receive(Peer.ack(i, ""), client.now, _ -> { });
        }
        assertEquals(0, client.session.inFlight());
        assertEquals(0, client.session.acknowledged(), "no request in whole");
        assertTrue(client.session.canResumeFrom(4));
        assertTrue(client.session.canResumeFrom(0), "the server forgot its beginning");
        assertFalse(client.session.canResumeFrom(3), "it forgets all of a request");
        client.sent.clear();
        client.resume(0);
        client.transmit();
        Peer.settle(client, server);
        assertEquals(List.of(Peer.shown(large)), server.ran);
    }

    @Test
    void tellsOfAnEventThatThePeerHasAndSendsTheOthersAgain() throws IOException {
        var known = new ArrayList<String>();
        server.session.push(new byte[2 * PAYLOAD], () -> known.add("large"));
        server.session.push(Peer.bytes("second"), () -> known.add("second"));
        server.transmit();
        client.receiveFrom(server, 2);
        client.sent.clear();
        server.sent.clear();
        server.resume(2);
        assertEquals(List.of("large"), known);
        assertEquals(List.of(3), server.sent.stream().map(message -> message.sequence()).toList());
        Peer.settle(server, client);
        assertEquals(List.of("large", "second"), known);
    }

    @Test
    void isSettledOnceEveryRequestHasItsAnswer() throws IOException {
        assertTrue(client.session.isSettled());
        client.enqueue(Peer.bytes("one"));
        assertFalse(client.session.isSettled(), "not sent");
        client.transmit();
        assertFalse(client.session.isSettled(), "not answered");
        Peer.settle(client, server);
        assertTrue(client.session.isSettled());
        client.enqueueDisconnect();
        assertTrue(client.session.isSettled(), "DISCONNECT is no request");
        client.transmit();
        assertTrue(client.session.isSettled(), "nor if it is on its way");
        client.request("too late");
        assertFalse(client.session.isSettled());
    }

    @Test
    void sendsSomethingOnlyWhileThePeerIsThere() throws IOException {
        server.outbox.pushSignal().clear();
        assertFalse(server.session.isSending());
        server.enqueue(Peer.bytes("a request"));
        assertTrue(server.session.isSending());
        server.transmit();
        assertFalse(server.session.isSending());
        server.session.push(Peer.bytes("an event"));
        assertTrue(server.session.isSending());
        server.outbox.pushSignal().clear();
        assertTrue(server.session.isSending(), "it still waits");
        server.receive(LinkRig.disconnect(1));
        assertFalse(server.session.isSending(), "for a peer that has left");
        assertFalse(server.session.isAttached());
        server.outbox.attach(() -> { });
        assertTrue(server.session.isAttached());
    }
}
