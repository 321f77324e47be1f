package dev.cipherlink.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.message.Message;
import dev.cipherlink.message.Message.MessageType;
import dev.cipherlink.message.Message.Payload;
import java.io.IOException;
import java.net.ProtocolException;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/// Every message type in every state: what it does, or that it is refused.
class SessionStateTest {

    /// Where a session can stand while messages come in.
    private enum State {
        IDLE, REQUEST_IN_FLIGHT, IN_A_REPLY, IN_A_REQUEST, DISCONNECTING
    }

    private static final String REFUSED = "refused";

    private static Peer in(State state) throws IOException {
        var peer = new Peer(Peer.burst(4), true);
        switch (state) {
            case IDLE -> peer.sent.clear();
            case REQUEST_IN_FLIGHT -> peer.request("one");
            case IN_A_REPLY -> {
                peer.request("one");
                peer.receive(Message.of(MessageType.PART, 1, Payload.of(new byte[] {0, 0, 0, 0, 0, 0, 0, 9, 7})));
            }
            case IN_A_REQUEST -> peer.receive(Peer.fragment(1, "one, "));
            case DISCONNECTING -> {
                peer.outbox.add(Outgoing.disconnect());
                peer.transmit();
            }
        }
        peer.sent.clear();
        peer.ran.clear();
        return peer;
    }

    /// The message as a peer that keeps to the numbers would send it.
    private static Message message(MessageType type, State state) {
        int sequence = switch (type) {
            case DATA, DISCONNECT -> state == State.IN_A_REQUEST ? 2 : 1;
            case ACK, ERROR, PART, RESEND -> 1;
            case KEEPALIVE, PADDING, SYN, SYN_ACK -> 0;
        };
        byte[] payload = type == MessageType.PART ? new byte[] {0, 0, 0, 0, 0, 0, 0, 1, 5} : Peer.bytes("x");
        return Message.of(type, sequence, Payload.of(payload));
    }

    private static String outcome(MessageType type, State state) throws IOException {
        Peer peer = in(state);
        try {
            peer.receive(message(type, state));
        } catch (ProtocolException e) {
            assertEquals(0, peer.ran.size() + peer.answers.size(), "a refused message had an effect");
            return REFUSED;
        }
        String sent = peer.sent.stream().map(message -> " sends " + message.type() + message.sequence())
                .collect(Collectors.joining());
        String ended = peer.session.end() == null ? "" : " ends " + peer.session.end();
        return (String.join("", peer.ran.stream().map(request -> " runs " + request).toList())
                + String.join("", peer.answers.stream().map(answer -> " answered " + answer).toList()) + sent + ended).strip();
    }

    @Test
    void everyTypeHasItsOutcomeInEveryState() throws IOException {
        var expected = new LinkedHashMap<MessageType, String>();
        expected.put(MessageType.DATA, """
                runs x sends ACK1 | runs x sends ACK1 | runs x sends ACK1 | runs one, x sends ACK2 | runs x sends ACK1""");
        expected.put(MessageType.ACK, "refused | answered x | answered x | refused | ends DISCONNECTED");
        expected.put(MessageType.ERROR, "refused | answered !x | answered !x | refused | ends DISCONNECTED");
        expected.put(MessageType.KEEPALIVE, "sends ACK0 | sends ACK0 | sends ACK0 | sends ACK0 | sends ACK0");
        expected.put(MessageType.DISCONNECT, """
                sends ACK1 ends PEER_DISCONNECTED | sends ACK1 ends PEER_DISCONNECTED | sends ACK1 ends PEER_DISCONNECTED \
                | sends ACK2 ends PEER_DISCONNECTED | sends ACK1 ends PEER_DISCONNECTED""");
        expected.put(MessageType.SYN, "refused | refused | refused | refused | refused");
        expected.put(MessageType.SYN_ACK, "refused | refused | refused | refused | refused");
        expected.put(MessageType.PART, "refused | answered \u0005 | refused | refused | ends DISCONNECTED");
        expected.put(MessageType.RESEND, " | sends DATA1 | sends DATA1 |  | sends DISCONNECT1");
        expected.put(MessageType.PADDING, "refused | refused | refused | refused | refused");
        assertEquals(MessageType.values().length, expected.size());
        Map<MessageType, String> actual = new EnumMap<>(MessageType.class);
        for (MessageType type : MessageType.values()) {
            var row = new StringBuilder();
            for (State state : State.values()) {
                row.append(state.ordinal() == 0 ? "" : " | ").append(outcome(type, state));
            }
            actual.put(type, row.toString());
        }
        assertEquals(new EnumMap<>(expected), actual);
    }

    @Test
    void refusesEveryTypeWithANumberFarAway() throws IOException {
        for (MessageType type : MessageType.values()) {
            for (State state : State.values()) {
                Peer peer = in(state);
                Message near = message(type, state);
                var far = Message.of(type, 30_000, near.payload());
                boolean isRefused = false;
                try {
                    peer.receive(far);
                } catch (ProtocolException e) {
                    isRefused = true;
                }
                assertTrue(isRefused || type == MessageType.KEEPALIVE, type + " in " + state);
                assertEquals(0, peer.ran.size() + peer.answers.size(), type + " in " + state);
            }
        }
    }
}
