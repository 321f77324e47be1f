package dev.cipherlink.session;

import dev.cipherlink.command.Reply;
import dev.cipherlink.command.ReplyHandler.Progress;
import dev.cipherlink.crypto.Sodium;
import dev.cipherlink.message.Message;
import dev.cipherlink.message.SessionParameters;
import dev.cipherlink.session.Link.KeepaliveTimer.Keepalives;
import dev.cipherlink.session.Outbox.EventQueue;
import dev.cipherlink.session.Outgoing.Failure;
import dev.cipherlink.session.SendWindow.SerialNumber;
import dev.cipherlink.session.SessionHandshake.RefusedException;
import java.io.IOException;
import java.net.ProtocolException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import java.util.function.Supplier;

/// The data phase of the protocol as a state machine, the same on both sides (`docs/protocol.md`, sections 4 and 5).
///
/// It numbers what it sends, keeps both sides to the window, runs each request of the peer once, and matches answers by number. It
/// outlives its connections: a [Link] attaches it to one after the other, and works with its two halves, [#sender] and
/// [#receiver].
///
/// It has no socket, thread or clock: messages come in through [#receive] and leave through a sink, and each `now` is a
/// [System#nanoTime]. The public methods take the lock of the session's [Outbox]; all others require it.
public final class Session {

    /// In place of an answer that is larger than this, its request is kept for duplicates if that is shorter, and runs again.
    public static final int MAX_STORED_REPLY_BYTES = 1_024;
    /// The answer to a duplicate whose answer was not kept, and which must not run again.
    public static final Reply NOT_KEPT = Reply.error("the answer was lost on its way, and was too large to be kept; ask again");
    private static final int MAX_WAITING_EVENTS = 256;
    private static final long MAX_WAITING_EVENT_BYTES = 1 << 20;

    private final SessionIdentity identity;
    private final SessionParameters parameters;
    private final Outbox outbox;
    private final ReentrantLock lock;
    private final EventQueue events = new EventQueue(MAX_WAITING_EVENTS, MAX_WAITING_EVENT_BYTES);
    final Sender sender;
    final Receiver receiver;
    private final Keepalives keepalives;
    private Runnable eventsSentListener = () -> { };
    private boolean isFailed;
    /// True from [#restored] until it is resumed: only the peer knows what the other process sent.
    private boolean isRestored;

    public Session(SessionIdentity identity, SessionParameters parameters, Outbox outbox, RequestHandler handler) {
        this.identity = identity;
        this.parameters = parameters;
        this.outbox = outbox;
        lock = outbox.lock();
        sender = new Sender(identity, parameters, outbox, events);
        receiver = new Receiver(identity, parameters, handler);
        keepalives = new Keepalives(identity.keepaliveToken());
    }

    /// Makes a new session one that another process had, to be resumed. Its undelivered events are lost.
    ///
    /// @param received how many messages of the peer had been received, fragments included
    /// @param answers  by sequence number: those of the last window to requests that changed something
    public static Session restored(Session fresh, long received, Map<Integer, Reply> answers) {
        fresh.receiver.restore(received, answers);
        fresh.isRestored = true;
        return fresh;
    }

    /// The largest request for which the process has memory.
    public static long largestRequestBytes() {
        return Fragments.largestBytes(Fragments.BUDGET);
    }

    public SessionIdentity identity() {
        return identity;
    }

    public SessionParameters parameters() {
        return parameters;
    }

    Outbox outbox() {
        return outbox;
    }

    // Used by any thread.

    /// Queues an event for the peer; it waits while no link is attached. Never blocks and takes no lock of a session, so that the
    /// handler of another session may call it.
    ///
    /// @return false if too many are waiting: this one is dropped
    public boolean push(byte[] event) {
        return push(event, () -> { });
    }

    /// Queues an event for the peer, with a receipt.
    ///
    /// @param acknowledged called under the session's lock when the peer has the event; never if the session ends before
    public boolean push(byte[] event, Runnable acknowledged) {
        boolean isTaken = events.offer(Outgoing.event(event, acknowledged));
        outbox.pushSignal().request();
        return isTaken;
    }

    /// Whether it has a connection now. Takes no lock.
    public boolean isAttached() {
        return outbox.isAttached();
    }

    /// Sets the listener that is called when all waiting events have been sent after [#push] had refused one. It is called under the
    /// session's lock, and may push.
    public void onEventsSent(Runnable listener) {
        underLock(() -> eventsSentListener = listener);
    }

    /// Ends the session without further answers: closes the outbox, fails all requests without an answer, in order, and ends the
    /// handler.
    ///
    /// @throws RuntimeException the first that a reply handler threw, after all were called
    public void abandon(IOException cause) {
        lock.lock();
        try {
            isFailed = true;
            // First, so that a reply handler that sends its request again is refused.
            outbox.close(cause);
            var failure = new Failure(cause);
            sender.failInFlight(failure);
            // These were not sent to their end, so they did not run.
            while (!outbox.isEmpty()) {
                Outgoing outgoing = outbox.peek();
                outbox.remove();
                failure.tell(outgoing, false);
            }
            receiver.end();
            failure.rethrow();
        } finally {
            lock.unlock();
        }
    }

    /// Ends the session; another one will send what is left in the outbox. Fails the requests in flight, unless all of them pass the
    /// test: then the other session sends them again.
    ///
    /// @param isRepeatable whether a request may run twice
    /// @return how many failed
    /// @throws RuntimeException the first that a reply handler threw, after all were called
    public int handOver(IOException cause, Predicate<byte[]> isRepeatable) {
        lock.lock();
        try {
            isFailed = true;
            receiver.forget();
            if (sender.isInFlightOnly(isRepeatable)) {
                sender.takeBack();
                return 0;
            }
            var failure = new Failure(cause);
            sender.failInFlight(failure);
            failure.rethrow();
            return failure.count();
        } finally {
            lock.unlock();
        }
    }

    /// How many messages were sent and are not answered.
    public int inFlight() {
        return underLock(() -> sender.inFlight());
    }

    /// How far the oldest request without an answer has come; empty if there is none.
    public Optional<Progress> progress() {
        return underLock(() -> sender.progress());
    }

    /// The smoothed round trip of a request in nanoseconds; -1 before the first.
    public long roundTripNanos() {
        return underLock(() -> sender.roundTripNanos());
    }

    /// The highest number up to which everything was received.
    public int received() {
        return underLock(() -> receiver.received());
    }

    /// The number up to which every request was answered in whole.
    public int acknowledged() {
        return underLock(() -> sender.acknowledged());
    }

    /// Whether the session can be resumed.
    ///
    /// @param received the highest number up to which the peer received everything
    public boolean canResumeFrom(int received) {
        return underLock(() -> !isFailed && end() == null && (isRestored || sender.canResumeFrom(received)));
    }

    /// [#received], as far as the peer knows better: the last messages that another process received may not be recorded.
    ///
    /// @param acknowledged the number up to which each of the peer's requests was answered in whole; -1 if unknown
    public int received(int acknowledged) {
        return underLock(() -> isRestored && acknowledged >= 0
                && SerialNumber.distance(receiver.received(), acknowledged) > 0 ? acknowledged : receiver.received());
    }

    /// Whether it ended for good: by DISCONNECT, a broken rule, or a failure of our own.
    public boolean isOver() {
        return underLock(() -> isFailed || end() != null);
    }

    /// Whether every request of the outbox has its answer; only DISCONNECT may be on its way.
    public boolean isSettled() {
        return underLock(() -> (sender.inFlight() == 0 || !sender.isOpen()) && outbox.isEmptyButForDisconnect());
    }

    /// Whether it ended because its numbers were used up: what is left in the outbox waits for another session.
    public boolean isUsedUp() {
        return underLock(() -> sender.isUsedUp());
    }

    /// Bytes of memory that it keeps while no link is attached, about.
    public long retainedBytes() {
        return underLock(() -> receiver.retainedBytes() + sender.inFlightBytes() + outbox.bytes() + events.bytes());
    }

    private <T> T underLock(Supplier<T> action) {
        lock.lock();
        try {
            return action.get();
        } finally {
            lock.unlock();
        }
    }

    // Used by the attached link.

    /// Goes on where the last connection ended; see [Link#resume].
    void resume(int received, int acknowledged, long now, MessageSink sink) throws IOException {
        if (isRestored) {
            isRestored = false;
            sender.restore(received);
            if (acknowledged >= 0) {
                receiver.skipTo(acknowledged);
            }
        }
        receiver.resume();
        sender.resume(received, now, sink);
    }

    /// Sends what the window permits, unless the peer has ended the session.
    void transmit(long now, MessageSink sink) throws IOException {
        if (!receiver.isDisconnected()) {
            sender.transmit(now, sink);
            if (events.hasRecovered()) {
                eventsSentListener.run();
            }
        }
    }

    /// Receives one message of the peer. Its answer waits for [Receiver#sendAnswers]; repetitions are sent at once.
    ///
    /// @throws ProtocolException if the peer broke the rules: the session is over, and the caller tells the peer
    /// @throws RefusedException  if the peer says that we broke them
    void receive(Message message, long now, MessageSink sink) throws IOException {
        try {
            switch (message.type()) {
                case DATA, DISCONNECT -> receiver.receive(message, now, sender.timeoutNanos());
                case ACK, ERROR, PART -> receiveAnswer(message, now, sink);
                case KEEPALIVE -> keepalives.receive(message, sink);
                case RESEND -> sender.receiveResend(message.sequence(), now, sink);
                case SYN, SYN_ACK -> throw new ProtocolException(message.type() + " after the handshake");
                case PADDING -> throw new ProtocolException("PADDING is for the reader of the packet alone");
            }
        } catch (ProtocolException | RefusedException e) {
            isFailed = true;
            throw e;
        }
    }

    private void receiveAnswer(Message message, long now, MessageSink sink) throws IOException {
        if (message.sequence() != 0 || !message.intact() || !isAboutConnection(message)) {
            sender.receiveAnswer(message, now, sink);
        }
    }

    /// Sequence 0 stands for the connection. After 65,535 it is a request's number, too: while that request is the oldest in flight,
    /// only the answer to a keepalive can be told from its answer.
    private boolean isAboutConnection(Message message) throws RefusedException {
        boolean isRequest = sender.isOldest(0);
        return switch (message.type()) {
            case ACK -> keepalives.isAnswer(message.payload()) || !isRequest;
            case ERROR -> {
                if (!isRequest) {
                    throw new RefusedException(Reply.received(message.payload().toBytes(), true).reason());
                }
                yield false;
            }
            default -> false;
        };
    }

    /// Asks the peer for a sign of life.
    void keepAlive(MessageSink sink) throws IOException {
        keepalives.ask(sink);
    }

    /// Drops a request whose next fragment has been missing for too long. Takes the lock only for that, and only if it is free.
    public void expireFragments(long now) {
        if (receiver.isFragmentOverdue(now) && lock.tryLock()) {
            try {
                receiver.expireFragments(now);
            } finally {
                lock.unlock();
            }
        }
    }

    /// Whether something waits to be sent.
    boolean isSending() {
        return outbox.pushSignal().isRequested() || isOpen() && !(outbox.isEmpty() && events.isEmpty());
    }

    /// Whether new requests can be sent in this session.
    boolean isOpen() {
        return sender.isOpen() && !receiver.isDisconnected();
    }

    /// Ends the session after a batch that failed half-way: it is unknown what ran, so that it cannot be resumed.
    void fail() {
        isFailed = true;
    }

    /// Why the session is over by DISCONNECT of either side; null while it is not.
    CloseReason end() {
        if (receiver.isDisconnected()) {
            return CloseReason.PEER_DISCONNECTED;
        }
        return sender.isDisconnected() ? CloseReason.DISCONNECTED : null;
    }

    /// The two ends of a session, and the limits of its wire.
    ///
    /// @param id              128 random bits in hex, chosen by the server
    /// @param owner           the client; its sessions share its part of the server's memory
    /// @param name            the name the server knows the client by
    /// @param reusesSequenceNumbers whether sequence numbers may be used again after 65,535; not in version 1, where they
    ///                        are what stops the replay of a packet
    /// @param maxRequestBytes the largest request that is put together from fragments
    /// @param keepaliveToken  the payload of our KEEPALIVEs: random, so that its answer is told apart from others
    public record SessionIdentity(String id, String owner, String name, boolean reusesSequenceNumbers, int maxRequestBytes,
                                  byte[] keepaliveToken) {

        private static final int KEEPALIVE_TOKEN_BYTES = 16;

        /// With a fresh token.
        public SessionIdentity(String id, String owner, String name, boolean reusesSequenceNumbers, int maxRequestBytes) {
            this(id, owner, name, reusesSequenceNumbers, maxRequestBytes, new byte[KEEPALIVE_TOKEN_BYTES]);
            Sodium.randomBytes(keepaliveToken);
        }
    }

    /// Takes the messages that a session sends; its owner flushes them onto the wire.
    @FunctionalInterface
    interface MessageSink {

        /// @throws IOException if nothing can be sent any more
        void send(Message message) throws IOException;

        /// Whether the peer is too far behind with reading to be sent repetitions.
        default boolean isBacklogged() {
            return false;
        }
    }
}
