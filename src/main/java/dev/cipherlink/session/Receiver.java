package dev.cipherlink.session;

import dev.cipherlink.command.Reply;
import dev.cipherlink.message.Message;
import dev.cipherlink.message.Message.MessageType;
import dev.cipherlink.message.Message.Payload;
import dev.cipherlink.message.SessionParameters;
import dev.cipherlink.session.ReceiveWindow.AnswerBatch;
import dev.cipherlink.session.Session.MessageSink;
import dev.cipherlink.session.Session.SessionIdentity;
import java.io.IOException;
import java.net.ProtocolException;
import java.util.Map;

/// The half of a session that receives the peer's numbered messages, runs each once, and answers it.
///
/// All methods require the session's lock, unless they say otherwise.
final class Receiver {

    private final int maxPayloadBytes;
    private final RequestHandler handler;
    private final ReceiveWindow window;
    private final Fragments fragments;
    private final AnswerBatch answers;
    private boolean isDisconnected;
    private boolean isRestored;
    private boolean isResendDue;
    private long resendAskedAt;

    Receiver(SessionIdentity identity, SessionParameters parameters, RequestHandler handler) {
        maxPayloadBytes = parameters.maxPayloadBytes();
        this.handler = handler;
        window = new ReceiveWindow(parameters, identity, ReceiveWindow.BUDGET);
        fragments = new Fragments(identity.owner(), identity.maxRequestBytes(), Fragments.BUDGET, handler::beforeWait);
        answers = new AnswerBatch();
    }

    /// Whether the peer has ended the session.
    boolean isDisconnected() {
        return isDisconnected;
    }

    /// The highest number up to which everything was accepted; 0 before the first.
    int received() {
        return window.received();
    }

    /// Bytes kept for duplicates and of a request that is not complete.
    long retainedBytes() {
        return window.retainedBytes() + fragments.retainedBytes();
    }

    /// Whether the answers so far are to be sent before more messages are taken in.
    boolean isBatchFull() {
        if (answers.isFull() && answers.isExtensible() && handler.mayExtendBatch()) {
            answers.extend();
        }
        return handler.endsBatch() || answers.isFull();
    }

    /// Whether answers hold memory that other sessions may wait for, until [#answersWritten]. By the reading thread; needs no lock.
    boolean holdsMemory() {
        return handler.holdsMemory();
    }

    /// Releases the memory of the batch's answers: they are on the wire, or never will be. By the reading thread; needs no lock.
    void answersWritten() {
        handler.answersWritten();
    }

    /// Whether a request's next fragment has been missing for too long. Any thread may ask, without the lock.
    boolean isFragmentOverdue(long now) {
        return fragments.isOverdue(now);
    }

    /// Drops a request whose next fragment has been missing for too long.
    void expireFragments(long now) {
        if (fragments.isOverdue(now)) {
            fragments.expire();
        }
    }

    /// Receives DATA or DISCONNECT; the answer waits for [#sendAnswers].
    ///
    /// @param repeatNanos the time after which a gap that is still there is asked for again
    /// @throws ProtocolException if the peer broke the rules
    void receive(Message message, long now, long repeatNanos) throws ProtocolException {
        switch (window.judge(message)) {
            case ACCEPT -> {
                window.accept();
                isResendDue = false;
                accept(message, now);
            }
            case DUPLICATE -> answerAgain(message);
            case LATE -> {
                // A copy that the network kept for a while.
            }
            case MISSING -> {
                if (window.askResend() || now - resendAskedAt >= repeatNanos) {
                    resendAskedAt = now;
                    isResendDue = true;
                }
            }
        }
    }

    private void accept(Message message, long now) {
        if (message.type() == MessageType.DISCONNECT) {
            answer(message.sequence(), AnswerBatch.EMPTY, Payload.EMPTY);
            isDisconnected = true;
        } else if (!message.more() && !fragments.isBegun()) {
            answer(message.sequence(), handler.handle(message.sequence(), message.payload()), message.payload());
        } else {
            acceptFragment(message, now);
        }
    }

    private void acceptFragment(Message message, long now) {
        fragments.add(message.payload(), now);
        if (message.more()) {
            answer(message.sequence(), AnswerBatch.EMPTY, Payload.EMPTY);
            return;
        }
        try {
            if (fragments.refusal() == null) {
                fragments.complete(handler.prepare((int) fragments.retainedBytes()));
            }
            Payload request = fragments.request();
            Reply reply = fragments.refusal();
            if (reply == null) {
                reply = handler.handle(message.sequence(), request);
            } else {
                handler.refused(message.sequence(), reply);
            }
            answer(message.sequence(), reply, request);
        } finally {
            fragments.clear();
        }
    }

    private void answer(int sequence, Reply reply, Payload request) {
        if (!window.answered(sequence, reply, request)) {
            handler.notKept(sequence);
        }
        answers.add(sequence, reply);
    }

    /// A duplicate is known by its number alone: its payload is not read, unless another process answered the request.
    private void answerAgain(Message message) {
        int sequence = message.sequence();
        Reply answer = window.keptAnswer(sequence);
        byte[] request = window.keptRequest(sequence);
        Reply stored;
        if (message.type() == MessageType.DISCONNECT) {
            answers.add(sequence, AnswerBatch.EMPTY);
        } else if (answer != null) {
            answers.add(sequence, answer);
        } else if (!message.more() && (stored = handler.stored(sequence)) != null) {
            answers.add(sequence, stored);
        } else if (request != null) {
            answers.add(sequence, handler.repeat(sequence, Payload.of(request)));
        } else if (isRestored) {
            answers.add(sequence, message.more() ? AnswerBatch.EMPTY : handler.repeat(sequence, message.payload()));
        } else {
            answers.add(sequence, Session.NOT_KEPT);
        }
    }

    /// Commits the changes of the batch. Blocks until they are durable; the lock must not be held.
    void completeBatch() {
        handler.completeBatch();
    }

    /// Sends the answers of the batch, then asks for missing messages.
    ///
    /// @return false if the peer has to read before the rest is sent
    boolean sendAnswers(MessageSink sink) throws IOException {
        boolean isSent = answers.send(maxPayloadBytes, sink);
        if (isSent && isResendDue) {
            isResendDue = false;
            sink.send(Message.of(MessageType.RESEND, window.expected(), Payload.EMPTY));
        }
        return isSent;
    }

    /// The answers so far are on their way to the peer.
    void answersSent() {
        window.answersSent();
    }

    /// Continues what another process received, with the answers that it recorded.
    void restore(long received, Map<Integer, Reply> recorded) {
        isRestored = true;
        window.restore(received);
        recorded.forEach((sequence, answer) -> window.answered(sequence, answer, Payload.EMPTY));
    }

    /// Passes over requests whose answers the peer has: those that are not recorded have changed nothing.
    void skipTo(int acknowledged) {
        window.skipTo(acknowledged);
    }

    /// Forgets the answers of the batch that were not sent: the connection has ended.
    void forgetAnswers() {
        // First, since it allocates nothing, and other sessions wait for the memory.
        handler.answersWritten();
        answers.clear();
        answers.rest();
    }

    /// Drops memory that it does not need at rest.
    void rest() {
        answers.rest();
    }

    /// Goes on with another connection: what was on its way on the old one is lost.
    void resume() {
        isResendDue = false;
        window.answersSent();
        window.forgetGap();
    }

    /// Gives back all memory: nothing will be received any more.
    void forget() {
        fragments.clear();
        window.forget();
    }

    /// The session is over: nothing will be received any more.
    void end() {
        forget();
        handler.end();
    }
}
