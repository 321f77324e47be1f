package dev.cipherlink.session;

import dev.cipherlink.command.Reply;
import dev.cipherlink.message.Message;
import dev.cipherlink.message.MessageType;
import dev.cipherlink.message.Payload;
import java.io.IOException;

/// Replies to messages: one ERROR, one ACK, or PARTs (`docs/protocol.md`, section 4).
final class Answers {

    private Answers() {
    }

    /// Sends the answer to the request with this number.
    static void send(int sequence, Reply reply, int maxPayloadBytes, MessageSink sink) throws IOException {
        byte[] payload = reply.payload();
        if (reply.isError()) {
            // Cut rather than sent as parts, which make a good reply.
            int length = Math.min(payload.length, maxPayloadBytes);
            sink.send(Message.of(MessageType.ERROR, sequence, new Payload(payload, 0, length)));
        } else if (payload.length <= maxPayloadBytes) {
            sink.send(Message.of(MessageType.ACK, sequence, Payload.of(payload)));
        } else {
            sendParts(sequence, payload, maxPayloadBytes - PartHeader.BYTES, sink);
        }
    }

    private static void sendParts(int sequence, byte[] payload, int maxPartBytes, MessageSink sink) throws IOException {
        for (int offset = 0; offset < payload.length; offset += maxPartBytes) {
            int length = Math.min(maxPartBytes, payload.length - offset);
            byte[] part = new byte[PartHeader.BYTES + length];
            PartHeader.encode(part, offset, payload.length);
            System.arraycopy(payload, offset, part, PartHeader.BYTES, length);
            sink.send(Message.of(MessageType.PART, sequence, Payload.of(part)));
        }
    }
}
