package dev.cipherlink.session;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.command.Reply;
import dev.cipherlink.message.Message;
import dev.cipherlink.message.Message.MessageCodec.Checksum;
import dev.cipherlink.message.Message.MessageType;
import dev.cipherlink.message.Message.Payload;
import dev.cipherlink.message.SessionParameters;
import dev.cipherlink.message.SessionParameters.OperationMode;
import java.io.IOException;
import java.net.ProtocolException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Windows, numbers and their wrap, on a perfect link.
class SessionWindowTest {

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5, 64, 32_767})
    void sendsNoMoreThanTheWindowBeforeItIsAnswered(int window) throws IOException {
        var client = new Peer(Peer.burst(window), true);
        var server = new Peer(Peer.burst(window), true);
        for (int i = 0; i < window + 10; i++) {
            client.request("request " + i);
        }
        assertEquals(window, client.sent.size());
        server.receiveFrom(client, 1);
        client.receiveFrom(server, 1);
        assertEquals(window, client.sent.size(), "one answer lets one more go");
        Peer.settle(client, server);
        assertEquals(window + 10, client.answers.size());
        assertEquals(client.answers, server.ran);
    }

    @Test
    void sendsOneRequestAtATimeInStepByStepMode() throws IOException {
        var step = new SessionParameters(OperationMode.STEP_BY_STEP, 1_024, 1, Checksum.Algorithm.MD5);
        var client = new Peer(step, false);
        client.request("one");
        client.request("two");
        assertEquals(1, client.sent.size());
        client.receive(Peer.ack(1, "done"));
        assertEquals(2, client.sent.size());
        assertEquals(List.of("done"), client.answers);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 5, 64})
    void refusesOneMessageBeyondTheWindow(int window) throws IOException {
        var server = new Peer(Peer.burst(window), false);
        assertThrows(ProtocolException.class, () -> {
            for (int i = 1; i <= window + 1; i++) {
                server.session.receive(Peer.data(i, "x"), 0, server.sent::add);
            }
        });
        assertEquals(window, server.ran.size(), "the excess did not run");
    }

    @Test
    void refusesANumberFarBeyondTheWindow() {
        var server = new Peer(Peer.burst(5), true);
        for (int sequence : new int[] {6, 7, 10_000, 32_768}) {
            assertThrows(ProtocolException.class, () -> server.receive(Peer.data(sequence, "x")), "number " + sequence);
        }
        assertEquals(List.of(), server.ran);
    }

    @Test
    void refusesANumberFromBeforeTheWindow() throws IOException {
        var server = new Peer(Peer.burst(5), true);
        for (int sequence : new int[] {0, 65_535, 40_000}) {
            assertThrows(ProtocolException.class, () -> server.receive(Peer.data(sequence, "x")), "nothing was accepted yet");
        }
        for (int i = 1; i <= 20; i++) {
            server.receive(Peer.data(i, "x"));
        }
        assertThrows(ProtocolException.class, () -> server.receive(Peer.data(15, "x")), "21 is expected, the window is 5");
        assertDoesNotThrow(() -> server.receive(Peer.data(16, "x")));
        assertEquals(20, server.ran.size());
    }

    /// Found by [LossyLinkTest]: a copy that the network had kept for longer than a window ended the session.
    @Test
    void dropsCopiesFromBeforeTheWindowWhereNumbersAreNeverUsedAgain() throws IOException {
        var client = new Peer(Peer.burst(2), false);
        var server = new Peer(Peer.burst(2), false);
        for (int i = 0; i < 40_000; i++) {
            client.request("x");
            Peer.settle(client, server);
        }
        for (int sequence : new int[] {1, 7_000, 39_990}) {
            server.receive(Peer.data(sequence, "y"));
            client.receive(Peer.ack(sequence, "y"));
            client.receive(Message.of(MessageType.RESEND, sequence, Payload.EMPTY));
        }
        assertEquals(0, client.sent.size() + server.sent.size());
        assertEquals(40_000, server.ran.size());
        assertThrows(ProtocolException.class, () -> server.receive(Peer.data(40_003, "y")));
        assertThrows(ProtocolException.class, () -> client.receive(Peer.ack(40_002, "y")));
    }

    @Test
    void letsTheWindowMoveOnlyWhenTheAnswersAreOnTheirWay() throws IOException {
        var server = new Peer(Peer.burst(2), false);
        server.session.receive(Peer.data(1, "a"), 0, server.sent::add);
        server.session.receive(Peer.data(2, "b"), 0, server.sent::add);
        server.session.receiver.answersSent();
        server.session.receive(Peer.data(3, "c"), 0, server.sent::add);
        server.session.receive(Peer.data(4, "d"), 0, server.sent::add);
        assertThrows(ProtocolException.class, () -> server.session.receive(Peer.data(5, "e"), 0, server.sent::add));
    }

    /// Three wraps and more, with every kind of batch.
    @ParameterizedTest
    @ValueSource(ints = {1, 7, 64, 32_767})
    void goesOnOverThreeWrapsWhereNumbersMayBeReused(int window) throws IOException {
        var client = new Peer(Peer.burst(window), true);
        var server = new Peer(Peer.burst(window), true);
        int total = 3 * 65_536 + 100;
        server.behaviour = request -> Reply.ok(request);
        for (int i = 0; i < total; i++) {
            client.request(Integer.toString(i));
            if (i % 50 == 49) {
                server.receiveFrom(client, 1 + i % 37);
                client.receiveFrom(server, 1 + i % 41);
            }
        }
        Peer.settle(client, server);
        assertEquals(total, server.ran.size());
        assertEquals(server.ran, client.answers);
        for (int i = 0; i < total; i++) {
            assertEquals(Integer.toString(i), server.ran.get(i));
        }
        assertNull(client.session.end());
    }

    @Test
    void goesFrom65535ToZero() throws IOException {
        var server = new Peer(Peer.burst(1), true);
        for (int i = 1; i <= 65_536 + 3; i++) {
            server.receive(Peer.data(i % 65_536, "x"));
            assertEquals(i % 65_536, server.next().sequence());
        }
        assertEquals(65_539, server.ran.size());
    }

    @Test
    void endsByItselfBeforeNumbersThatMustNotBeReusedAreUsedUp() throws IOException {
        var client = new Peer(Peer.burst(64), false);
        var server = new Peer(Peer.burst(64), false);
        for (int i = 0; i < 70_000; i++) {
            client.request(Integer.toString(i));
            client.receiveFrom(server, 1_000);
            server.receiveFrom(client, 1_000);
        }
        Peer.settle(client, server);
        Peer.settle(client, server);
        assertEquals(65_534, server.ran.size(), "65,535 is the number of DISCONNECT");
        assertEquals(65_534, client.answers.size());
        assertEquals(CloseReason.PEER_DISCONNECTED, server.session.end());
        assertEquals(CloseReason.DISCONNECTED, client.session.end());
        assertEquals(List.of(), client.failures, "the rest waits for the next session");
        var next = new Peer(Peer.burst(64), false, client.outbox);
        next.transmit();
        assertEquals("65534", Peer.shown(next.next().payload().toBytes()));
    }

    @Test
    void doesNotBeginARequestForWhichTooFewNumbersAreLeft() throws IOException {
        var client = new Peer(Peer.burst(64), false);
        var server = new Peer(Peer.burst(64), false);
        for (int i = 0; i < 65_530; i++) {
            client.request("x");
            Peer.settle(client, server);
        }
        int fits = 4 * Peer.burst(64).maxPayloadBytes();
        client.request(new byte[fits + 1]);
        Peer.settle(client, server);
        assertEquals(CloseReason.DISCONNECTED, client.session.end());
        assertEquals(65_530, server.ran.size(), "no part of it was sent");
    }

    @Test
    void usesItsLastNumbersForARequestThatFits() throws IOException {
        var client = new Peer(Peer.burst(64), false);
        var server = new Peer(Peer.burst(64), false);
        for (int i = 0; i < 65_530; i++) {
            client.request("x");
            Peer.settle(client, server);
        }
        int fits = 4 * Peer.burst(64).maxPayloadBytes();
        client.request(new byte[fits]);
        Peer.settle(client, server);
        assertEquals(65_531, server.ran.size());
        assertNull(client.session.end());
        client.request("one more");
        Peer.settle(client, server);
        assertEquals(CloseReason.DISCONNECTED, client.session.end());
    }

    @Test
    void refusesTheReuseOfANumberThatMustNotBeReused() throws IOException {
        var server = new Peer(Peer.burst(1), false);
        for (int i = 1; i <= 65_535; i++) {
            server.receive(Peer.data(i, "x"));
        }
        for (int sequence : new int[] {0, 1, 65_535}) {
            var refusal = assertThrows(ProtocolException.class, () -> server.receive(Peer.data(sequence, "y")));
            assertTrue(refusal.getMessage().contains("used up"), refusal.getMessage());
        }
        assertEquals(65_535, server.ran.size());
    }

    @Test
    void matchesAnswersInTheOrderOfTheRequestsOnly() throws IOException {
        var client = new Peer(Peer.burst(5), true);
        client.request("one");
        client.request("two");
        assertThrows(ProtocolException.class, () -> client.receive(Peer.ack(2, "second first")));
        assertThrows(ProtocolException.class, () -> client.receive(Peer.ack(3, "never sent")));
        assertThrows(ProtocolException.class, () -> client.receive(Peer.ack(40_000, "never sent")));
        assertThrows(ProtocolException.class, () -> client.receive(Peer.ack(65_535, "never sent")));
        assertEquals(List.of(), client.answers);
        client.receive(Peer.ack(1, "first"));
        client.receive(Peer.ack(1, "first again"));
        client.receive(Message.of(MessageType.ERROR, 2, Payload.of(Peer.bytes("ERROR no\n"))));
        assertEquals(List.of("first", "!ERROR no\n"), client.answers);
    }

    @Test
    void refusesAnAnswerWhoseChecksumIsWrong() throws IOException {
        var client = new Peer(Peer.burst(5), true);
        client.request("one");
        assertThrows(ProtocolException.class, () -> client.receive(Peer.damaged(Peer.ack(1, "x"))));
    }

    @Test
    void sendsRequestsWithoutContent() throws IOException {
        var client = new Peer(Peer.burst(5), false);
        var server = new Peer(Peer.burst(5), false);
        client.request("");
        client.request("x");
        Peer.settle(client, server);
        assertEquals(List.of("", "x"), server.ran);
        assertEquals(List.of("", "x"), client.answers);
    }

    @Test
    void runsTheEventsAndRequestsOfBothSidesSideBySide() throws IOException {
        var client = new Peer(Peer.burst(3), false);
        var server = new Peer(Peer.burst(3), false);
        for (int i = 0; i < 50; i++) {
            client.request("request " + i);
            server.session.push(Peer.bytes("event " + i));
        }
        server.transmit();
        Peer.settle(client, server);
        assertEquals(50, client.ran.size());
        assertEquals("event 49", client.ran.getLast());
        assertEquals(50, server.ran.size());
        assertEquals(50, client.answers.size());
    }

    @Test
    void tellsThatItTakesEventsAgainAfterItHadTooMany() throws IOException {
        var peer = new Peer(Peer.burst(8), true);
        var other = new Peer(Peer.burst(8), true);
        var told = new ArrayList<Integer>();
        peer.session.onEventsSent(() -> told.add(peer.session.inFlight()));
        int taken = 0;
        while (peer.session.push(Peer.bytes("event"))) {
            taken++;
        }
        peer.transmit();
        assertEquals(List.of(), told, "most of them wait");
        Peer.settle(peer, other);
        assertEquals(taken, other.ran.size());
        assertEquals(1, told.size());
    }
}
