package dev.cipherlink.session;

import dev.cipherlink.budget.MemoryBudget;
import dev.cipherlink.command.Reply;
import dev.cipherlink.message.Message;
import dev.cipherlink.message.Message.Payload;
import dev.cipherlink.message.SessionParameters;
import dev.cipherlink.session.SendWindow.SerialNumber;
import java.net.ProtocolException;

/// What was accepted from the peer: the next number expected, and the answers that a duplicate would need again
/// (`docs/protocol.md`, section 4).
final class ReceiveWindow {

    /// What to do with a DATA message.
    enum Verdict {
        /// It is the expected one.
        ACCEPT,
        /// It was accepted before: send its answer again.
        DUPLICATE,
        /// It was accepted so long ago that its sender has the answer: drop it.
        LATE,
        /// An earlier one is missing, or this one arrived damaged.
        MISSING
    }

    /// For what the sessions of the process keep for duplicates: an eighth of the heap.
    static final MemoryBudget BUDGET = MemoryBudget.ofHeap(8);
    /// Answers, and requests of large answers, that are kept for duplicates take at most this much of a session.
    private static final int MAX_KEPT_BYTES = 2 << 20;
    /// Answers up to this size are always kept: they may be those of writes.
    private static final int ALWAYS_KEPT_BYTES = 256;
    /// Of the objects of an answer, beside its bytes.
    private static final int OVERHEAD_BYTES = 48;
    /// Of the rings.
    private static final int SLOT_BYTES = 2 * Integer.BYTES;
    /// What is asked of the budget at once.
    private static final int BUDGET_STEP_BYTES = 4 << 10;
    /// What is not given back at once.
    private static final int MAX_SPARE_BYTES = 64 << 10;

    private final int size;
    private final boolean wraps;
    /// Rings over sequence numbers: the answers of the last window; or, in their place, requests that change nothing and
    /// are to be run again. Made on first use.
    private Reply[] answers;
    private byte[][] requests;
    /// What each slot takes in memory: a look at an answer of a whole window ago would fetch what nobody has touched since.
    private int[] slotBytes;
    private int keptBytes;
    /// What of the budget is ours.
    private int takenBytes;
    private boolean isOver;
    private final String owner;
    private final MemoryBudget budget;
    private int expected = 1;
    private long accepted;
    /// Accepted and not answered on the wire yet: the peer cannot know that the window moved.
    private int unanswered;
    private boolean resendAsked;

    ReceiveWindow(SessionParameters parameters, SessionIdentity identity, MemoryBudget budget) {
        size = parameters.windowSize();
        wraps = identity.reusesSequenceNumbers();
        owner = identity.owner();
        this.budget = budget;
    }

    int expected() {
        return expected;
    }

    /// Continues what another process accepted.
    ///
    /// @param newAccepted how many messages, from the first of the session on
    void restore(long newAccepted) {
        accepted = newAccepted;
        expected = (int) ((newAccepted + 1) % Message.SEQUENCE_MODULUS);
    }

    /// Passes over messages whose answers the peer has.
    void skipTo(int sequence) {
        int skipped = SerialNumber.distance(expected, sequence) + 1;
        if (skipped > 0) {
            restore(accepted + skipped);
        }
    }

    /// @throws ProtocolException if the peer has more messages unacknowledged than the window holds, or uses a
    ///                           sequence number of version 1 twice
    Verdict judge(Message message) throws ProtocolException {
        int ahead = SerialNumber.distance(expected, message.sequence());
        // Numbers that are never used again are known however old they are.
        if (!wraps && message.sequence() > 0 && message.sequence() < expected - size) {
            return Verdict.LATE;
        }
        if (!wraps && accepted == Message.SEQUENCE_MODULUS - 1) {
            throw new ProtocolException("the sequence numbers of this session are used up; open a new one");
        }
        if (ahead >= size || ahead == 0 && unanswered >= size) {
            throw new ProtocolException("more than " + size + " messages are unacknowledged");
        }
        if (ahead < 0) {
            if (-ahead > Math.min(accepted, size)) {
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
        expected = SerialNumber.next(expected);
        accepted++;
        unanswered++;
        resendAsked = false;
    }

    /// Keeps an answer for duplicates of its request, or the request if the answer is large and that is shorter; neither if
    /// there is no memory for it, unless the answer is so small that it may be that of a write.
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

    /// Whether there is one of it in the process.
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

    /// The session is over: nothing is kept any more.
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

    /// The answer kept to an accepted message; null if there is none.
    Reply keptAnswer(int sequence) {
        return answers == null ? null : answers[slot(sequence)];
    }

    /// The request kept in place of its answer; null if there is none.
    byte[] keptRequest(int sequence) {
        return requests == null ? null : requests[slot(sequence)];
    }

    /// How many bytes of memory are kept.
    long retainedBytes() {
        return keptBytes + (answers == null ? 0 : (long) answers.length * SLOT_BYTES);
    }

    /// The gap that was asked for may be asked for again.
    void forgetGap() {
        resendAsked = false;
    }

    /// The answers so far are on their way.
    void answersSent() {
        unanswered = 0;
    }
}
