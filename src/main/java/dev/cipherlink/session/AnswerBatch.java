package dev.cipherlink.session;

import dev.cipherlink.command.Reply;
import dev.cipherlink.message.Message;
import dev.cipherlink.message.Message.MessageType;
import dev.cipherlink.message.Message.Payload;
import dev.cipherlink.session.Outgoing.PartHeader;
import java.io.IOException;
import java.util.Arrays;

/// The answers to the messages that arrived together, until they may leave: the changes they tell of have to be durable
/// before.
public final class AnswerBatch {

    /// What a fragment or DISCONNECT is answered with: it tells of nothing.
    static final Reply EMPTY = Reply.ok(new byte[0]);

    /// An answer from here on ends its batch: no other is held in memory beside it.
    public static final int LARGE_BYTES = 64 * 1024;
    /// Small answers of one batch.
    public static final int MAX_SMALL_BYTES = LinkWriter.BACKLOG_BYTES;
    /// More answers than these need memory that is asked for.
    private static final int SMALL_BYTES = 16 * 1024;
    private static final int INITIAL_CAPACITY = 8;
    /// Beyond this many the arrays are not kept for the next batch.
    private static final int MAX_IDLE_CAPACITY = 128;

    private int[] sequences = new int[INITIAL_CAPACITY];
    private Reply[] replies = new Reply[INITIAL_CAPACITY];
    private int size;
    private int bytes;
    private boolean hasLarge;
    private boolean isExtended;
    /// The answer to be sent next, and how much of it was.
    private int next;
    private int sentBytes;

    void add(int sequence, Reply reply) {
        if (size == replies.length) {
            sequences = Arrays.copyOf(sequences, 2 * size);
            replies = Arrays.copyOf(replies, 2 * size);
        }
        sequences[size] = sequence;
        replies[size++] = reply;
        int length = reply.payload().length;
        hasLarge |= length >= LARGE_BYTES;
        bytes += length + SendWindow.OVERHEAD_BYTES;
    }

    /// Whether these are to be sent before more messages are taken in.
    boolean isFull() {
        return hasLarge || bytes >= (isExtended ? MAX_SMALL_BYTES : SMALL_BYTES);
    }

    /// Whether it may have more if there is memory.
    boolean isExtensible() {
        return !hasLarge && !isExtended;
    }

    /// There is memory for more.
    ///
    /// @return true
    boolean extend() {
        isExtended = true;
        return true;
    }

    /// Sends them in their order, and forgets them; stops where the peer is too far behind with reading.
    ///
    /// @return whether all are on their way; if not, it is to be called again when the peer has read
    boolean send(int maxPayloadBytes, MessageSink sink) throws IOException {
        while (next < size) {
            sentBytes = Answers.send(sequences[next], replies[next], sentBytes, maxPayloadBytes, sink);
            if (sentBytes < replies[next].payload().length) {
                return false;
            }
            next++;
            sentBytes = 0;
        }
        clear();
        return true;
    }

    void clear() {
        if (replies.length > MAX_IDLE_CAPACITY) {
            sequences = new int[INITIAL_CAPACITY];
            replies = new Reply[INITIAL_CAPACITY];
        } else {
            Arrays.fill(replies, 0, size, null);
        }
        size = 0;
        bytes = 0;
        hasLarge = false;
        isExtended = false;
        next = 0;
        sentBytes = 0;
    }

    /// Replies to messages: one ERROR, one ACK, or PARTs (`docs/protocol.md`, section 4).
    static final class Answers {

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
}
