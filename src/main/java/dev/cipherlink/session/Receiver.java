package dev.cipherlink.session;

import dev.cipherlink.budget.MemoryBudget;
import dev.cipherlink.command.Reply;
import dev.cipherlink.command.Reply.Outcome;
import dev.cipherlink.message.Message;
import dev.cipherlink.message.Message.MessageType;
import dev.cipherlink.message.Message.Payload;
import dev.cipherlink.message.SessionParameters;
import dev.cipherlink.session.ReceiveWindow.AnswerBatch;
import dev.cipherlink.session.Session.MessageSink;
import dev.cipherlink.session.Session.SessionIdentity;
import java.io.IOException;
import java.net.ProtocolException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
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

    /// A request that is put together from fragments, within the limit of a request and the memory of the process.
    static final class Fragments {

        /// For all requests of the process that are not complete: a fifth of the heap.
        static final MemoryBudget BUDGET = MemoryBudget.ofHeap(5);
        private static final String NO_MEMORY = "the server has no memory for a request of this size now; try again later";
        /// Time for the next fragment of a request to come.
        private static final Duration PATIENCE = Duration.ofSeconds(30);
        /// Time to wait for memory that other sessions have.
        private static final Duration MEMORY_PATIENCE = Duration.ofSeconds(15);
        /// Time for a request that holds what the largest needs, since others wait for it: this, and a second for each 16 KiB.
        private static final Duration WHOLE_PATIENCE = Duration.ofSeconds(60);
        private static final int SLOWEST_BYTES_PER_SECOND = 16 << 10;
        /// A request is large if it has more than this, and more than a 16th of the budget; a 64th where there is memory for one.
        private static final int LARGE_BYTES = 64 << 10;
        private static final int LARGE_SHARE = 16;
        private static final int LARGE_SHARE_OF_ONE = 64;

        private final String owner;
        private final int maxBytes;
        private final MemoryBudget budget;
        private final Runnable beforeWait;
        private final List<byte[]> fragments = new ArrayList<>(0);
        private int bytes;
        private long taken;
        private Payload request = Payload.EMPTY;
        private Reply refusal;
        /// When it began to hold what the largest request needs; 0 if it does not.
        private long wholeAt;
        /// When it is dropped unless another fragment comes; 0 if nothing is kept. Read by any thread.
        private volatile long dueAt;

        /// @param beforeWait called before memory is waited for: releases what other sessions must not wait for meanwhile
        Fragments(String owner, int maxBytes, MemoryBudget budget, Runnable beforeWait) {
            this.owner = owner;
            this.maxBytes = maxBytes;
            this.budget = budget;
            this.beforeWait = beforeWait;
        }

        /// The largest request that can run, a sixth of the heap: it is in memory twice then, beside the value of the one before.
        static long largestBytes(MemoryBudget budget) {
            return budget.bytes() / 6 * 5;
        }

        /// Whether fragments are waiting for their last one.
        boolean isBegun() {
            return bytes > 0 || refusal != null;
        }

        /// Bytes of memory that they take.
        long retainedBytes() {
            return bytes;
        }

        /// Copies a fragment behind the others; nothing is kept of a request that is refused. Blocks for up to 15 s while other
        /// sessions have the memory.
        ///
        /// @param now a [System#nanoTime]
        void add(Payload fragment, long now) {
            if (refusal != null) {
                return;
            }
            if (fragment.length() > maxBytes - bytes) {
                refuse("the request is larger than " + maxBytes + " bytes; send less at once", Outcome.REFUSED);
                return;
            }
            if (fragment.length() > largestBytes(budget) - bytes) {
                refuse("the server has memory for requests of up to " + largestBytes(budget) + " bytes only; send less at once, or ask its "
                        + "operator for a larger heap", Outcome.REFUSED);
                return;
            }
            if (!takeFor(bytes + fragment.length(), now)) {
                refuse(NO_MEMORY, Outcome.FAILED);
                return;
            }
            try {
                fragments.add(fragment.toBytes());
                bytes += fragment.length();
                dueAt = dueAt(now) | 1;
            } catch (OutOfMemoryError e) {
                refuse(NO_MEMORY, Outcome.FAILED);
            }
        }

        /// Takes memory for a request of so many bytes so far. One that is large for the budget takes at once what the largest needs:
        /// of several that grow at the same time, each would have a part and none enough.
        private boolean takeFor(int soFar, long now) {
            long whole = Math.min(maxBytes, largestBytes(budget));
            int share = whole > budget.bytes() / 2 ? LARGE_SHARE_OF_ONE : LARGE_SHARE;
            boolean isLarge = soFar > Math.max(LARGE_BYTES, budget.bytes() / share);
            long more = (isLarge ? whole : soFar) - taken;
            if (more <= 0) {
                return true;
            }
            if (!budget.tryTake(owner, more, taken)) {
                beforeWait.run();
                if (!budget.take(owner, more, taken, MEMORY_PATIENCE)) {
                    return false;
                }
            }
            taken += more;
            wholeAt = isLarge ? now | 1 : 0;
            return true;
        }

        private long dueAt(long now) {
            long next = now + PATIENCE.toNanos();
            long end = wholeAt + WHOLE_PATIENCE.plusSeconds(bytes / SLOWEST_BYTES_PER_SECOND).toNanos();
            return wholeAt != 0 && end - next < 0 ? end : next;
        }

        /// Whether the next fragment has been missing for too long, or the request comes too slowly. Any thread may ask.
        boolean isOverdue(long now) {
            long due = dueAt;
            return due != 0 && now - due > 0;
        }

        /// Forgets a request that does not go on; the rest of it, if it comes, is refused.
        void expire() {
            refuse("the rest of the request did not come in time; send it again", Outcome.REFUSED);
        }

        private void refuse(String reason, Outcome outcome) {
            clear();
            refusal = Reply.error(reason, outcome);
        }

        /// Joins the fragments, after the last one has come, unless the request is refused.
        ///
        /// @param why there is no memory to run the request; null if there is
        void complete(String why) {
            if (why != null) {
                refuse(why, Outcome.FAILED);
                return;
            }
            try {
                byte[] joined = new byte[bytes];
                int end = 0;
                for (byte[] fragment : fragments) {
                    System.arraycopy(fragment, 0, joined, end, fragment.length);
                    end += fragment.length;
                }
                fragments.clear();
                request = Payload.of(joined);
            } catch (OutOfMemoryError e) {
                refuse(NO_MEMORY, Outcome.FAILED);
            }
        }

        /// The joined request; empty before [#complete], and after [#clear].
        Payload request() {
            return request;
        }

        /// The answer that says why there is no request; null if there is one.
        Reply refusal() {
            return refusal;
        }

        /// Forgets them, and gives back what they took.
        void clear() {
            fragments.clear();
            request = Payload.EMPTY;
            bytes = 0;
            refusal = null;
            wholeAt = 0;
            dueAt = 0;
            budget.giveBack(owner, taken);
            taken = 0;
        }
    }
}
