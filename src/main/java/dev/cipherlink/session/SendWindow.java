package dev.cipherlink.session;

import dev.cipherlink.command.ReplyHandler.Progress;
import dev.cipherlink.message.Message;
import dev.cipherlink.message.Message.MessageType;
import dev.cipherlink.message.Message.Payload;
import dev.cipherlink.message.SessionParameters;
import dev.cipherlink.session.Session.MessageSink;
import java.io.IOException;
import java.net.ProtocolException;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/// The numbered messages that were sent and not acknowledged yet, oldest first (`docs/protocol.md`, section 4).
final class SendWindow {

    /// Bytes of a message on the wire beside its payload, in the version with the most: header, packet and tag.
    static final int OVERHEAD_BYTES = 64;

    /// Which message an answer belongs to, by its number.
    enum Verdict {
        /// The oldest in flight.
        OLDEST,
        /// One that was answered before.
        LATE,
        /// One in flight, while an older one is unanswered.
        AHEAD
    }

    private final int size;
    private final int maxPayloadBytes;
    /// The numbers that a session may use: version 1 must not use one twice.
    private final long maxNumbers;
    /// Rings over sequence numbers, with a slot for each fragment of a payload and its offset. Made on first use, since most servers
    /// never send.
    private Outgoing[] inFlight;
    private int[] offsets;
    private int oldest = 1;
    private int count;
    private int bytes;
    private long acknowledgedCount;

    /// @param wraps whether numbers may be used again after 65,535
    SendWindow(SessionParameters parameters, boolean wraps) {
        size = parameters.windowSize();
        maxPayloadBytes = parameters.maxPayloadBytes();
        maxNumbers = wraps ? Long.MAX_VALUE : Message.SEQUENCE_MODULUS - 1;
    }

    /// Goes on behind what another process sent; nothing must be in flight.
    void restore(int received) {
        oldest = SerialNumber.next(received);
        acknowledgedCount = Math.max(received, size);
    }

    boolean isEmpty() {
        return count == 0;
    }

    /// Messages in flight.
    int count() {
        return count;
    }

    boolean isFull() {
        return count == size;
    }

    /// Bytes on the wire that were sent and are not acknowledged, about.
    int bytes() {
        return bytes;
    }

    /// Whether enough numbers are left for all of a request, and one for DISCONNECT.
    boolean hasNumbersFor(Outgoing outgoing) {
        if (maxNumbers == Long.MAX_VALUE) {
            return true;
        }
        long needed = 2 + Math.max(0, outgoing.payload.length - outgoing.fragmentedBytes - 1) / maxPayloadBytes;
        return acknowledgedCount + count + needed <= maxNumbers;
    }

    /// Takes the next fragment of a payload into the window, which must not be full.
    Message send(Outgoing outgoing) {
        if (inFlight == null) {
            int capacity = Integer.highestOneBit(size * 2 - 1);
            inFlight = new Outgoing[capacity];
            offsets = new int[capacity];
        }
        int sequence = (oldest + count) % Message.SEQUENCE_MODULUS;
        int slot = slot(sequence);
        inFlight[slot] = outgoing;
        offsets[slot] = outgoing.fragmentedBytes;
        count++;
        Message message = message(sequence);
        outgoing.fragmentedBytes += message.payload().length();
        bytes += message.payload().length() + OVERHEAD_BYTES;
        return message;
    }

    /// The message in flight with this number, as it was sent the first time.
    private Message message(int sequence) {
        Outgoing outgoing = inFlight[slot(sequence)];
        int offset = offsets[slot(sequence)];
        int length = Math.min(maxPayloadBytes, outgoing.payload.length - offset);
        boolean more = offset + length < outgoing.payload.length;
        return new Message(outgoing.type, more, sequence, new Payload(outgoing.payload, offset, length), true);
    }

    /// @throws ProtocolException if the number was never sent, or answered long ago
    Verdict judge(int sequence) throws ProtocolException {
        if (isOldest(sequence)) {
            return Verdict.OLDEST;
        }
        int ahead = SerialNumber.distance(oldest, sequence);
        if (ahead > 0 && ahead < count) {
            return Verdict.AHEAD;
        }
        if (isLate(sequence)) {
            return Verdict.LATE;
        }
        throw new ProtocolException("an answer for " + sequence + " where " + oldest + " is the oldest unanswered");
    }

    /// Whether it was answered before; numbers that are never used again are known however old they are.
    private boolean isLate(int sequence) {
        int behind = SerialNumber.distance(sequence, oldest);
        return behind > 0 && behind <= Math.min(acknowledgedCount, size)
                || maxNumbers != Long.MAX_VALUE && sequence > 0 && sequence < oldest;
    }

    /// The number of the oldest message in flight; of the next one if there is none.
    int oldestSequence() {
        return oldest;
    }

    boolean isOldest(int sequence) {
        return count > 0 && sequence == oldest;
    }

    /// The payload of the oldest message in flight; the window must not be empty.
    Outgoing oldest() {
        return inFlight[slot(oldest)];
    }

    /// How far the oldest in flight has come; the window must not be empty.
    Progress progress() {
        return oldest().progress(offsets[slot(oldest)]);
    }

    boolean isOldestLastFragment() {
        return offsets[slot(oldest)] + maxPayloadBytes >= oldest().payload.length;
    }

    /// Removes the oldest message in flight.
    void acknowledgeOldest() {
        int slot = slot(oldest);
        bytes -= Math.min(maxPayloadBytes, inFlight[slot].payload.length - offsets[slot]) + OVERHEAD_BYTES;
        inFlight[slot] = null;
        oldest = SerialNumber.next(oldest);
        count--;
        acknowledgedCount++;
    }

    /// @param isOrdered whether the wire keeps the order, so that a number from before the window is a violation and not late
    /// @return false if the number is late
    /// @throws ProtocolException if the number is neither in flight nor the next one
    boolean canGoBackTo(int sequence, boolean isOrdered) throws ProtocolException {
        int first = SerialNumber.distance(oldest, sequence);
        boolean isLate = isLate(sequence);
        if (isLate ? isOrdered : first < 0 || first > count) {
            throw new ProtocolException("RESEND of " + sequence + ", which is not in flight");
        }
        return !isLate;
    }

    /// Sends everything in flight from this number on again.
    void goBack(int sequence, MessageSink sink) throws IOException {
        for (int i = SerialNumber.distance(oldest, sequence); i < count; i++) {
            sink.send(message((oldest + i) % Message.SEQUENCE_MODULUS));
        }
    }

    /// Sends the oldest and the newest message again.
    void resendEnds(MessageSink sink) throws IOException {
        if (count > 0) {
            sink.send(message(oldest));
        }
        if (count > 1) {
            sink.send(message((oldest + count - 1) % Message.SEQUENCE_MODULUS));
        }
    }

    /// How many fragments of the oldest request that is not answered in whole were acknowledged.
    ///
    /// @param next what is to be sent next, perhaps in part already; null if nothing
    private int acknowledgedFragments(Outgoing next) {
        if (count > 0) {
            return offsets[slot(oldest)] / maxPayloadBytes;
        }
        return next == null ? 0 : next.fragmentedBytes / maxPayloadBytes;
    }

    /// The number up to which every request was answered in whole.
    int acknowledged(Outgoing next) {
        return (oldest - 1 - acknowledgedFragments(next)) & Message.SEQUENCE_MODULUS - 1;
    }

    /// Whether a peer that has received everything up to this number can go on: it has what it acknowledged and no more than was
    /// sent, or it forgot the fragments of a request that was not complete.
    boolean canResumeFrom(int received, Outgoing next) {
        int ahead = SerialNumber.distance(oldest, received) + 1;
        return ahead >= 0 && ahead <= count || isForgotten(received, next);
    }

    /// Whether the peer acknowledged fragments that it does not have any more.
    boolean isForgotten(int received, Outgoing next) {
        return acknowledgedFragments(next) > 0 && received == acknowledged(next);
    }

    /// Puts what is in flight back into the outbox, to be sent again from the beginning of the oldest request.
    void rewind(Outbox outbox) {
        int fragments = acknowledgedFragments(outbox.peek());
        if (!outbox.isEmpty()) {
            outbox.peek().fragmentedBytes = 0;
        }
        for (int i = count - 1; i >= 0; i--) {
            int slot = slot(oldest + i);
            if (outbox.peek() != inFlight[slot]) {
                outbox.addFirst(inFlight[slot]);
            }
            outbox.peek().restart();
            inFlight[slot] = null;
        }
        oldest = (oldest - fragments) & Message.SEQUENCE_MODULUS - 1;
        acknowledgedCount -= fragments;
        count = 0;
        bytes = 0;
    }

    /// Whether the oldest in flight is an event that the peer has received.
    boolean isOldestEventUpTo(int received) {
        return count > 0 && oldest().isEvent() && SerialNumber.distance(oldest, received) >= 0;
    }

    /// Forgets the parts of an answer that arrived on another connection.
    void forgetParts() {
        if (count > 0) {
            oldest().forgetParts();
        }
    }

    /// Whether all in flight are requests, from their first fragment on, that pass the test.
    boolean allMatch(Predicate<byte[]> test) {
        for (int i = 0; i < count; i++) {
            int slot = slot(oldest + i);
            if (i == 0 && offsets[slot] > 0 || inFlight[slot].type != MessageType.DATA
                    || !test.test(inFlight[slot].payload)) {
                return false;
            }
        }
        return true;
    }

    private int slot(int sequence) {
        return sequence & inFlight.length - 1;
    }

    /// Arithmetic on 16-bit sequence numbers (RFC 1982).
    static final class SerialNumber {

        private SerialNumber() {
        }

        static int next(int number) {
            return (number + 1) % Message.SEQUENCE_MODULUS;
        }

        /// How far `to` is ahead of `from`: -32,768 .. 32,767, negative if it is behind.
        static int distance(int from, int to) {
            return (short) (to - from);
        }
    }

    /// Tells when the oldest message in flight is to be sent again (`docs/protocol.md`, section 4).
    ///
    /// The timeout follows the measured round trip as RFC 6298 has it, and doubles with each try. It does not look at the
    /// clock: each `now` is a [System#nanoTime].
    static final class RetransmitTimer {

        /// After so many repetitions without an answer the connection counts as lost.
        static final int MAX_TRIES = 5;
        /// Before the first round trip was measured.
        static final long INITIAL_NANOS = TimeUnit.SECONDS.toNanos(5);
        /// TCP hardly ever loses a message: with less, a busy peer would get messages twice.
        static final long MIN_NANOS = TimeUnit.SECONDS.toNanos(1);
        static final long MAX_NANOS = TimeUnit.SECONDS.toNanos(30);

        private boolean isRunning;
        private long startedAt;
        private int tries;
        private long smoothedNanos = -1;
        private long variationNanos;

        /// Starts: a message is in flight, and none was before.
        void start(long now) {
            isRunning = true;
            startedAt = now;
            tries = 0;
        }

        /// Starts anew: the oldest message in flight was answered, at least in part.
        ///
        /// @param isLast whether it was the only one
        void progressed(long now, boolean isLast) {
            start(now);
            isRunning = !isLast;
        }

        /// Begins the time anew: what is in flight has not left yet, or was just sent again for another reason.
        void postpone(long now) {
            startedAt = now;
        }

        /// Takes the round trip of a message that was sent only once.
        void measured(long nanos) {
            if (smoothedNanos < 0) {
                smoothedNanos = nanos;
                variationNanos = nanos / 2;
            } else {
                variationNanos += (Math.abs(smoothedNanos - nanos) - variationNanos) / 4;
                smoothedNanos += (nanos - smoothedNanos) / 8;
            }
        }

        /// The smoothed round trip; -1 before the first.
        long roundTripNanos() {
            return smoothedNanos;
        }

        /// Time for an answer to come before the message is sent again.
        long timeoutNanos() {
            return smoothedNanos < 0 ? INITIAL_NANOS
                    : Math.clamp(smoothedNanos + 4 * variationNanos, MIN_NANOS, MAX_NANOS);
        }

        /// Zero or less if a message is to be sent again; [Long#MAX_VALUE] while nothing is in flight.
        long nanosUntilDue(long now) {
            return isRunning ? (timeoutNanos() << tries) - (now - startedAt) : Long.MAX_VALUE;
        }

        /// The message was sent again.
        void retransmitted(long now) {
            tries++;
            startedAt = now;
        }

        boolean isExhausted() {
            return tries == MAX_TRIES;
        }
    }
}
