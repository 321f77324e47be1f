package dev.cipherlink.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.command.Reply;
import dev.cipherlink.message.Message;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A server's session that goes on in another process, from what the last one recorded.
class SessionRestoreTest {

    private static final int PAYLOAD = Peer.burst(8).maxPayloadBytes();

    private final Peer client = new Peer(Peer.burst(8), true);
    private Peer server = new Peer(Peer.burst(8), true);

    /// The next process, in which the server knows only this.
    private void restart(long accepted, Map<Integer, Reply> answers) {
        server = new Peer(server.session.parameters(), true);
        Session.restored(server.session, accepted, answers);
    }

    private static Map<Integer, Reply> recorded(String... answers) {
        var map = new HashMap<Integer, Reply>();
        for (int i = 0; i < answers.length; i++) {
            map.put(i + 1, Reply.ok(Peer.bytes(answers[i])));
        }
        return map;
    }

    @Test
    void answersWhatRanFromTheRecordAndRunsOnlyTheRest() throws IOException {
        for (int i = 1; i <= 5; i++) {
            client.request("write " + i);
        }
        server.receiveFrom(client, 3);
        restart(3, recorded("one", "two", "three"));
        Peer.resume(client, server);
        Peer.settle(client, server);
        assertEquals(List.of("write 4", "write 5"), server.ran);
        assertEquals(List.of("one", "two", "three", "write 4", "write 5"), client.answers);
    }

    @Test
    void runsReadsAgainFromTheirDuplicates() throws IOException {
        for (String request : List.of("read 1", "write", "read 3")) {
            client.request(request);
        }
        server.receiveFrom(client, 3);
        restart(2, Map.of(2, Reply.ok(Peer.bytes("written"))));
        Peer.resume(client, server);
        Peer.settle(client, server);
        assertEquals(List.of("read 1"), server.repeated);
        assertEquals(List.of("read 3"), server.ran);
        assertEquals(List.of("read 1", "written", "read 3"), client.answers);
    }

    /// Reads leave no record: the server has forgotten that it accepted what the client has the answers of.
    @Test
    void goesOnBehindAnswersThatTheClientHasAndThatWereNotRecorded() throws IOException {
        client.request("write");
        for (int i = 2; i <= 6; i++) {
            client.request("read " + i);
        }
        Peer.settle(client, server);
        client.request("read 7");
        restart(1, recorded("write"));
        Peer.resume(client, server);
        client.request("write 8");
        Peer.settle(client, server);
        assertEquals(List.of("read 7", "write 8"), server.ran);
        assertEquals(8, client.answers.size());
        assertEquals(8, server.session.received());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 1_024})
    void goesOnAcrossTheWrapWithAnyWindow(int window) throws IOException {
        var parameters = Peer.burst(window);
        var wide = new Peer(parameters, true);
        server = new Peer(parameters, true);
        for (int i = 0; i < Message.SEQUENCE_MODULUS - 1; i++) {
            wide.request("x");
            Peer.settle(wide, server);
        }
        wide.request("number 0");
        wide.request("number 1");
        server.receiveFrom(wide, 2);
        int ran = Math.min(window, 2);
        var answers = new HashMap<Integer, Reply>();
        if (window > 1) {
            answers.put(Message.SEQUENCE_MODULUS - 1, Reply.ok(Peer.bytes("old")));
        }
        for (int i = 0; i < ran; i++) {
            answers.put(i, Reply.ok(Peer.bytes("recorded " + i)));
        }
        restart(Message.SEQUENCE_MODULUS - 1L + ran, answers);
        Peer.resume(wide, server);
        Peer.settle(wide, server);
        assertEquals(window == 1 ? List.of("number 1") : List.of(), server.ran);
        assertEquals(List.of("recorded 0", window == 1 ? "number 1" : "recorded 1"),
                wide.answers.subList(wide.answers.size() - 2, wide.answers.size()));
    }

    @Test
    void sendsARequestFromItsBeginningWhoseAcknowledgedFragmentsTheServerForgot() throws IOException {
        client.request("write 1");
        Peer.settle(client, server);
        byte[] large = new byte[3 * PAYLOAD];
        client.request(large);
        client.request("behind it");
        server.receiveFrom(client, 2);
        client.receiveFrom(server, 2);
        assertEquals(1, client.session.acknowledged());
        restart(1, recorded("write 1"));
        Peer.resume(client, server);
        Peer.settle(client, server);
        assertEquals(List.of(Peer.shown(large), "behind it"), server.ran);
        assertEquals(List.of("write 1", Peer.shown(large), "behind it"), client.answers);
    }

    /// A request larger than the window has not been sent to its end when the server forgets its beginning.
    @Test
    void sendsAlsoARequestAgainThatIsLargerThanTheWindow() throws IOException {
        byte[] large = new byte[Peer.MAX_REQUEST_BYTES - 100];
        client.request(large);
        for (int i = 0; i < 2; i++) {
            server.receiveFrom(client, 5);
            client.receiveFrom(server, 5);
        }
        restart(0, Map.of());
        Peer.resume(client, server);
        Peer.settle(client, server);
        assertEquals(List.of(Peer.shown(large)), server.ran);
        assertEquals(List.of(Peer.shown(large)), client.answers);
    }

    @Test
    void numbersEventsBehindThoseThatTheClientHas() throws IOException {
        for (int i = 1; i <= 20; i++) {
            server.session.push(Peer.bytes("event " + i));
            server.transmit();
            Peer.settle(client, server);
        }
        client.request("write");
        Peer.settle(client, server);
        restart(1, recorded("write"));
        Peer.resume(client, server);
        server.session.push(Peer.bytes("event 21"));
        server.transmit();
        assertEquals(21, server.sent.peek().sequence());
        Peer.settle(client, server);
        assertEquals("event 21", client.ran.getLast());
        assertEquals(21, client.ran.size());
        assertEquals(0, server.session.inFlight());
    }

    @Test
    void resumesAgainAfterTheFirstResume() throws IOException {
        client.request("one");
        Peer.settle(client, server);
        restart(1, recorded("one"));
        Peer.resume(client, server);
        client.request("two");
        server.receiveFrom(client, 1);
        Peer.resume(client, server);
        Peer.settle(client, server);
        assertEquals(List.of("two"), server.ran);
        assertEquals(List.of("one", "two"), client.answers);
        assertFalse(server.session.isOver());
    }

    @Test
    void believesAClientThatHasMoreAnswersThanAreRecorded() throws IOException {
        restart(3, recorded("one", "two", "three"));
        assertEquals(3, server.session.received(-1), "of an old version, which does not tell");
        assertEquals(3, server.session.received(2));
        assertEquals(5, server.session.received(5));
        assertTrue(server.session.canResumeFrom(40_000), "only the peer knows what the other process sent");
        server.resume(0);
        assertEquals(3, server.session.received(5), "from then on it knows");
    }

    @Test
    void acknowledgesTheFragmentsOfARequestThatAnotherProcessRan() throws IOException {
        client.request(new byte[3 * PAYLOAD]);
        server.receiveFrom(client, 3);
        restart(3, Map.of(3, Reply.ok(Peer.bytes("written"))));
        Peer.resume(client, server);
        Peer.settle(client, server);
        assertEquals(List.of("written"), client.answers);
        assertEquals(List.of(), server.ran);
    }
}
