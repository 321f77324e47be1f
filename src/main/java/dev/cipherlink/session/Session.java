package dev.cipherlink.session;

import dev.cipherlink.command.Reply;
import dev.cipherlink.message.Message;
import dev.cipherlink.message.SessionParameters;
import dev.cipherlink.session.KeepaliveTimer.Keepalives;
import dev.cipherlink.session.Outbox.EventQueue;
import dev.cipherlink.session.Outgoing.Failure;
import dev.cipherlink.session.Outgoing.Progress;
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
/// It numbers what it sends, keeps both sides to the window, runs each request of the peer once, matches answers by
/// number, and outlives its connections: a [Link] attaches it to one after the other.
///
/// It has no socket, thread or clock: messages come in through [#receive], and leave through a sink that is given with
/// each call, as is the time, a [System#nanoTime]. The public methods take the lock of the session's [Outbox]; all others
/// require it, but for [#completeBatch].
public final class Session {

    /// Of an answer that is larger, the request is kept for duplicates if it is shorter, and runs again.
    public static final int MAX_STORED_REPLY_BYTES = 1_024;
    /// In the place of an answer that cannot be given again, and is not to be made again.
    public static final Reply NOT_KEPT = Reply.error("the answer was lost on its way, and was too large to be kept; ask again");
    private static final int MAX_WAITING_EVENTS = 256;
    private static final long MAX_WAITING_EVENT_BYTES = 1 << 20;

    private final SessionIdentity identity;
    private final SessionParameters parameters;
    private final Outbox outbox;
    private final ReentrantLock lock;
    private final EventQueue events = new EventQueue(MAX_WAITING_EVENTS, MAX_WAITING_EVENT_BYTES);
    private final Sender sender;
    private final Receiver receiver;
    private final Keepalives keepalives;
    private Runnable eventRoomListener = () -> { };
    private boolean isFailed;
    /// Until it is resumed: what was sent by the other process is known to the peer only.
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

    /// A session that another process had, to be resumed: without the events that it had not delivered.
    ///
    /// @param accepted how many messages of the peer had been accepted, fragments included
    /// @param answers  by sequence number: those of the last window to requests that changed something
    public static Session restored(Session fresh, long accepted, Map<Integer, Reply> answers) {
        fresh.receiver.restore(accepted, answers);
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

    /// Queues an event for the peer. Never blocks, and takes no lock of a session: a handler of another may call it.
    /// While no link is attached, the event waits for the resume.
    ///
    /// @return false if too many are waiting; then this one is dropped
    public boolean push(byte[] event) {
        return push(event, () -> { });
    }

    /// The same, with somebody to tell.
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

    /// Sets who is told when every waiting event has been sent after [#push] had refused one. It is called under the
    /// session's lock, and may push.
    public void onEventRoom(Runnable listener) {
        underLock(() -> eventRoomListener = listener);
    }

    /// No answer will come any more: closes the outbox, tells it to everybody who waits for an answer, in order, and ends
    /// the handler.
    ///
    /// @throws RuntimeException what the first handler threw that did, after all were told
    public void abandon(IOException cause) {
        lock.lock();
        try {
            isFailed = true;
            // Closed first: a handler that sends again because its request failed is refused.
            outbox.close(cause);
            var failure = new Failure(cause);
            sender.failInFlight(failure);
            // Not sent, or not to their end: they did not run.
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

    /// The session is over, and another will send what is left in the outbox: tells those who wait for an answer that
    /// none will come. If all in flight pass the test, the other session sends them as well.
    ///
    /// @param isRepeatable whether a request may run twice
    /// @return how many were told
    /// @throws RuntimeException what the first handler threw that did, after all were told
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

    /// The highest number up to which everything was accepted from the peer.
    public int received() {
        return underLock(() -> receiver.received());
    }

    /// The highest number up to which every request was answered in whole.
    public int acknowledged() {
        return underLock(() -> sender.acknowledged());
    }

    /// Whether another connection can go on from what the peer says.
    ///
    /// @param peerReceived the highest number up to which the peer accepted everything
    public boolean canResumeFrom(int peerReceived) {
        return underLock(() -> !isFailed && end() == null && (isRestored || sender.canResumeFrom(peerReceived)));
    }

    /// The highest number up to which everything was accepted from a peer that has answers to all requests up to
    /// `peerAcknowledged`: what another process accepted last may not be recorded.
    ///
    /// @param peerAcknowledged -1 if unknown
    public int received(int peerAcknowledged) {
        return underLock(() -> isRestored && peerAcknowledged >= 0
                && SerialNumber.distance(receiver.received(), peerAcknowledged) > 0 ? peerAcknowledged : receiver.received());
    }

    /// Whether it ended for good: by DISCONNECT, a broken rule, or a failure of our own.
    public boolean isOver() {
        return underLock(() -> isFailed || end() != null);
    }

    /// Whether every request of the outbox has its answer; only DISCONNECT may be on its way.
    public boolean isSettled() {
        return underLock(() -> (sender.inFlight() == 0 || !sender.isOpen()) && outbox.isEmptyButForDisconnect());
    }

    /// Whether it ended by itself, since its numbers were used up: what is left in the outbox waits for another session.
    public boolean isUsedUp() {
        return underLock(() -> sender.isUsedUp());
    }

    /// About how many bytes of memory it keeps while no link is attached.
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

    // Used by the link that is attached.

    /// Goes on where the last connection ended.
    ///
    /// @param peerReceived     the highest number that the peer has accepted
    /// @param peerAcknowledged the number up to which each of the peer's requests was answered in whole; -1 if unknown
    /// @throws ProtocolException if that cannot be
    void resume(int peerReceived, int peerAcknowledged, long now, MessageSink sink) throws IOException {
        if (isRestored) {
            isRestored = false;
            sender.restore(peerReceived);
            if (peerAcknowledged >= 0) {
                receiver.skipTo(peerAcknowledged);
            }
        }
        receiver.resume();
        sender.resume(peerReceived, now, sink);
    }

    /// Sends what the window permits, unless the peer has ended the session.
    void transmit(long now, MessageSink sink) throws IOException {
        if (!receiver.isDisconnected()) {
            sender.transmit(now, sink);
            if (events.hasRecovered()) {
                eventRoomListener.run();
            }
        }
    }

    /// Takes in one message of the peer. Answers wait for [#sendAnswers]; what is sent again, is sent at once.
    ///
    /// @throws ProtocolException if the peer broke the rules: it is told so, and the session is over
    /// @throws RefusedException  if the peer says that we did
    void receive(Message message, long now, MessageSink sink) throws IOException {
        try {
            switch (message.type()) {
                case DATA, DISCONNECT -> receiver.receive(message, now, sender.timeoutNanos());
                case ACK, ERROR, PART -> receiveAnswer(message, now, sink);
                case KEEPALIVE -> keepalives.receive(message, sink);
                case RESEND -> sender.receiveResend(message.sequence(), now, sink);
                case SYN, SYN_ACK -> throw new ProtocolException(message.type() + " after the handshake");
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

    /// Sequence 0 stands for the connection, but after 65,535 it also is a request's number: while that one is the
    /// oldest in flight, only the answer to a keepalive is told apart.
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

    /// Makes durable what the messages that arrived together have changed. Blocks; the lock must not be held.
    void completeBatch() {
        receiver.completeBatch();
    }

    /// Sends the answers to the messages that arrived together.
    ///
    /// @return false if the peer has to read before the rest is sent
    boolean sendAnswers(MessageSink sink) throws IOException {
        return receiver.sendAnswers(sink);
    }

    /// The connection has ended: what of those answers was not sent is lost with it.
    void forgetAnswers() {
        receiver.forgetAnswers();
    }

    /// The answers so far are on their way to the peer.
    void answersSent() {
        receiver.answersSent();
    }

    /// Whether the answers that wait for [#sendAnswers] are to be sent before more messages are taken in.
    boolean isBatchFull() {
        return receiver.isBatchFull();
    }

    /// Whether the answers of the batch have memory that others may wait for. By the reading thread; needs no lock.
    boolean holdsMemory() {
        return receiver.holdsMemory();
    }

    /// The answers of the batch are on the wire. By the reading thread; needs no lock.
    void answersWritten() {
        receiver.answersWritten();
    }

    /// Drops a request that has been waiting for its next fragment for too long. Takes the lock, if it is free, only then.
    public void expireFragments(long now) {
        if (receiver.isFragmentOverdue(now) && lock.tryLock()) {
            try {
                receiver.expireFragments(now);
            } finally {
                lock.unlock();
            }
        }
    }

    /// About how many bytes on the wire were sent and are not acknowledged.
    int inFlightBytes() {
        return sender.inFlightBytes();
    }

    /// Zero or less if [#retransmit] is due; [Long#MAX_VALUE] while nothing is in flight.
    long nanosUntilRetransmit(long now) {
        return sender.nanosUntilRetransmit(now);
    }

    /// What is in flight is still being written: its time has not begun.
    void postponeRetransmit(long now) {
        sender.postponeRetransmit(now);
    }

    /// Sends again what was not answered in time.
    ///
    /// @return false if that was done too often: the connection counts as lost
    boolean retransmit(long now, MessageSink sink) throws IOException {
        return sender.retransmit(now, sink);
    }

    /// Whether something waits that could be sent.
    boolean isSending() {
        return outbox.pushSignal().isRequested() || isOpen() && !(outbox.isEmpty() && events.isEmpty());
    }

    /// Whether new requests can be sent in this session.
    boolean isOpen() {
        return sender.isOpen() && !receiver.isDisconnected();
    }

    /// The batch failed half-way: what ran of it is not known, and nothing can be resumed.
    void fail() {
        isFailed = true;
    }

    /// Why the session is over by an agreement of both sides; null while it is not.
    CloseReason end() {
        if (receiver.isDisconnected()) {
            return CloseReason.PEER_DISCONNECTED;
        }
        return sender.isDisconnected() ? CloseReason.DISCONNECTED : null;
    }
}
