package dev.cipherlink.session;

import dev.cipherlink.command.Reply;
import dev.cipherlink.message.Message;
import dev.cipherlink.message.Payload;
import dev.cipherlink.message.SessionParameters;
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

    /// Large answers, and requests of large answers, that are kept for duplicates take at most this much. Small answers
    /// are always kept: they may be those of writes.
    private static final int MAX_KEPT_BYTES = 1 << 20;
    /// What an answer takes in memory beside its bytes.
    private static final int ANSWER_OVERHEAD_BYTES = 48;

    private final int size;
    private final boolean wraps;
    /// Rings over sequence numbers: the answers of the last window; or, in their place, requests that change nothing and
    /// are to be run again. Made on first use.
    private Reply[] answers;
    private byte[][] requests;
    private long keptBytes;
    private int expected = 1;
    private long accepted;
    /// Accepted and not answered on the wire yet: the peer cannot know that the window moved.
    private int unanswered;
    private boolean resendAsked;

    ReceiveWindow(SessionParameters parameters, boolean wraps) {
        size = parameters.windowSize();
        this.wraps = wraps;
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

    /// Keeps an answer for duplicates of its request, or the request if that is shorter than a large answer.
    ///
    /// @param request a view; copied if it is kept
    void answered(int sequence, Reply answer, Payload request) {
        if (answers == null) {
            answers = new Reply[Integer.highestOneBit(size * 2 - 1)];
        }
        int slot = slot(sequence);
        if (keptBytes > 0) {
            keptBytes -= largeBytes(slot);
        }
        if (requests != null) {
            requests[slot] = null;
        }
        int answerBytes = answer.payload().length;
        if (answerBytes <= Session.MAX_STORED_REPLY_BYTES) {
            answers[slot] = answer;
        } else {
            answers[slot] = null;
            keepLarge(slot, answer, request);
        }
    }

    private void keepLarge(int slot, Reply answer, Payload request) {
        boolean keepsRequest = request.length() < answer.payload().length;
        if (keptBytes + Math.min(request.length(), answer.payload().length) > MAX_KEPT_BYTES) {
            return;
        }
        if (keepsRequest) {
            if (requests == null) {
                requests = new byte[answers.length][];
            }
            requests[slot] = request.toBytes();
        } else {
            answers[slot] = answer;
        }
        keptBytes += largeBytes(slot);
    }

    /// What a slot counts towards the bound; small answers do not.
    private int largeBytes(int slot) {
        if (requests != null && requests[slot] != null) {
            return requests[slot].length;
        }
        int bytes = answers[slot] == null ? 0 : answers[slot].payload().length;
        return bytes <= Session.MAX_STORED_REPLY_BYTES ? 0 : bytes;
    }

    private int slot(int sequence) {
        return sequence & answers.length - 1;
    }

    /// Keeps another answer in the place of one that never left.
    void replace(int sequence, Reply answer) {
        answered(sequence, answer, Payload.EMPTY);
    }

    /// The answer kept to an accepted message; null if there is none.
    Reply keptAnswer(int sequence) {
        return answers == null ? null : answers[slot(sequence)];
    }

    /// The request kept in place of its answer; null if there is none.
    byte[] keptRequest(int sequence) {
        return requests == null ? null : requests[slot(sequence)];
    }

    /// About how many bytes of memory are kept. Looks at each answer.
    long retainedBytes() {
        long bytes = 0;
        for (int i = 0; answers != null && i < answers.length; i++) {
            bytes += Integer.BYTES + (answers[i] == null ? 0 : answers[i].payload().length + ANSWER_OVERHEAD_BYTES);
        }
        for (int i = 0; requests != null && i < requests.length; i++) {
            bytes += Integer.BYTES + (requests[i] == null ? 0 : requests[i].length);
        }
        return bytes;
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
