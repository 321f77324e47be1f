package dev.cipherlink.session;

import dev.cipherlink.budget.MemoryBudget;
import dev.cipherlink.command.Reply;
import dev.cipherlink.message.Message;
import dev.cipherlink.message.Message.MessageType;
import dev.cipherlink.message.Message.Payload;
import dev.cipherlink.message.SessionParameters;
import dev.cipherlink.session.Outgoing.PartHeader;
import dev.cipherlink.session.SendWindow.SerialNumber;
import dev.cipherlink.session.Session.MessageSink;
import dev.cipherlink.session.Session.SessionIdentity;
import java.io.IOException;
import java.net.ProtocolException;
import java.util.Arrays;

/// How far the peer's messages were received, and the answers that duplicates need (`docs/protocol.md`, section 4).
final class ReceiveWindow {

    /// How a DATA message is treated.
    enum Verdict {
        /// It is the expected one.
        ACCEPT,
        /// It was accepted before: send its answer again.
        DUPLICATE,
        /// It was accepted so long ago that the peer has the answer: drop it.
        LATE,
        /// An earlier one is missing, or this one arrived damaged.
        MISSING
    }

    /// For all that the sessions of the process keep for duplicates: an eighth of the heap.
    static final MemoryBudget BUDGET = MemoryBudget.ofHeap(8);
    /// The most that one session keeps for duplicates: answers, and requests of large answers.
    private static final int MAX_KEPT_BYTES = 2 << 20;
    /// Answers up to this size are always kept: they may be those of writes.
    private static final int ALWAYS_KEPT_BYTES = 256;
    /// The objects of an answer, beside its bytes.
    private static final int OVERHEAD_BYTES = 48;
    /// A slot of the rings.
    private static final int SLOT_BYTES = 2 * Integer.BYTES;
    /// Bytes that are taken from the budget at once.
    private static final int BUDGET_STEP_BYTES = 4 << 10;
    /// Bytes of the budget that may stay unused before they are given back.
    private static final int MAX_SPARE_BYTES = 64 << 10;

    private final int size;
    private final boolean wraps;
    /// Rings over sequence numbers: the answers of the last window, or in their place requests that change nothing and will run
    /// again. Made on first use.
    private Reply[] answers;
    private byte[][] requests;
    /// Bytes of memory of each slot, apart: reading them from an answer of a window ago would fetch an object not touched since.
    private int[] slotBytes;
    private int keptBytes;
    /// Bytes taken from the budget.
    private int takenBytes;
    private boolean isOver;
    private final String owner;
    private final MemoryBudget budget;
    /// How many messages were accepted, without a gap; its lowest 16 bits are the sequence number of the last.
    private long received;
    /// Messages accepted and not yet answered on the wire: the peer cannot know yet that the window moved.
    private int unanswered;
    private boolean resendAsked;

    ReceiveWindow(SessionParameters parameters, SessionIdentity identity, MemoryBudget budget) {
        size = parameters.windowSize();
        wraps = identity.reusesSequenceNumbers();
        owner = identity.owner();
        this.budget = budget;
    }

    /// The highest number up to which everything was accepted; 0 before the first.
    int received() {
        return (int) received & Message.SEQUENCE_MODULUS - 1;
    }

    /// The next number.
    int expected() {
        return (int) (received + 1) & Message.SEQUENCE_MODULUS - 1;
    }

    /// Continues what another process received.
    ///
    /// @param newReceived how many messages, from the first of the session on
    void restore(long newReceived) {
        received = newReceived;
    }

    /// Passes over messages whose answers the peer has.
    void skipTo(int acknowledged) {
        received += Math.max(0, SerialNumber.distance(received(), acknowledged));
    }

    /// @throws ProtocolException if the peer has more messages unacknowledged than the window holds, or uses a
    ///                           sequence number of version 1 twice
    Verdict judge(Message message) throws ProtocolException {
        int expected = expected();
        int ahead = SerialNumber.distance(expected, message.sequence());
        // Numbers that are never used again are known however old they are.
        if (!wraps && message.sequence() > 0 && message.sequence() < expected - size) {
            return Verdict.LATE;
        }
        if (!wraps && received == Message.SEQUENCE_MODULUS - 1) {
            throw new ProtocolException("the sequence numbers of this session are used up; open a new one");
        }
        if (ahead >= size || ahead == 0 && unanswered >= size) {
            throw new ProtocolException("more than " + size + " messages are unacknowledged");
        }
        if (ahead < 0) {
            if (-ahead > Math.min(received, size)) {
                throw new ProtocolException("sequence number " + message.sequence() + " is outside the window");
            }
            return Verdict.DUPLICATE;
        }
        return ahead == 0 && message.intact() ? Verdict.ACCEPT : Verdict.MISSING;
    }

    /// Whether a RESEND is due for a gap: once, until the missing message comes.
    boolean askResend() {
        boolean first = !resendAsked;
        resendAsked = true;
        return first;
    }

    /// The expected message was accepted; its answer follows with [#answered].
    void accept() {
        received++;
        unanswered++;
        resendAsked = false;
    }

    /// Keeps an answer for duplicates of its request; if it is large and the request is shorter, the request. If there is no memory,
    /// neither is kept, but for answers so small that they may be of writes.
    ///
    /// @param request a view; copied if it is kept
    /// @return whether it is kept
    boolean answered(int sequence, Reply answer, Payload request) {
        if (answers == null) {
            int capacity = Integer.highestOneBit(size * 2 - 1);
            answers = new Reply[capacity];
            slotBytes = new int[capacity];
        }
        int slot = slot(sequence);
        int before = slotBytes[slot];
        boolean isKept = true;
        if (requests != null) {
            requests[slot] = null;
        }
        int answerBytes = answer.payload().length;
        boolean keepsRequest = answerBytes > Session.MAX_STORED_REPLY_BYTES && request.length() < answerBytes;
        int bytes = isShared(answer) ? 0 : OVERHEAD_BYTES + (keepsRequest ? request.length() : answerBytes);
        if (bytes > before && !mayKeep(bytes - before, answerBytes)) {
            answers[slot] = null;
            bytes = 0;
            isKept = false;
        } else if (keepsRequest) {
            answers[slot] = null;
            if (requests == null) {
                requests = new byte[answers.length][];
            }
            requests[slot] = request.toBytes();
        } else {
            answers[slot] = answer;
        }
        slotBytes[slot] = bytes;
        keptBytes += bytes - before;
        if (takenBytes - keptBytes > MAX_SPARE_BYTES) {
            int spare = (takenBytes - keptBytes) / BUDGET_STEP_BYTES * BUDGET_STEP_BYTES;
            budget.giveBack(owner, spare);
            takenBytes -= spare;
        }
        return isKept;
    }

    /// Whether the process has only one object of it.
    private static boolean isShared(Reply answer) {
        return answer == Reply.OK || answer == Reply.NOT_FOUND || answer == Session.NOT_KEPT || answer.payload().length == 0;
    }

    private boolean mayKeep(int more, int answerBytes) {
        int needed = keptBytes + more - takenBytes;
        if (needed <= 0) {
            return true;
        }
        int step = Math.ceilDiv(needed, BUDGET_STEP_BYTES) * BUDGET_STEP_BYTES;
        if (isOver) {
            return false;
        } else if (answerBytes <= ALWAYS_KEPT_BYTES) {
            budget.force(owner, step);
        } else if (keptBytes + more > MAX_KEPT_BYTES || !budget.tryTake(owner, step, takenBytes)) {
            return false;
        }
        takenBytes += step;
        return true;
    }

    /// Forgets everything: the session is over.
    void forget() {
        isOver = true;
        budget.giveBack(owner, takenBytes);
        takenBytes = 0;
        keptBytes = 0;
        answers = null;
        requests = null;
        slotBytes = null;
    }

    private int slot(int sequence) {
        return sequence & answers.length - 1;
    }

    /// The answer that is kept; null if none is.
    Reply keptAnswer(int sequence) {
        return answers == null ? null : answers[slot(sequence)];
    }

    /// The request that is kept in place of its answer; null if none is.
    byte[] keptRequest(int sequence) {
        return requests == null ? null : requests[slot(sequence)];
    }

    /// Bytes of memory that are kept.
    long retainedBytes() {
        return keptBytes + (answers == null ? 0 : (long) answers.length * SLOT_BYTES);
    }

    /// Allows another RESEND for the gap that was asked for.
    void forgetGap() {
        resendAsked = false;
    }

    /// The answers so far are on their way.
    void answersSent() {
        unanswered = 0;
    }

    /// The answers to the messages that arrived together, until the changes that they tell of are durable and they may leave. Unlike
    /// the window it has all of them, large ones and those of duplicates.
    static final class AnswerBatch {

        /// The answer to a fragment and to DISCONNECT.
        static final Reply EMPTY = Reply.ok(new byte[0]);

        /// A batch may have so many bytes of answers without asking for memory.
        private static final int SMALL_BYTES = 16 * 1024;
        private static final int INITIAL_CAPACITY = 8;
        /// Arrays for more are given back once the link rests.
        private static final int MAX_IDLE_CAPACITY = 128;

        private int[] sequences = new int[INITIAL_CAPACITY];
        private Reply[] replies = new Reply[INITIAL_CAPACITY];
        private int size;
        private int bytes;
        private boolean hasLarge;
        private boolean isExtended;
        /// The answer to be sent next, and how many bytes of it were sent.
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
            hasLarge |= length >= RequestHandler.LARGE_ANSWER_BYTES;
            bytes += length + SendWindow.OVERHEAD_BYTES;
        }

        /// Whether these are to be sent before more messages run.
        boolean isFull() {
            return hasLarge || bytes >= (isExtended ? RequestHandler.MAX_SMALL_ANSWERS_BYTES : SMALL_BYTES);
        }

        /// Whether it may grow if there is memory.
        boolean isExtensible() {
            return !hasLarge && !isExtended;
        }

        /// Lets it grow: there is memory.
        void extend() {
            isExtended = true;
        }

        /// Sends them in order, and forgets them; stops while the peer is too far behind with reading.
        ///
        /// @return whether all were sent; if not, call it again when the peer has read
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
            Arrays.fill(replies, 0, size, null);
            size = 0;
            bytes = 0;
            hasLarge = false;
            isExtended = false;
            next = 0;
            sentBytes = 0;
        }

        /// Gives memory back that was for large batches.
        void rest() {
            if (size == 0 && replies.length > MAX_IDLE_CAPACITY) {
                sequences = new int[INITIAL_CAPACITY];
                replies = new Reply[INITIAL_CAPACITY];
            }
        }

        /// Replies to messages: one ERROR, one ACK, or PARTs (`docs/protocol.md`, section 4).
        static final class Answers {

            private Answers() {
            }

            /// Sends the answer to a request: of PARTs, as many as the peer keeps up with, and at least one.
            ///
            /// @param from how many bytes of the payload were sent before
            /// @return how many were sent so far
            static int send(int sequence, Reply reply, int from, int maxPayloadBytes, MessageSink sink) throws IOException {
                byte[] payload = reply.payload();
                if (reply.isError()) {
                    // Cut, since parts stand for a reply that is no error.
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
}
