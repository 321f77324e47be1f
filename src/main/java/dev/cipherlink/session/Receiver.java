package dev.cipherlink.session;

import dev.cipherlink.command.Reply;
import dev.cipherlink.message.Message;
import dev.cipherlink.message.Message.MessageType;
import dev.cipherlink.message.Message.Payload;
import dev.cipherlink.message.SessionParameters;
import dev.cipherlink.session.SendWindow.SerialNumber;
import java.io.IOException;
import java.net.ProtocolException;
import java.util.Map;

/// The half of a session that takes in the peer's numbered messages, runs each once, and answers it.
///
/// All methods but [#completeBatch] require the session's lock.
final class Receiver {

    private final SessionParameters parameters;
    private final RequestHandler handler;
    private final ReceiveWindow window;
    private final Fragments fragments;
    private final AnswerBatch answers;
    private boolean isDisconnected;
    private boolean isRestored;
    private boolean isResendDue;
    private long resendAskedAt;

    Receiver(SessionIdentity identity, SessionParameters parameters, RequestHandler handler) {
        this.parameters = parameters;
        this.handler = handler;
        window = new ReceiveWindow(parameters, identity, ReceiveWindow.BUDGET);
        fragments = new Fragments(identity.owner(), identity.maxRequestBytes(), Fragments.BUDGET, handler::beforeWait);
        answers = new AnswerBatch();
    }

    /// Whether the peer has ended the session.
    boolean isDisconnected() {
        return isDisconnected;
    }

    /// The highest number up to which everything was accepted; 65,535 or the like before the first.
    int received() {
        return SerialNumber.previous(window.expected());
    }

    /// Bytes kept for duplicates and of a request that is not complete.
    long retainedBytes() {
        return window.retainedBytes() + fragments.retainedBytes();
    }

    /// Whether the answers so far are to be sent before more messages are taken in.
    boolean isBatchFull() {
        return handler.endsBatch() || answers.isFull() && !(answers.isExtensible() && handler.mayExtendBatch() && answers.extend());
    }

    /// Whether answers have memory that others may wait for, until [#answersWritten].
    boolean holdsMemory() {
        return handler.holdsMemory();
    }

    /// The answers of the batch are on the wire, or never will be. By the thread that runs requests; the lock need not be held.
    void answersWritten() {
        handler.answersWritten();
    }

    /// Whether a request has been waiting for its next fragment for too long. Any thread may ask, without the lock.
    boolean isFragmentOverdue(long now) {
        return fragments.isOverdue(now);
    }

    /// Drops a request that has been waiting for its next fragment for too long.
    void expireFragments(long now) {
        if (fragments.isOverdue(now)) {
            fragments.expire();
        }
    }

    /// Takes in DATA or DISCONNECT; answers wait for [#sendAnswers].
    ///
    /// @param repeatNanos after which a gap that is still there is asked for again
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
            Reply reply;
            if (fragments.refusal() == null) {
                reply = handler.handle(message.sequence(), request);
            } else {
                reply = Reply.error(fragments.refusal());
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

    /// A duplicate is known by its number alone: what it carries is not looked at, unless another process answered it.
    private void answerAgain(Message message) {
        int sequence = message.sequence();
        Reply answer = window.keptAnswer(sequence);
        byte[] request = window.keptRequest(sequence);
        if (message.type() == MessageType.DISCONNECT) {
            answers.add(sequence, AnswerBatch.EMPTY);
        } else if (answer != null) {
            answers.add(sequence, answer);
        } else if (request != null) {
            answers.add(sequence, handler.repeat(sequence, Payload.of(request)));
        } else if (isRestored) {
            answers.add(sequence, message.more() ? AnswerBatch.EMPTY : handler.repeat(sequence, message.payload()));
        } else {
            answers.add(sequence, Session.NOT_KEPT);
        }
    }

    /// Waits until the changes of the batch are durable. Blocks; the lock must not be held.
    void completeBatch() {
        handler.completeBatch();
    }

    /// Sends the answers of the batch, and asks for what is missing behind it.
    ///
    /// @return false if the peer has to read before the rest is sent
    boolean sendAnswers(MessageSink sink) throws IOException {
        boolean isSent = answers.send(parameters.maxPayloadBytes(), sink);
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

    /// Continues what another process accepted, with the answers that it recorded.
    void restore(long accepted, Map<Integer, Reply> recorded) {
        isRestored = true;
        window.restore(accepted);
        recorded.forEach((sequence, answer) -> window.answered(sequence, answer, Payload.EMPTY));
    }

    /// The peer has the answers up to this number: what is not recorded of them has changed nothing.
    void skipTo(int acknowledged) {
        window.skipTo(acknowledged);
    }

    /// The connection has ended: what of the batch was not sent is lost with it.
    void forgetAnswers() {
        // First, since it allocates nothing: others wait for that memory.
        handler.answersWritten();
        answers.clear();
    }

    /// The session goes on with another connection: what was on its way on the old one is lost.
    void resume() {
        isResendDue = false;
        window.answersSent();
        window.forgetGap();
    }

    /// Nothing will be received any more.
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
