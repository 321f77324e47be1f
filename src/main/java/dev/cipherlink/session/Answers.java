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

    /// Sends the answer to the request with this number: of PARTs, as many as the peer keeps up with, and one at least.
    ///
    /// @param from how many bytes of the payload were sent before
    /// @return how many were sent so far; all of the payload, if the answer is on its way as a whole
    static int send(int sequence, Reply reply, int from, int maxPayloadBytes, MessageSink sink) throws IOException {
        byte[] payload = reply.payload();
        if (reply.isError()) {
            // Cut rather than sent as parts, which make a good reply.
            int length = Math.min(payload.length, maxPayloadBytes);
            sink.send(Message.of(MessageType.ERROR, sequence, new Payload(payload, 0, length)));
        } else if (payload.length <= maxPayloadBytes) {
            sink.send(Message.of(MessageType.ACK, sequence, Payload.of(payload)));
        } else {
            return sendParts(sequence, payload, from, maxPayloadBytes - PartHeader.BYTES, sink);
        }
        return payload.length;
    }

    private static int sendParts(int sequence, byte[] payload, int from, int maxPartBytes, MessageSink sink)
            throws IOException {
        int offset = from;
        do {
            int length = Math.min(maxPartBytes, payload.length - offset);
            byte[] part = new byte[PartHeader.BYTES + length];
            PartHeader.encode(part, offset, payload.length);
            System.arraycopy(payload, offset, part, PartHeader.BYTES, length);
            sink.send(Message.of(MessageType.PART, sequence, Payload.of(part)));
            offset += length;
        } while (offset < payload.length && !sink.isBacklogged());
        return offset;
    }
}
