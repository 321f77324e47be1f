package dev.cipherlink.session;

import dev.cipherlink.command.Reply;
import dev.cipherlink.message.Message;
import dev.cipherlink.message.Payload;
import dev.cipherlink.message.SessionParameters;
import java.net.ProtocolException;
import java.util.Arrays;

/// What was accepted from the peer: the next number expected, the request being put together from fragments, and the
/// answers that a duplicate would need again (`docs/protocol.md`, section 4).
final class ReceiveWindow {

    /// What to do with a DATA message.
    enum Verdict {
        /// It is the expected one.
        ACCEPT,
        /// It was accepted before: send its answer again.
        DUPLICATE,
        /// An earlier one is missing, or this one arrived damaged.
        MISSING
    }

    private static final byte[] NOTHING = {};
    /// The last fragment alone is no request: it must not run as one.
    private static final Reply NOT_KEPT = Reply.error("the answer was too large to be kept; ask again");

    private final int size;
    private final int maxRequestBytes;
    private final boolean wraps;
    /// Ring over sequence numbers: the answers of the last window, null where one was too large to be kept.
    private Reply[] answers;
    private int expected = 1;
    private long accepted;
    /// Accepted and not answered on the wire yet: the peer cannot know that the window moved.
    private int unanswered;
    private boolean resendAsked;

    private byte[] fragments = NOTHING;
    private int fragmentBytes;
    private boolean tooLarge;

    ReceiveWindow(SessionParameters parameters, boolean wraps, int maxRequestBytes) {
        size = parameters.windowSize();
        this.wraps = wraps;
        this.maxRequestBytes = maxRequestBytes;
    }

    int expected() {
        return expected;
    }

    /// @throws ProtocolException if the peer has more messages unacknowledged than the window holds, or uses a
    ///                           sequence number of version 1 twice
    Verdict judge(Message message) throws ProtocolException {
        int ahead = SerialNumber.distance(expected, message.sequence());
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

    /// Keeps an answer for duplicates of its request.
    ///
    /// @param isWhole whether the request came in this one message, so that a duplicate could run again
    void answered(int sequence, Reply answer, boolean isWhole) {
        if (answers == null) {
            answers = new Reply[Integer.highestOneBit(size * 2 - 1)];
        }
        boolean isKept = answer.payload().length <= Session.MAX_STORED_REPLY_BYTES;
        answers[sequence & answers.length - 1] = isKept ? answer : isWhole ? null : NOT_KEPT;
    }

    /// The stored answer of an accepted message; null if it was too large to be kept.
    Reply answer(int sequence) {
        return answers[sequence & answers.length - 1];
    }

    /// The answers so far are on their way.
    void answersSent() {
        unanswered = 0;
    }

    /// Whether fragments are waiting for their last one.
    boolean hasFragments() {
        return fragmentBytes > 0 || tooLarge;
    }

    void addFragment(Payload fragment) {
        if (tooLarge || fragment.length() > maxRequestBytes - fragmentBytes) {
            tooLarge = true;
            fragments = NOTHING;
            fragmentBytes = 0;
            return;
        }
        int end = fragmentBytes + fragment.length();
        if (end > fragments.length) {
            fragments = Arrays.copyOf(fragments, Math.clamp(2L * fragments.length, end, maxRequestBytes));
        }
        System.arraycopy(fragment.array(), fragment.offset(), fragments, fragmentBytes, fragment.length());
        fragmentBytes = end;
    }

    /// The request that the fragments make; null if it is too large, and nothing of it was kept.
    Payload takeFragments() {
        Payload request = tooLarge ? null : new Payload(fragments, 0, fragmentBytes);
        fragments = NOTHING;
        fragmentBytes = 0;
        tooLarge = false;
        return request;
    }
}
