package dev.cipherlink.session;

import dev.cipherlink.command.Reply;
import dev.cipherlink.command.ReplyHandler.Progress;
import dev.cipherlink.message.Message;
import dev.cipherlink.message.Message.MessageType;
import dev.cipherlink.message.Message.Payload;
import dev.cipherlink.message.SessionParameters;
import dev.cipherlink.session.Outbox.EventQueue;
import dev.cipherlink.session.Outgoing.Failure;
import dev.cipherlink.session.SendWindow.RetransmitTimer;
import dev.cipherlink.session.Session.MessageSink;
import dev.cipherlink.session.Session.SessionIdentity;
import java.io.IOException;
import java.net.ProtocolException;
import java.util.Optional;
import java.util.function.Predicate;

/// The half of a session that numbers what it sends, keeps to the window, sends again what stays unanswered, and matches
/// answers.
///
/// All methods require the session's lock.
final class Sender {

    private enum State {
        OPEN,
        /// DISCONNECT was sent and is not acknowledged yet.
        DISCONNECTING,
        /// DISCONNECT was acknowledged.
        DISCONNECTED
    }

    private final Outbox outbox;
    private final EventQueue events;
    private final SendWindow window;
    /// Whether the wire keeps the order of messages and loses none while a connection lives: then a missing answer is a violation.
    private final boolean isOrdered;
    private final RetransmitTimer timer = new RetransmitTimer();
    private State state = State.OPEN;
    private boolean isUsedUp;
    /// The message whose round trip is being measured, while [#isMeasuring].
    private int measuredSequence;
    private long measuredSince;
    private boolean isMeasuring;
    /// Whether the oldest request was sent again, since its answer was missing.
    private boolean isAnswerAsked;
    private int wentBackTo = -1;
    private long wentBackAt;

    Sender(SessionIdentity identity, SessionParameters parameters, Outbox outbox, EventQueue events) {
        this.outbox = outbox;
        this.events = events;
        isOrdered = identity.reusesSequenceNumbers();
        window = new SendWindow(parameters, identity.reusesSequenceNumbers());
    }

    boolean isOpen() {
        return state == State.OPEN;
    }

    boolean isDisconnected() {
        return state == State.DISCONNECTED;
    }

    boolean isUsedUp() {
        return isUsedUp;
    }

    boolean isOldest(int sequence) {
        return window.isOldest(sequence);
    }

    int inFlight() {
        return window.count();
    }

    int inFlightBytes() {
        return window.bytes();
    }

    Optional<Progress> progress() {
        return window.isEmpty() ? Optional.empty() : Optional.of(window.progress());
    }

    long roundTripNanos() {
        return timer.roundTripNanos();
    }

    long timeoutNanos() {
        return timer.timeoutNanos();
    }

    /// Sends what the window permits, first from the outbox and then events. DISCONNECT waits until everything else is answered.
    /// Once the numbers of a version 1 session are used up, the rest stays in the outbox, and the session disconnects when
    /// everything sent is answered.
    void transmit(long now, MessageSink sink) throws IOException {
        while (state == State.OPEN && !window.isFull() && hasNext()) {
            Outgoing next = outbox.peek();
            if (next.type == MessageType.DISCONNECT) {
                if (window.isEmpty()) {
                    outbox.remove();
                    sendDisconnect(next, now, sink);
                }
                return;
            }
            if (next.fragmentedBytes == 0 && !window.hasNumbersFor(next)) {
                if (window.isEmpty()) {
                    isUsedUp = true;
                    sendDisconnect(Outgoing.disconnect(), now, sink);
                }
                return;
            }
            Message message = take(next, now);
            if (next.fragmentedBytes == next.payload.length) {
                outbox.remove();
            }
            sink.send(message);
        }
    }

    private boolean hasNext() {
        if (outbox.isEmpty()) {
            Outgoing event = events.poll();
            if (event != null) {
                outbox.add(event);
            }
        }
        return !outbox.isEmpty();
    }

    private void sendDisconnect(Outgoing disconnect, long now, MessageSink sink) throws IOException {
        state = State.DISCONNECTING;
        sink.send(take(disconnect, now));
    }

    /// Takes the next message of a payload into the window.
    private Message take(Outgoing next, long now) {
        if (window.isEmpty()) {
            timer.start(now);
        }
        Message message = window.send(next);
        if (!isMeasuring) {
            isMeasuring = true;
            measuredSequence = message.sequence();
            measuredSince = now;
        }
        return message;
    }

    /// Receives ACK, ERROR or PART.
    void receiveAnswer(Message message, long now, MessageSink sink) throws IOException {
        if (!message.intact()) {
            answerMissing("the checksum of an answer is wrong", now, sink);
            return;
        }
        switch (window.judge(message.sequence())) {
            case OLDEST -> takeAnswer(message, now, sink);
            case LATE -> {
                // Its request was sent again, and answered twice.
            }
            case AHEAD -> answerMissing("an answer overtook that of an older request", now, sink);
        }
    }

    private void takeAnswer(Message message, long now, MessageSink sink) throws IOException {
        Outgoing answered = window.oldest();
        boolean isLast = window.isOldestLastFragment();
        Reply reply = message.type() == MessageType.PART && isLast
                ? takePart(answered, message.payload(), now, sink)
                : Reply.received(message.payload().toBytes(), message.type() == MessageType.ERROR);
        if (reply == null) {
            return;
        }
        acknowledgeOldest(now);
        if (answered.type == MessageType.DISCONNECT) {
            state = State.DISCONNECTED;
        } else if (isLast) {
            answered.handler.answered(reply);
        }
    }

    /// @return the reply if this was its last part; else null
    private Reply takePart(Outgoing answered, Payload part, long now, MessageSink sink) throws IOException {
        return switch (answered.addPart(part, isOrdered)) {
            case COMPLETE -> answered.takeReply();
            case ADDED -> {
                timer.progressed(now, false);
                yield null;
            }
            case IGNORED -> null;
            case MISSING -> {
                answerMissing("a part of an answer is missing", now, sink);
                yield null;
            }
        };
    }

    private void acknowledgeOldest(long now) {
        if (isMeasuring && window.isOldest(measuredSequence)) {
            isMeasuring = false;
            timer.measured(now - measuredSince);
        }
        window.acknowledgeOldest();
        isAnswerAsked = false;
        timer.progressed(now, window.isEmpty());
    }

    /// Sends the oldest request again, once, so that its answer is sent again.
    private void answerMissing(String reason, long now, MessageSink sink) throws IOException {
        if (isOrdered) {
            throw new ProtocolException(reason);
        }
        if (!isAnswerAsked && !window.isEmpty()) {
            isAnswerAsked = true;
            goBack(window.oldestSequence(), now, sink);
        }
    }

    /// Receives RESEND: sends everything from this number on again, unless that was just done or the peer does not read.
    void receiveResend(int sequence, long now, MessageSink sink) throws IOException {
        if (!window.canGoBackTo(sequence, isOrdered)) {
            return;
        }
        boolean isRepeated = sequence == wentBackTo && now - wentBackAt < RetransmitTimer.MIN_NANOS;
        if (!isRepeated && !sink.isBacklogged()) {
            goBack(sequence, now, sink);
        }
    }

    private void goBack(int sequence, long now, MessageSink sink) throws IOException {
        wentBackTo = sequence;
        wentBackAt = now;
        isMeasuring = false;
        timer.postpone(now);
        window.goBack(sequence, sink);
    }

    long nanosUntilRetransmit(long now) {
        return timer.nanosUntilDue(now);
    }

    /// Begins the time of what is in flight anew: it is still being written.
    void postponeRetransmit(long now) {
        timer.postpone(now);
    }

    /// Sends the oldest message again, which was not answered in time, and the newest, which shows the peer how much it lacks.
    ///
    /// @return false if that was done too often: the connection counts as lost
    boolean retransmit(long now, MessageSink sink) throws IOException {
        if (timer.isExhausted()) {
            return false;
        }
        isMeasuring = false;
        isAnswerAsked = false;
        timer.retransmitted(now);
        window.resendEnds(sink);
        return true;
    }

    /// Goes on behind what another process sent and the peer has received.
    void restore(int received) {
        window.restore(received);
    }

    /// Whether [#resume] would accept this number.
    boolean canResumeFrom(int received) {
        return window.canResumeFrom(received, outbox.peek());
    }

    /// The number up to which every request was answered in whole. The fragments of the next request come behind it.
    int acknowledged() {
        return window.acknowledged(outbox.peek());
    }

    /// Goes on with another connection: drops the events that the peer has received, and sends everything else in flight again.
    /// Requests are sent even if the peer has received them: the duplicate brings the answer.
    ///
    /// @param received the highest number up to which the peer received everything
    /// @throws ProtocolException if that was never sent, or the peer lacks what it had acknowledged
    void resume(int received, long now, MessageSink sink) throws IOException {
        if (!window.canResumeFrom(received, outbox.peek())) {
            throw new ProtocolException("the peer has received up to " + received + ", which cannot be");
        }
        isMeasuring = false;
        isAnswerAsked = false;
        wentBackTo = -1;
        if (window.isForgotten(received, outbox.peek())) {
            window.rewind(outbox);
        } else {
            while (window.isOldestEventUpTo(received)) {
                Outgoing event = window.oldest();
                boolean isLast = window.isOldestLastFragment();
                window.acknowledgeOldest();
                if (isLast) {
                    event.acknowledged();
                }
            }
            window.forgetParts();
            window.goBack(window.oldestSequence(), sink);
        }
        timer.progressed(now, window.isEmpty());
    }

    /// Fails the requests in flight. One that was not sent to its end stays in the outbox, for another session to send from its
    /// beginning.
    void failInFlight(Failure failure) {
        while (!window.isEmpty()) {
            Outgoing outgoing = window.oldest();
            boolean isLast = window.isOldestLastFragment();
            window.acknowledgeOldest();
            if (isLast) {
                failure.tell(outgoing, true);
            } else {
                outgoing.fragmentedBytes = 0;
            }
        }
    }

    /// Whether every message in flight is a request, from its first fragment on, that passes the test.
    boolean isInFlightOnly(Predicate<byte[]> test) {
        return window.allMatch(test);
    }

    /// Puts what is in flight back into the outbox, for another session to send.
    void takeBack() {
        window.rewind(outbox);
    }
}
