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

    /// @param token the payload of ours
    Keepalives(byte[] token) {
        this.token = token;
    }

    /// Takes in a KEEPALIVE, and answers it unless the peer does not read.
    void receive(Message message, MessageSink sink) throws IOException {
        if (message.payload().length() > MAX_BYTES) {
            throw new ProtocolException("KEEPALIVE with more than " + MAX_BYTES + " bytes");
        }
        if (!sink.isBacklogged()) {
            sink.send(Message.of(MessageType.ACK, 0, message.payload()));
        }
    }

    void ask(MessageSink sink) throws IOException {
        sink.send(Message.of(MessageType.KEEPALIVE, 0, Payload.of(token)));
    }

    /// Whether the payload of an ACK answers ours.
    boolean isAnswer(Payload payload) {
        return Arrays.equals(payload.array(), payload.offset(), payload.offset() + payload.length(), token, 0, token.length);
    }
}
