package dev.cipherlink.session;

import dev.cipherlink.message.Message;
import dev.cipherlink.message.MessageType;
import dev.cipherlink.message.Payload;
import java.io.IOException;
import java.net.ProtocolException;
import java.util.Arrays;

/// KEEPALIVE messages and their answers, in both directions (`docs/protocol.md`, section 4). Requires the session's lock.
final class Keepalives {

    /// Largest payload of KEEPALIVE.
    static final int MAX_BYTES = 64;

    private final byte[] token;
    /// The payload to be answered; null if there is none.
    private byte[] unanswered;

    /// @param token the payload of ours
    Keepalives(byte[] token) {
        this.token = token;
    }

    void receive(Message message) throws ProtocolException {
        if (message.payload().length() > MAX_BYTES) {
            throw new ProtocolException("KEEPALIVE with more than " + MAX_BYTES + " bytes");
        }
        unanswered = message.payload().toBytes();
    }

    /// Answers the last of those that arrived together, unless the peer does not read.
    void answer(MessageSink sink) throws IOException {
        if (unanswered != null && !sink.isBacklogged()) {
            sink.send(Message.of(MessageType.ACK, 0, Payload.of(unanswered)));
        }
        unanswered = null;
    }

    void forget() {
        unanswered = null;
    }

    void ask(MessageSink sink) throws IOException {
        sink.send(Message.of(MessageType.KEEPALIVE, 0, Payload.of(token)));
    }

    /// Whether the payload of an ACK answers ours.
    boolean isAnswer(Payload payload) {
        return Arrays.equals(payload.array(), payload.offset(), payload.offset() + payload.length(), token, 0, token.length);
    }
}
