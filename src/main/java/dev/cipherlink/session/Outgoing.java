package dev.cipherlink.session;

import dev.cipherlink.command.Reply;
import dev.cipherlink.command.ReplyHandler;
import dev.cipherlink.command.ReplyHandler.Progress;
import dev.cipherlink.message.Message.MessageType;
import dev.cipherlink.message.Message.Payload;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;

/// A request, event or DISCONNECT on its way out: sent as one or more messages, answered once.
public final class Outgoing {

    /// The largest reply that is put together from parts: the largest value, and what surrounds it.
    static final int MAX_REPLY_BYTES = 17 * 1024 * 1024;

    private static final Receipt NOBODY = new Receipt(() -> { });

    /// Waits for an acknowledgement and ignores failure.
    private record Receipt(Runnable acknowledged) implements ReplyHandler {
        @Override
        public void answered(Reply reply) {
            acknowledged.run();
        }

        @Override
        public void failed(IOException cause, boolean wasSent) {
            // The sender of the event has it still.
        }
    }

    final MessageType type;
    final byte[] payload;
    final ReplyHandler handler;
    /// Bytes of the payload that were put into messages so far.
    int fragmentedBytes;
    private byte[] reply;
    private int replyBytes;

    Outgoing(MessageType type, byte[] payload, ReplyHandler handler) {
        this.type = type;
        this.payload = payload;
        this.handler = handler;
    }

    /// A payload that needs no answer but the acknowledgement.
    static Outgoing event(byte[] payload, Runnable acknowledged) {
        return new Outgoing(MessageType.DATA, payload, new Receipt(acknowledged));
    }

    static Outgoing disconnect() {
        return new Outgoing(MessageType.DISCONNECT, new byte[0], NOBODY);
    }

    /// Whether it is a payload that needs no answer.
    boolean isEvent() {
        return type == MessageType.DATA && handler instanceof Receipt;
    }

    /// The peer has the event.
    void acknowledged() {
        handler.answered(Reply.ok(new byte[0]));
    }

    /// Prepares to send it again from its beginning.
    void restart() {
        fragmentedBytes = 0;
        forgetParts();
    }

    void forgetParts() {
        reply = null;
        replyBytes = 0;
    }

    /// The effect of a PART.
    enum PartOutcome {
        ADDED,
        /// It was the last: the reply is complete.
        COMPLETE,
        /// It belongs to a repetition of the answer.
        IGNORED,
        /// One before it is missing.
        MISSING
    }

    /// Adds one PART of the reply: `offset(4) total(4)`, then bytes; parts come in order and without gaps.
    ///
    /// @param isOrdered whether the wire keeps the order and loses none; if not, an answer may begin anew
    PartOutcome addPart(Payload part, boolean isOrdered) throws ProtocolException {
        if (part.length() <= PartHeader.BYTES) {
            throw new ProtocolException("a PART without content");
        }
        int offset = PartHeader.offset(part);
        int total = PartHeader.total(part);
        int length = part.length() - PartHeader.BYTES;
        if (!isOrdered && offset != replyBytes && offset != 0) {
            return offset > replyBytes || offset < 0 ? PartOutcome.MISSING : PartOutcome.IGNORED;
        }
        if (!isOrdered && offset == 0) {
            forgetParts();
        }
        if (reply == null) {
            if (total <= 0 || total > MAX_REPLY_BYTES) {
                throw new ProtocolException("a reply of " + Integer.toUnsignedString(total) + " bytes in parts");
            }
            reply = new byte[total];
        }
        if (total != reply.length || offset != replyBytes || length > total - offset) {
            throw new ProtocolException("parts of a reply overlap, are missing or do not add up");
        }
        System.arraycopy(part.array(), part.offset() + PartHeader.BYTES, reply, offset, length);
        replyBytes += length;
        return replyBytes == total ? PartOutcome.COMPLETE : PartOutcome.ADDED;
    }

    /// @param acknowledgedBytes of the payload
    Progress progress(int acknowledgedBytes) {
        return reply == null ? new Progress(acknowledgedBytes, payload.length, false)
                : new Progress(replyBytes, reply.length, true);
    }

    /// Removes the complete reply.
    Reply takeReply() {
        Reply complete = Reply.received(reply, false);
        forgetParts();
        return complete;
    }

    /// Fails requests, one after the other, and goes on if a reply handler throws.
    static final class Failure {

        private final IOException cause;
        /// The first that a reply handler threw; null if none did.
        private RuntimeException broken;
        private int count;

        Failure(IOException cause) {
            this.cause = cause;
        }

        /// @param wasSent whether it was sent to its end, so that it may have run
        void tell(Outgoing outgoing, boolean wasSent) {
            try {
                if (outgoing.type == MessageType.DATA) {
                    count++;
                    outgoing.handler.failed(cause, wasSent);
                }
            } catch (RuntimeException e) {
                if (broken == null) {
                    broken = e;
                }
            }
        }

        /// How many requests failed.
        int count() {
            return count;
        }

        /// Called at the end.
        ///
        /// @throws RuntimeException the first that a reply handler threw
        void rethrow() {
            if (broken != null) {
                throw broken;
            }
        }
    }

    /// The first 8 bytes of a PART's payload: `offset(4) total(4)` (`docs/protocol.md`, section 2).
    static final class PartHeader {

        static final int BYTES = 8;

        private PartHeader() {
        }

        static void encode(byte[] target, int offset, int total) {
            ByteBuffer.wrap(target).putInt(offset).putInt(total);
        }

        static int offset(Payload part) {
            return ByteBuffer.wrap(part.array(), part.offset(), BYTES).getInt();
        }

        static int total(Payload part) {
            return ByteBuffer.wrap(part.array(), part.offset() + 4, 4).getInt();
        }
    }
}
