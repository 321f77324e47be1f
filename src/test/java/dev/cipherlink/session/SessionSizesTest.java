package dev.cipherlink.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.command.Reply;
import dev.cipherlink.command.ReplyHandler.Progress;
import dev.cipherlink.message.Message;
import dev.cipherlink.message.Message.MessageType;
import dev.cipherlink.message.Message.Payload;
import dev.cipherlink.session.Outgoing.PartHeader;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Requests in fragments and replies in parts.
class SessionSizesTest {

    private static final int PAYLOAD = Peer.burst(4).maxPayloadBytes();
    private static final int PART = PAYLOAD - PartHeader.BYTES;

    private final Peer client = new Peer(Peer.burst(4), false);
    private final Peer server = new Peer(Peer.burst(4), false);

    private static byte[] random(int size) {
        var bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return bytes;
    }

    private static Message part(int sequence, int offset, int total, int length) {
        var payload = ByteBuffer.allocate(8 + length).putInt(offset).putInt(total).array();
        return Message.of(MessageType.PART, sequence, Payload.of(payload));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 1012, 1013, 1014, 2025, 2026, 2027, 9_999, 10_000})
    void carriesARequestOfAnySizeThereAndBack(int size) throws IOException {
        byte[] payload = random(size);
        client.request(payload);
        client.request("next");
        Peer.settle(client, server);
        assertEquals(List.of(Peer.shown(payload), "next"), server.ran);
        assertEquals(List.of(Peer.shown(payload), "next"), client.answers);
        assertEquals(0, client.session.sender.inFlightBytes());
    }

    @Test
    void sendsFragmentsWithConsecutiveNumbersAndAnswersTheLast() throws IOException {
        client.request(random(2 * PAYLOAD + 1));
        for (int i = 1; i <= 3; i++) {
            Message fragment = client.next();
            assertEquals(i, fragment.sequence());
            assertEquals(i < 3, fragment.more());
            assertEquals(i < 3 ? PAYLOAD : 1, fragment.payload().length());
            server.receive(fragment);
        }
        assertEquals(Peer.ack(1, ""), server.next());
        assertEquals(Peer.ack(2, ""), server.next());
        Message answer = server.next();
        assertEquals(3, answer.sequence());
        assertEquals(MessageType.PART, answer.type());
    }

    @Test
    void tellsHowFarALargeRequestAndItsAnswerHaveCome() throws IOException {
        assertEquals(Optional.empty(), client.session.progress());
        int size = 5 * PAYLOAD;
        client.request(random(size));
        assertEquals(Optional.of(new Progress(0, size, false)), client.session.progress());
        server.receiveFrom(client, 2);
        assertEquals(Optional.of(new Progress(0, size, false)), client.session.progress());
        client.receiveFrom(server, 2);
        assertEquals(Optional.of(new Progress(2 * PAYLOAD, size, false)), client.session.progress());
        server.receiveFrom(client, 3);
        client.receiveFrom(server, 2);
        assertEquals(Optional.of(new Progress(4 * PAYLOAD, size, false)), client.session.progress());
        client.receiveFrom(server, 3);
        assertEquals(Optional.of(new Progress(3 * PART, size, true)), client.session.progress());
        Peer.settle(client, server);
        assertEquals(1, client.answers.size());
        assertEquals(Optional.empty(), client.session.progress());
    }

    @Test
    void refusesARequestThatIsTooLargeAndKeepsNothingOfIt() throws IOException {
        client.request(random(Peer.MAX_REQUEST_BYTES + 1));
        client.request("the session goes on");
        client.request(random(3 * Peer.MAX_REQUEST_BYTES));
        client.request("and on");
        client.request(random(Peer.MAX_REQUEST_BYTES));
        Peer.settle(client, server);
        assertEquals(3, server.ran.size());
        assertEquals("!ERROR the request is larger than 10000 bytes; send less at once\n", client.answers.get(0));
        assertEquals("the session goes on", client.answers.get(1));
        assertEquals(client.answers.get(0), client.answers.get(2));
        assertEquals("and on", client.answers.get(3));
        assertEquals(Peer.shown(random(Peer.MAX_REQUEST_BYTES)), client.answers.get(4));
    }

    @Test
    void putsEmptyFragmentsTogetherToo() throws IOException {
        server.receive(Peer.fragment(1, ""));
        server.receive(Peer.fragment(2, "a"));
        server.receive(Peer.fragment(3, ""));
        server.receive(Peer.data(4, "b"));
        assertEquals(List.of("ab"), server.ran);
    }

    @Test
    void boundsWhatAFloodOfFragmentsKeeps() throws IOException {
        for (int i = 1; i <= 60_000; i++) {
            server.receive(Message.data(i, true, Payload.of(new byte[PAYLOAD])));
            server.sent.clear();
        }
        server.receive(Peer.data(60_001, "the end"));
        assertEquals(MessageType.ERROR, server.next().type());
        assertEquals(List.of(), server.ran);
        assertEquals(List.of(60_001), server.refused, "so that how far it came is recorded");
    }

    @ParameterizedTest
    @ValueSource(ints = {1013, 1014, 1015, 2010, 2011, 1_000_000})
    void carriesAReplyOfAnySize(int size) throws IOException {
        server.behaviour = request -> Reply.ok(random(size));
        client.request("get");
        client.request("get");
        Peer.settle(client, server);
        assertEquals(List.of(Peer.shown(random(size)), Peer.shown(random(size))), client.answers);
    }

    @Test
    void carriesALargeErrorAsAnError() throws IOException {
        server.behaviour = request -> Reply.error("x".repeat(5_000));
        client.request("get");
        Peer.settle(client, server);
        assertEquals(1, client.answers.size());
        assertEquals('!', client.answers.getFirst().charAt(0), "it must not arrive as a good answer");
    }

    @Test
    void putsPartsTogether() throws IOException {
        client.request("get");
        client.receive(part(1, 0, 2 * PART, PART));
        assertEquals(List.of(), client.answers);
        client.receive(part(1, PART, 2 * PART, PART));
        assertEquals(List.of(Peer.shown(new byte[2 * PART])), client.answers);
    }

    @Test
    void refusesPartsThatDoNotAddUp() throws IOException {
        assertRefused(part(1, 1, 100, 50));
        assertRefused(part(1, -1, 100, 50));
        assertRefused(part(1, 0, 100, 101));
        assertRefused(part(1, 0, 100, 0));
        assertRefused(part(1, 0, 0, 1));
        assertRefused(part(1, 0, -1, 1));
        assertRefused(part(1, 0, Integer.MIN_VALUE, 1));
        assertRefused(part(1, 0, Outgoing.MAX_REPLY_BYTES + 1, 1));
        assertRefused(part(1, 0, Integer.MAX_VALUE, 1));
        assertRefused(Message.of(MessageType.PART, 1, Payload.of(new byte[7])));
        assertRefused(Message.of(MessageType.PART, 1, Payload.EMPTY));
        assertRefused(part(1, 0, 100, 50), part(1, 0, 100, 50));
        assertRefused(part(1, 0, 100, 50), part(1, 49, 100, 50));
        assertRefused(part(1, 0, 100, 50), part(1, 51, 100, 49));
        assertRefused(part(1, 0, 100, 50), part(1, 50, 101, 50));
        assertRefused(part(1, 0, 100, 50), part(1, 50, 100, 51));
        assertRefused(part(1, 0, 100, 50), part(2, 0, 100, 100));
    }

    private static void assertRefused(Message... messages) throws IOException {
        var peer = new Peer(Peer.burst(4), true);
        peer.request("one");
        peer.request("two");
        for (int i = 0; i < messages.length - 1; i++) {
            peer.receive(messages[i]);
        }
        Message last = messages[messages.length - 1];
        assertThrows(ProtocolException.class, () -> peer.receive(last), () -> last.payload().toString());
        assertEquals(List.of(), peer.answers);
    }

    @Test
    void endsABatchSoonerIfThereIsNoMemoryForItsAnswersOrItsHandlerSaysSo() throws IOException {
        for (boolean hasMemory : new boolean[] {true, false}) {
            var wide = new Peer(Peer.burst(64, 65_519), true);
            wide.hasMemory = hasMemory;
            wide.behaviour = _ -> Reply.ok(new byte[10_000]);
            int run = 0;
            while (!wide.session.receiver.isBatchFull()) {
                run++;
                wide.session.receive(Peer.data(run, "get"), wide.now, wide.sent::add);
            }
            assertEquals(hasMemory ? 27 : 2, run, "16 KiB of answers, or 256");
        }
        assertFalse(server.session.receiver.isBatchFull());
        server.endsBatch = true;
        assertTrue(server.session.receiver.isBatchFull());
    }
}
