package dev.cipherlink.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.command.Reply;
import dev.cipherlink.message.Message;
import dev.cipherlink.message.Message.MessageType;
import dev.cipherlink.message.Message.Payload;
import dev.cipherlink.session.Outgoing.PartHeader;
import dev.cipherlink.session.SendWindow.RetransmitTimer;
import dev.cipherlink.session.Session.MessageSink;
import dev.cipherlink.session.SessionHandshake.RefusedException;
import java.io.IOException;
import java.net.ProtocolException;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// Duplicates, gaps and damage.
class SessionRepairTest {

    private final Peer client = new Peer(Peer.burst(8), true);
    private final Peer server = new Peer(Peer.burst(8), true);

    private static Message resend(int sequence) {
        return Message.of(MessageType.RESEND, sequence, Payload.EMPTY);
    }

    @Test
    void answersADuplicateFromItsStoreAndDoesNotRunItAgain() throws IOException {
        server.receive(Peer.data(1, "one"));
        server.receive(Peer.data(2, "two"));
        server.sent.clear();
        server.receive(Peer.data(1, "one"));
        server.receive(Peer.data(2, "another payload: the first one counts"));
        assertEquals(List.of("one", "two"), server.ran);
        assertEquals(List.of(Peer.ack(1, "one"), Peer.ack(2, "two")), List.copyOf(server.sent));
    }

    @Test
    void storesErrorsToo() throws IOException {
        server.behaviour = request -> Reply.error("no");
        server.receive(Peer.data(1, "one"));
        Message first = server.next();
        server.receive(Peer.data(1, "one"));
        assertEquals(first, server.next());
        assertEquals(MessageType.ERROR, first.type());
        assertEquals(1, server.ran.size());
    }

    @Test
    void storesTheAnswersOfAWholeWindowAndNoMore() throws IOException {
        for (int i = 1; i <= 100; i++) {
            server.receive(Peer.data(i, "request " + i));
        }
        server.sent.clear();
        for (int i = 93; i <= 100; i++) {
            server.receive(Peer.data(i, "request " + i));
            assertEquals(Peer.ack(i, "request " + i), server.next());
        }
        assertThrows(ProtocolException.class, () -> server.receive(Peer.data(92, "x")));
        assertEquals(100, server.ran.size());
    }

    @Test
    void computesALargeAnswerOfAReadAgain() throws IOException {
        server.behaviour = request -> Reply.ok(new byte[Session.MAX_STORED_REPLY_BYTES + 1]);
        var wide = new Peer(Peer.burst(8, 8_192), true);
        wide.behaviour = server.behaviour;
        wide.receive(Peer.data(1, "read"));
        wide.receive(Peer.data(1, "read"));
        assertEquals(List.of("read"), wide.ran);
        assertEquals(List.of("read"), wide.repeated);
        assertEquals(wide.next(), wide.next());
    }

    /// The last fragment of a request was run as if it were a command of its own when it came again and the answer had
    /// been too large to be stored: a part of somebody's value became a command.
    @Test
    void neverRunsTheLastFragmentOfARequestAsARequest() throws IOException {
        String whole = "ECHO some text, DELETE everything";
        server.behaviour = request -> Reply.ok(new byte[Session.MAX_STORED_REPLY_BYTES + 1]);
        server.receive(Peer.fragment(1, "ECHO some text, "));
        server.receive(Peer.data(2, "DELETE everything"));
        assertEquals(List.of(whole), server.ran);
        List<Message> first = List.copyOf(server.sent);
        server.sent.clear();
        server.receive(Peer.fragment(1, "ECHO some text, "));
        server.receive(Peer.data(2, "DELETE everything"));
        assertEquals(List.of(whole), server.ran);
        assertEquals(List.of(whole), server.repeated);
        assertEquals(first, List.copyOf(server.sent));
    }

    /// A duplicate of a large read ran whatever it carried: a write could hide under a number that was used up.
    @Test
    void neverRunsWhatADuplicateCarries() throws IOException {
        server.behaviour = request -> Reply.ok(new byte[Session.MAX_STORED_REPLY_BYTES + 1]);
        server.receive(Peer.data(1, "GET large"));
        server.receive(Peer.data(1, "INCR counter"));
        assertEquals(List.of("GET large"), server.ran);
        assertEquals(List.of("GET large"), server.repeated);
    }

    @Test
    void asksOnceForAGapAndDropsWhatIsBeyondIt() throws IOException {
        server.receive(Peer.data(1, "1"));
        server.sent.clear();
        server.receive(Peer.data(3, "3"));
        server.receive(Peer.data(4, "4"));
        server.receive(Peer.data(5, "5"));
        assertEquals(List.of(resend(2)), List.copyOf(server.sent));
        server.sent.clear();
        for (int i = 2; i <= 5; i++) {
            server.receive(Peer.data(i, Integer.toString(i)));
        }
        assertEquals(List.of("1", "2", "3", "4", "5"), server.ran);
        server.receive(Peer.data(7, "7"));
        assertEquals(resend(6), server.sent.getLast(), "the next gap is asked for again");
    }

    @Test
    void asksForAMessageWhoseChecksumIsWrong() throws IOException {
        server.receive(Peer.damaged(Peer.data(1, "x")));
        assertEquals(List.of(resend(1)), List.copyOf(server.sent));
        assertEquals(List.of(), server.ran);
        server.receive(Peer.data(1, "1"));
        assertEquals(List.of("1"), server.ran);
    }

    @Test
    void answersADamagedDuplicateFromItsStore() throws IOException {
        server.receive(Peer.data(1, "1"));
        server.sent.clear();
        server.receive(Peer.damaged(Peer.data(1, "x")));
        assertEquals(List.of(Peer.ack(1, "1")), List.copyOf(server.sent));
    }

    @Test
    void goesBackToWhereItIsAsked() throws IOException {
        for (int i = 1; i <= 4; i++) {
            client.request("request " + i);
        }
        client.sent.clear();
        client.receive(resend(3));
        assertEquals(List.of(Peer.data(3, "request 3"), Peer.data(4, "request 4")), List.copyOf(client.sent));
        client.sent.clear();
        client.receive(resend(1));
        assertEquals(4, client.sent.size());
        client.sent.clear();
        client.receive(resend(5));
        assertEquals(0, client.sent.size(), "5 is the next one: nothing to send again");
    }

    @Test
    void refusesToGoBackToWhatIsNotInFlight() throws IOException {
        client.request("1");
        client.request("2");
        client.receive(Peer.ack(1, ""));
        for (int sequence : new int[] {1, 0, 4, 40_000, 65_535}) {
            assertThrows(ProtocolException.class, () -> client.receive(resend(sequence)), "number " + sequence);
        }
        var idle = new Peer(Peer.burst(8), true);
        assertThrows(ProtocolException.class, () -> idle.receive(resend(0)));
        idle.receive(resend(1));
        assertEquals(0, idle.sent.size());
    }

    @Test
    void sendsFragmentsAgainAsTheyWere() throws IOException {
        int size = Peer.burst(8).maxPayloadBytes();
        var payload = new byte[2 * size + 5];
        new Random(3).nextBytes(payload);
        client.request(payload);
        var first = List.copyOf(client.sent);
        assertEquals(3, first.size());
        client.sent.clear();
        client.receive(resend(1));
        assertEquals(first, List.copyOf(client.sent));
    }

    /// Every single loss of a pipeline is repaired, and nothing runs twice.
    @Test
    void repairsTheLossOrDamageOfAnyOneMessage() throws IOException {
        for (int lost = 1; lost <= 8; lost++) {
            for (boolean damage : new boolean[] {false, true}) {
                var sender = new Peer(Peer.burst(8), true);
                var receiver = new Peer(Peer.burst(8), true);
                for (int i = 1; i <= 8; i++) {
                    sender.request("request " + i);
                }
                for (int i = 1; i <= 8; i++) {
                    Message message = sender.next();
                    if (i != lost) {
                        receiver.receive(message);
                    } else if (damage) {
                        receiver.receive(Peer.damaged(message));
                    }
                }
                sender.request("one more, which shows the gap where the last one was lost");
                Peer.settle(sender, receiver);
                sender.request("and another");
                Peer.settle(sender, receiver);
                int expected = 10;
                assertEquals(expected, sender.answers.size(), "lost " + lost + ", damaged " + damage);
                assertEquals(sender.answers, receiver.ran);
            }
        }
    }

    @Test
    void repairsAGapAcrossTheWrap() throws IOException {
        for (int i = 0; i < 65_533; i++) {
            client.request("x");
            Peer.settle(client, server);
        }
        for (int i = 0; i < 6; i++) {
            client.request("around the wrap " + i);
        }
        Message lost = client.next();
        assertEquals(65_534, lost.sequence());
        Peer.settle(client, server);
        assertEquals(65_539, server.ran.size());
        assertEquals(server.ran, client.answers);
    }

    @Test
    void tellsTheAnswerToAKeepaliveFromThatOfRequestZero() throws IOException {
        for (int i = 0; i < 65_535; i++) {
            client.request("x");
            Peer.settle(client, server);
        }
        client.request("request zero");
        client.keepAlive();
        assertEquals(0, client.sent.getFirst().sequence());
        Message keepalive = client.sent.getLast();
        assertEquals(MessageType.KEEPALIVE, keepalive.type());
        client.receive(Message.of(MessageType.ACK, 0, keepalive.payload()));
        assertEquals(65_535, client.answers.size(), "that was the answer to the keepalive");
        Peer.settle(client, server);
        assertEquals("request zero", client.answers.getLast());
        assertEquals(65_536, client.answers.size());
        client.receive(Peer.ack(0, "a late duplicate"));
        assertEquals(65_536, client.answers.size());
    }

    @Test
    void takesAnErrorWithSequenceZeroForThatOfRequestZeroWhileThatIsTheOldest() throws IOException {
        for (int i = 0; i < 65_535; i++) {
            client.request("x");
            Peer.settle(client, server);
        }
        server.behaviour = request -> Reply.error("not this one");
        client.request("request zero");
        Peer.settle(client, server);
        assertEquals("!ERROR not this one\n", client.answers.getLast());
        var refusal = assertThrows(RefusedException.class,
                () -> client.receive(Message.of(MessageType.ERROR, 0, Payload.of(Peer.bytes("ERROR go away\n")))));
        assertTrue(refusal.getMessage().contains("go away"));
    }

    /// Version 1 may lose an answer: the oldest request is sent again, once, for its duplicate brings the answer again.
    @Test
    void asksOnceForAnAnswerThatIsMissingInVersion1() throws IOException {
        var old = new Peer(Peer.burst(8), false);
        old.receive(Peer.damaged(Peer.ack(1, "")));
        assertEquals(0, old.sent.size(), "nothing is in flight");
        old.request("one");
        old.request("two");
        var both = List.copyOf(old.sent);
        old.sent.clear();
        old.receive(Peer.ack(2, "it overtook the first"));
        assertEquals(both, List.copyOf(old.sent));
        old.sent.clear();
        old.receive(Peer.damaged(Peer.ack(1, "x")));
        assertEquals(0, old.sent.size(), "it was just asked for");
        old.receive(Peer.ack(1, "1"));
        old.receive(Peer.ack(2, "2"));
        old.receive(Peer.ack(1, "once more"));
        assertEquals(List.of("1", "2"), old.answers);
    }

    private static Message part(int offset, String content) {
        byte[] payload = new byte[PartHeader.BYTES + content.length()];
        PartHeader.encode(payload, offset, 9);
        System.arraycopy(Peer.bytes(content), 0, payload, PartHeader.BYTES, content.length());
        return Message.of(MessageType.PART, 1, Payload.of(payload));
    }

    @Test
    void putsPartsTogetherOfWhichOneIsLostInVersion1() throws IOException {
        var old = new Peer(Peer.burst(8), false);
        old.request("get");
        old.sent.clear();
        old.receive(part(0, "abc"));
        old.receive(part(6, "ghi"));
        assertEquals(List.of(Peer.data(1, "get")), List.copyOf(old.sent), "the second is missing");
        old.receive(part(2, "c"));
        old.receive(part(-1, "c"));
        old.receive(part(0, "abc"));
        old.receive(part(3, "def"));
        old.receive(part(6, "ghi"));
        assertEquals(List.of("abcdefghi"), old.answers);
    }

    @Test
    void takesAPartForTheAcknowledgementOfAFragment() throws IOException {
        client.request(new byte[2 * Peer.burst(8).maxPayloadBytes()]);
        client.receive(part(0, "abc"));
        assertEquals(1, client.session.inFlight());
        assertEquals(List.of(), client.answers);
    }

    @Test
    void goesBackToTheSameNumberOncePerSecond() throws IOException {
        client.request("one");
        client.sent.clear();
        client.receive(resend(1));
        client.receive(resend(1));
        assertEquals(1, client.sent.size());
        client.now += RetransmitTimer.MIN_NANOS;
        client.receive(resend(1));
        assertEquals(2, client.sent.size());
    }

    @Test
    void repeatsNothingForAPeerThatDoesNotRead() throws IOException {
        client.request("one");
        client.sent.clear();
        var backlogged = new MessageSink() {
            @Override
            public void send(Message message) {
                throw new AssertionError(message);
            }

            @Override
            public boolean isBacklogged() {
                return true;
            }
        };
        client.session.receive(resend(1), client.now, backlogged);
        client.session.receive(Message.of(MessageType.KEEPALIVE, 0, Payload.EMPTY), client.now, backlogged);
        client.receive(resend(1));
        assertEquals(1, client.sent.size(), "once it reads");
    }

    /// A large answer of a write is stored apart, with what it wrote.
    @Test
    void answersTheDuplicateOfAWriteFromWhereItsAnswerIsStored() throws IOException {
        server.behaviour = _ -> Reply.ok(new byte[Session.MAX_STORED_REPLY_BYTES + 1]);
        server.receive(Peer.data(1, "GETSET"));
        server.sent.clear();
        server.stored.put(1, Reply.ok(Peer.bytes("stored")));
        server.receive(Peer.data(1, "GETSET"));
        assertEquals(List.of(Peer.ack(1, "stored")), List.copyOf(server.sent));
        assertEquals(List.of(), server.repeated);
    }

    @Test
    void saysSoIfThereWasNoMemoryForAnAnswer() throws IOException {
        var wide = new Peer(Peer.burst(4_096, 8_192), true);
        wide.behaviour = _ -> Reply.ok(new byte[Session.MAX_STORED_REPLY_BYTES]);
        for (int i = 1; i <= 2_000; i++) {
            wide.receive(Peer.data(i, "get"));
        }
        wide.sent.clear();
        wide.receive(Peer.data(2_000, "get"));
        assertEquals(Session.NOT_KEPT.payload().length, wide.next().payload().length());
        assertEquals(2_000, wide.ran.size());
    }
}
