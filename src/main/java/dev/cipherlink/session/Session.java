package dev.cipherlink.session;

import dev.cipherlink.command.Reply;
import dev.cipherlink.message.Message;
import dev.cipherlink.message.MessageType;
import dev.cipherlink.message.Payload;
import dev.cipherlink.message.SessionParameters;
import java.io.IOException;
import java.net.ProtocolException;
import java.util.Arrays;

/// The data phase of the protocol as a state machine, the same on both sides (`docs/protocol.md`, section 4).
///
/// It numbers what it sends, keeps both sides to the window, runs each request of the peer once, matches answers by
/// number. It has no socket, thread or clock: messages come in through [#receive], and leave through a sink that is
/// given with each call. Every method requires the lock of the session's [Outbox].
public final class Session {

    /// Of an answer that is larger, the request is kept for duplicates if it is shorter, and runs again.
    public static final int MAX_STORED_REPLY_BYTES = 1_024;
    /// Largest payload of KEEPALIVE.
    static final int MAX_KEEPALIVE_BYTES = 64;

    private static final Reply EMPTY = Reply.ok(new byte[0]);

    /// Where the session stands.
    private enum State {
        OPEN,
        /// DISCONNECT was sent and is not acknowledged yet.
        DISCONNECTING,
        /// Our DISCONNECT was acknowledged.
        DISCONNECTED,
        /// The peer's DISCONNECT was acknowledged.
        PEER_DISCONNECTED
    }

    private final SessionIdentity identity;
    private final SessionParameters parameters;
    private final Outbox outbox;
    private final RequestHandler handler;
    private final SendWindow sendWindow;
    private final ReceiveWindow receiveWindow;
    private State state = State.OPEN;
    private boolean isUsedUp;

    public Session(SessionIdentity identity, SessionParameters parameters, Outbox outbox, RequestHandler handler) {
        this.identity = identity;
        this.parameters = parameters;
        this.outbox = outbox;
        this.handler = handler;
        sendWindow = new SendWindow(parameters, identity.reusesSequenceNumbers());
        receiveWindow = new ReceiveWindow(parameters, identity.reusesSequenceNumbers(), identity.maxRequestBytes());
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

    /// Queues a request; [#transmit] sends it as the window permits.
    void enqueue(byte[] payload, ReplyHandler replyHandler) {
        outbox.add(new Outgoing(MessageType.DATA, payload, replyHandler));
    }

    /// Queues a payload whose acknowledgement nobody waits for.
    void enqueue(byte[] payload) {
        outbox.add(Outgoing.event(payload));
    }

    /// Queues the end of the session, behind everything queued before it.
    void enqueueDisconnect() {
        outbox.add(Outgoing.disconnect());
    }

    /// Sends of the outbox what the window permits. Once the numbers of a version 1 session are used up, the rest stays
    /// in the outbox, and the session disconnects when everything sent is answered.
    void transmit(MessageSink sink) throws IOException {
        while (state == State.OPEN && sendWindow.hasRoom() && !outbox.isEmpty()) {
            Outgoing next = outbox.peek();
            if (next.fragmentedBytes == 0 && !sendWindow.hasNumbersFor(next)) {
                if (sendWindow.isEmpty()) {
                    isUsedUp = true;
                    sendDisconnect(sink, Outgoing.disconnect());
                }
                return;
            }
            if (next.type == MessageType.DISCONNECT) {
                outbox.remove();
                sendDisconnect(sink, next);
                return;
            }
            sink.send(sendWindow.send(next));
            if (next.fragmentedBytes == next.payload.length) {
                outbox.remove();
            }
        }
    }

    private void sendDisconnect(MessageSink sink, Outgoing disconnect) throws IOException {
        state = State.DISCONNECTING;
        sink.send(sendWindow.send(disconnect));
    }

    /// Takes in one message of the peer, and sends what it calls for.
    ///
    /// @throws ProtocolException if the peer broke the rules: it is told so, and the connection closes
    /// @throws RefusedException  if the peer says that we did
    void receive(Message message, MessageSink sink) throws IOException {
        switch (message.type()) {
            case DATA -> receiveData(message, sink);
            case DISCONNECT -> receiveDisconnect(message, sink);
            case ACK, ERROR, PART -> receiveAnswer(message);
            case KEEPALIVE -> receiveKeepalive(message, sink);
            case RESEND -> sendWindow.goBack(message.sequence(), sink);
            case SYN, SYN_ACK -> throw new ProtocolException(message.type() + " after the handshake");
        }
    }

    private void receiveData(Message message, MessageSink sink) throws IOException {
        switch (receiveWindow.judge(message)) {
            case ACCEPT -> {
                receiveWindow.accept();
                run(message, sink);
            }
            case DUPLICATE -> sendAnswer(message.sequence(), answerAgain(message.sequence()), sink);
            case MISSING -> askResend(sink);
        }
    }

    /// Runs a request, or keeps its fragment until the last one is there.
    private void run(Message message, MessageSink sink) throws IOException {
        if (!message.more() && !receiveWindow.hasFragments()) {
            answer(message.sequence(), handler.handle(message.payload()), message.payload(), sink);
            return;
        }
        receiveWindow.addFragment(message.payload());
        if (message.more()) {
            answer(message.sequence(), EMPTY, Payload.EMPTY, sink);
            return;
        }
        Payload request = receiveWindow.takeFragments();
        Reply reply = request == null
                ? Reply.error("the request is larger than " + identity.maxRequestBytes() + " bytes; send less at once")
                : handler.handle(request);
        answer(message.sequence(), reply, request == null ? Payload.EMPTY : request, sink);
    }

    /// A duplicate is known by its number alone: what it carries is not looked at.
    private Reply answerAgain(int sequence) {
        ReceiveWindow.Kept kept = receiveWindow.kept(sequence);
        if (kept == null) {
            return Reply.error("the answer was sent, and was too large to be kept; ask again");
        }
        return kept.answer() != null ? kept.answer() : handler.handle(Payload.of(kept.request()));
    }

    private void receiveDisconnect(Message message, MessageSink sink) throws IOException {
        switch (receiveWindow.judge(message)) {
            case ACCEPT -> {
                receiveWindow.accept();
                answer(message.sequence(), EMPTY, Payload.EMPTY, sink);
                state = State.PEER_DISCONNECTED;
            }
            case DUPLICATE -> sendAnswer(message.sequence(), EMPTY, sink);
            case MISSING -> askResend(sink);
        }
    }

    private void askResend(MessageSink sink) throws IOException {
        if (receiveWindow.askResend()) {
            sink.send(Message.of(MessageType.RESEND, receiveWindow.expected(), Payload.EMPTY));
        }
    }

    private void answer(int sequence, Reply reply, Payload request, MessageSink sink) throws IOException {
        receiveWindow.answered(sequence, reply, request);
        sendAnswer(sequence, reply, sink);
    }

    private void sendAnswer(int sequence, Reply reply, MessageSink sink) throws IOException {
        Answers.send(sequence, reply, parameters.maxPayloadBytes(), sink);
    }

    private void receiveAnswer(Message message) throws ProtocolException, RefusedException {
        if (!message.intact()) {
            throw new ProtocolException("the checksum of an answer is wrong");
        }
        Payload payload = message.payload();
        if (message.sequence() == 0 && isAboutConnection(message)) {
            return;
        }
        Outgoing answered = sendWindow.answered(message.sequence());
        if (answered == null) {
            return;
        }
        boolean isLast = sendWindow.isOldestLastFragment();
        Reply reply = message.type() == MessageType.PART && isLast
                ? answered.addPart(payload)
                : Reply.received(payload.toBytes(), message.type() == MessageType.ERROR);
        if (reply == null) {
            return;
        }
        sendWindow.acknowledgeOldest();
        if (answered.type == MessageType.DISCONNECT) {
            state = State.DISCONNECTED;
        } else if (isLast) {
            answered.handler.answered(reply);
        }
    }

    /// Sequence 0 stands for the connection, but after 65,535 it also is a request's number: while that one is the
    /// oldest in flight, only the answer to a keepalive is told apart.
    private boolean isAboutConnection(Message message) throws RefusedException {
        boolean isRequest = sendWindow.isOldest(0);
        return switch (message.type()) {
            case ACK -> isKeepaliveAnswer(message.payload()) || !isRequest;
            case ERROR -> {
                if (!isRequest) {
                    throw new RefusedException(Reply.received(message.payload().toBytes(), true).reason());
                }
                yield false;
            }
            default -> false;
        };
    }

    private void receiveKeepalive(Message message, MessageSink sink) throws IOException {
        if (message.payload().length() > MAX_KEEPALIVE_BYTES) {
            throw new ProtocolException("KEEPALIVE with more than " + MAX_KEEPALIVE_BYTES + " bytes");
        }
        sink.send(Message.of(MessageType.ACK, 0, message.payload()));
    }

    /// Asks the peer for a sign of life.
    void keepAlive(MessageSink sink) throws IOException {
        sink.send(Message.of(MessageType.KEEPALIVE, 0, Payload.of(identity.keepaliveToken())));
    }

    private boolean isKeepaliveAnswer(Payload payload) {
        byte[] token = identity.keepaliveToken();
        return Arrays.equals(payload.array(), payload.offset(), payload.offset() + payload.length(),
                token, 0, token.length);
    }

    /// The messages that arrived together have been received.
    void completeBatch() {
        handler.completeBatch();
    }

    /// The link ends before all messages that arrived together have been received.
    void abandonBatch() {
        handler.abandonBatch();
    }

    /// The answers so far are on their way to the peer.
    void answersSent() {
        receiveWindow.answersSent();
    }

    /// About how many bytes on the wire were sent and are not acknowledged.
    int inFlightBytes() {
        return sendWindow.bytes();
    }

    /// Whether new requests can be sent in this session.
    boolean isOpen() {
        return state == State.OPEN;
    }

    /// Whether it ended by itself, since its numbers were used up: what is left in the outbox waits for another session.
    public boolean isUsedUp() {
        return isUsedUp;
    }

    /// Why the session is over; null while it is not.
    CloseReason end() {
        return switch (state) {
            case OPEN, DISCONNECTING -> null;
            case DISCONNECTED -> CloseReason.DISCONNECTED;
            case PEER_DISCONNECTED -> CloseReason.PEER_DISCONNECTED;
        };
    }

    /// No answer will come any more: closes the outbox, and tells it to everybody who waits for an answer, in order.
    ///
    /// @throws RuntimeException what the first handler threw that did, after all were told
    void abandon(IOException cause) {
        // Closed first: a handler that sends again because its request failed is refused.
        outbox.close(cause);
        var failure = new Failure(cause);
        tellInFlight(failure);
        // Not sent, or not to their end: they did not run.
        while (!outbox.isEmpty()) {
            Outgoing outgoing = outbox.peek();
            outbox.remove();
            failure.tell(outgoing, false);
        }
        failure.rethrow();
    }

    /// Tells those who wait for an answer that it will not come. What is not sent to its end stays in the outbox, and
    /// another session sends it from its beginning.
    ///
    /// @throws RuntimeException what the first handler threw that did, after all were told
    void failInFlight(IOException cause) {
        var failure = new Failure(cause);
        tellInFlight(failure);
        failure.rethrow();
    }

    private void tellInFlight(Failure failure) {
        int inFlight = sendWindow.count();
        for (int i = 0; i < inFlight; i++) {
            Outgoing outgoing = sendWindow.oldest();
            boolean isLast = sendWindow.isOldestLastFragment();
            sendWindow.acknowledgeOldest();
            if (isLast) {
                failure.tell(outgoing, true);
            } else {
                outgoing.fragmentedBytes = 0;
            }
        }
    }
}
