package dev.cipherlink.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.command.Reply;
import dev.cipherlink.command.ReplyHandler;
import dev.cipherlink.message.Message;
import dev.cipherlink.message.Message.MessageType;
import dev.cipherlink.message.Message.Payload;
import dev.cipherlink.session.SessionHandshake.RefusedException;
import java.io.IOException;
import java.net.ProtocolException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Keepalives, the end of a session, and what becomes of requests without an answer.
class SessionEndTest {

    private final Peer client = new Peer(Peer.burst(4), false);
    private final Peer server = new Peer(Peer.burst(4), false);

    private static Message keepalive(int bytes) {
        return Message.of(MessageType.KEEPALIVE, 0, Payload.of(new byte[bytes]));
    }

    @Test
    void answersAKeepaliveWithItsPayload() throws IOException {
        for (int bytes : new int[] {0, 1, 64}) {
            server.receive(keepalive(bytes));
            assertEquals(Message.of(MessageType.ACK, 0, Payload.of(new byte[bytes])), server.next());
        }
        assertThrows(ProtocolException.class, () -> server.receive(keepalive(65)));
        assertEquals(List.of(), server.ran);
    }

    @Test
    void takesNoKeepaliveAnswerForThatOfARequest() throws IOException {
        client.request("one");
        client.keepAlive();
        Peer.settle(client, server);
        assertEquals(List.of("one"), client.answers);
        client.receive(Peer.ack(0, "nobody asked"));
        assertEquals(List.of("one"), client.answers);
    }

    @Test
    void disconnectsBehindEverythingThatWasSentBefore() throws IOException {
        for (int i = 0; i < 20; i++) {
            client.request("request " + i);
        }
        client.outbox.add(Outgoing.disconnect());
        client.transmit();
        client.request("too late");
        Peer.settle(client, server);
        assertEquals(20, client.answers.size());
        assertEquals(CloseReason.DISCONNECTED, client.session.end());
        assertEquals(CloseReason.PEER_DISCONNECTED, server.session.end());
        assertFalse(client.session.isOpen());
        client.session.abandon(new IOException("closed"));
        assertEquals(List.of("too late not sent"), client.failures);
    }

    @Test
    void disconnectsFromTheServersSideToo() throws IOException {
        client.request("one");
        server.outbox.add(Outgoing.disconnect());
        server.transmit();
        Peer.settle(client, server);
        assertEquals(CloseReason.DISCONNECTED, server.session.end());
        assertEquals(CloseReason.PEER_DISCONNECTED, client.session.end());
    }

    @Test
    void endsOnBothSidesWhenBothDisconnectAtOnce() throws IOException {
        client.outbox.add(Outgoing.disconnect());
        server.outbox.add(Outgoing.disconnect());
        client.transmit();
        server.transmit();
        Peer.settle(client, server);
        assertEquals(CloseReason.PEER_DISCONNECTED, client.session.end());
        assertEquals(CloseReason.PEER_DISCONNECTED, server.session.end());
    }

    @Test
    void answersRequestsWhileItsOwnDisconnectIsOnTheWay() throws IOException {
        server.outbox.add(Outgoing.disconnect());
        server.transmit();
        server.receive(Peer.data(1, "one"));
        assertEquals(List.of("one"), server.ran);
        assertEquals(MessageType.DISCONNECT, server.next().type());
        assertEquals(Peer.ack(1, "one"), server.next());
        assertNull(server.session.end());
    }

    @Test
    void dropsADisconnectBeyondAGap() throws IOException {
        server.receive(Message.of(MessageType.DISCONNECT, 2, Payload.EMPTY));
        assertNull(server.session.end());
        assertEquals(MessageType.RESEND, server.next().type());
    }

    @Test
    void tellsARefusalOfThePeerFromAFailedRequest() throws IOException {
        client.request("one");
        var refusal = assertThrows(RefusedException.class,
                () -> client.receive(Message.of(MessageType.ERROR, 0, Payload.of(Peer.bytes("ERROR broken rules\n")))));
        assertEquals("broken rules", refusal.getMessage());
        assertEquals(List.of(), client.answers);
    }

    @Test
    void tellsEveryRequestItsFateOnceAndInOrderWhenItIsAbandoned() throws IOException {
        for (int i = 1; i <= 6; i++) {
            client.request(Integer.toString(i));
        }
        client.receive(Peer.ack(1, "done"));
        client.session.abandon(new IOException("gone"));
        client.session.abandon(new IOException("gone again"));
        assertEquals(List.of("2 sent", "3 sent", "4 sent", "5 sent", "6 not sent"), client.failures);
        assertEquals(List.of("done"), client.answers);
        var refusal = assertThrows(IOException.class, client.outbox::requireOpen);
        assertEquals("gone", refusal.getMessage());
    }

    @Test
    void countsARequestThatWasSentInPartAsNotSent() throws IOException {
        client.request(new byte[6 * Peer.burst(4).maxPayloadBytes()]);
        client.session.abandon(new IOException("gone"));
        assertEquals(1, client.failures.size());
        assertTrue(client.failures.getFirst().endsWith(" not sent"), client.failures::toString);
    }

    /// A handler that sent again when its request failed was told of that one's failure as well, for ever.
    @Test
    void refusesARequestThatAHandlerSendsBecauseAnotherFailed() throws IOException {
        var outcomes = new ArrayList<String>();
        var again = new ReplyHandler() {
            @Override
            public void answered(Reply reply) {
                outcomes.add("answered");
            }

            @Override
            public void failed(IOException cause, boolean wasSent) {
                assertTrue(outcomes.size() < 10, "it goes on for ever");
                outcomes.add("failed");
                try {
                    client.outbox.requireOpen();
                    client.outbox.add(new Outgoing(MessageType.DATA, Peer.bytes("again"), this));
                    client.transmit();
                } catch (IOException e) {
                    outcomes.add("refused");
                }
            }
        };
        client.outbox.add(new Outgoing(MessageType.DATA, Peer.bytes("one"), again));
        client.transmit();
        client.session.abandon(new IOException("gone"));
        assertEquals(List.of("failed", "refused"), outcomes);
    }

    /// One handler that threw kept all others from learning the fate of their requests, and the outbox open.
    @Test
    void tellsTheOthersIfOneHandlerThrows() throws IOException {
        for (String which : List.of("first", "second")) {
            client.outbox.add(new Outgoing(MessageType.DATA, Peer.bytes("one"), new ReplyHandler() {
                @Override
                public void answered(Reply reply) {
                    throw new AssertionError("nobody answered");
                }

                @Override
                public void failed(IOException cause, boolean wasSent) {
                    throw new IllegalStateException("the " + which + " broken handler");
                }
            }));
        }
        for (int i = 3; i <= 6; i++) {
            client.request(Integer.toString(i));
        }
        client.enqueueDisconnect();
        var thrown = assertThrows(IllegalStateException.class, () -> client.session.abandon(new IOException("gone")));
        assertEquals("the first broken handler", thrown.getMessage());
        assertEquals(List.of("3 sent", "4 sent", "5 not sent", "6 not sent"), client.failures);
        assertThrows(IOException.class, client.outbox::requireOpen);
    }

    @Test
    void acknowledgesADisconnectThatComesAgain() throws IOException {
        server.receive(LinkRig.disconnect(1));
        server.receive(LinkRig.disconnect(1));
        assertEquals(List.of(Peer.ack(1, ""), Peer.ack(1, "")), List.copyOf(server.sent));
    }

    @Test
    void withoutARequestNothingIsAnsweredOrSentAgain() throws IOException {
        client.receive(Message.of(MessageType.ACK, 0, Payload.of(Peer.bytes("to a keepalive"))));
        client.receive(Peer.damaged(Peer.ack(0, "")));
        assertTrue(client.retransmit());
        assertEquals(List.of(), List.copyOf(client.sent));
        assertThrows(ProtocolException.class, () -> client.receive(Message.of(MessageType.PART, 0, Payload.of(new byte[9]))));
    }
}
