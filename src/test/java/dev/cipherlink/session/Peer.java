package dev.cipherlink.session;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.command.Reply;
import dev.cipherlink.command.ReplyHandler;
import dev.cipherlink.message.Message;
import dev.cipherlink.message.Message.MessageCodec.Checksum;
import dev.cipherlink.message.Message.MessageType;
import dev.cipherlink.message.Message.Payload;
import dev.cipherlink.message.SessionParameters;
import dev.cipherlink.message.SessionParameters.OperationMode;
import dev.cipherlink.session.Session.SessionIdentity;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/// One side of a session without a socket: what it sends lies in a queue, what it ran and was answered in lists.
public final class Peer implements RequestHandler {

    static final int MAX_REQUEST_BYTES = 10_000;
    static final byte[] TOKEN = "sixteen bytes...".getBytes(StandardCharsets.US_ASCII);

    final Session session;
    final Deque<Message> sent = new ArrayDeque<>();
    final List<String> ran = new ArrayList<>();
    /// Duplicates that ran since no answer was kept.
    final List<String> repeated = new ArrayList<>();
    /// The numbers of requests in fragments that did not run.
    final List<Integer> refused = new ArrayList<>();
    /// Answers that are stored apart, by number.
    final Map<Integer, Reply> stored = new HashMap<>();
    /// Whether a batch may have many answers.
    boolean hasMemory = true;
    /// Whether each request ends its batch.
    boolean endsBatch;
    final List<String> answers = new ArrayList<>();
    final List<String> failures = new ArrayList<>();
    final Outbox outbox;
    /// The time that the session is told.
    long now;
    Function<byte[], Reply> behaviour = request -> Reply.ok(request.clone());

    Peer(SessionParameters parameters, boolean wraps) {
        this(parameters, wraps, new Outbox(1_000_000, Long.MAX_VALUE));
    }

    Peer(SessionParameters parameters, boolean wraps, Outbox outbox) {
        this.outbox = outbox;
        var identity = new SessionIdentity("00", "test", "test", wraps, MAX_REQUEST_BYTES, TOKEN);
        session = new Session(identity, parameters, outbox, this);
        outbox.lock().lock();
    }

    public static SessionParameters burst(int windowSize) {
        return burst(windowSize, SessionParameters.MIN_MESSAGE_BYTES);
    }

    public static SessionParameters burst(int windowSize, int maxMessageBytes) {
        return new SessionParameters(OperationMode.BURST, maxMessageBytes, windowSize, Checksum.Algorithm.CRC32C);
    }

    @Override
    public Reply handle(int sequence, Payload request) {
        byte[] bytes = request.toBytes();
        ran.add(shown(bytes));
        return behaviour.apply(bytes);
    }

    @Override
    public Reply repeat(int sequence, Payload request) {
        byte[] bytes = request.toBytes();
        repeated.add(shown(bytes));
        return behaviour.apply(bytes);
    }

    @Override
    public void refused(int sequence, Reply answer) {
        refused.add(sequence);
    }

    @Override
    public Reply stored(int sequence) {
        return stored.get(sequence);
    }

    @Override
    public boolean mayExtendBatch() {
        return hasMemory;
    }

    @Override
    public boolean endsBatch() {
        return endsBatch;
    }

    /// Short texts as they are, long ones by their length and hash.
    static String shown(byte[] bytes) {
        return bytes.length <= 100 ? new String(bytes, StandardCharsets.UTF_8)
                : bytes.length + " bytes, hash " + Arrays.hashCode(bytes);
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /// Queues a request whose outcome goes to the lists, and sends what the window permits.
    void request(String text) throws IOException {
        request(bytes(text));
    }

    void request(byte[] payload) throws IOException {
        enqueue(payload);
        transmit();
    }

    /// Queues a request whose outcome goes to the lists.
    void enqueue(byte[] payload) {
        outbox.add(new Outgoing(MessageType.DATA, payload, new ReplyHandler() {
            @Override
            public void answered(Reply reply) {
                answers.add((reply.isError() ? "!" : "") + shown(reply.payload()));
            }

            @Override
            public void failed(IOException cause, boolean wasSent) {
                failures.add(shown(payload) + (wasSent ? " sent" : " not sent"));
            }
        }));
    }

    void enqueueDisconnect() {
        outbox.add(Outgoing.disconnect());
    }

    /// Sends again what is due.
    ///
    /// @return false if that was done too often
    boolean retransmit() throws IOException {
        return session.sender.retransmit(now, this::add);
    }

    /// Goes on with another connection.
    void resume(int peerReceived) throws IOException {
        session.resume(peerReceived, -1, now, this::add);
    }

    void transmit() throws IOException {
        session.transmit(now, this::add);
    }

    private void add(Message message) {
        // A session's output may be a view of a buffer that the next message reuses.
        sent.add(new Message(message.type(), message.more(), message.sequence(), Payload.of(message.payload().toBytes()),
                message.intact()));
    }

    /// Takes in one message, as a batch of its own.
    void receive(Message message) throws IOException {
        session.receive(message, now, this::add);
        endBatch();
    }

    /// Takes in up to `count` messages of the other as one batch.
    ///
    /// @return how many there were
    int receiveFrom(Peer other, int count) throws IOException {
        int received = 0;
        while (received < count && !other.sent.isEmpty() && session.end() == null) {
            session.receive(other.sent.remove(), now, this::add);
            received++;
        }
        endBatch();
        return received;
    }

    private void endBatch() throws IOException {
        session.receiver.completeBatch();
        session.receiver.sendAnswers(this::add);
        session.transmit(now, this::add);
        session.receiver.answersSent();
    }

    void keepAlive() throws IOException {
        session.keepAlive(this::add);
    }

    Message next() {
        return sent.remove();
    }

    static Message data(int sequence, String payload) {
        return Message.data(sequence, false, Payload.of(bytes(payload)));
    }

    static Message fragment(int sequence, String payload) {
        return Message.data(sequence, true, Payload.of(bytes(payload)));
    }

    static Message ack(int sequence, String payload) {
        return Message.of(MessageType.ACK, sequence, Payload.of(bytes(payload)));
    }

    static Message damaged(Message message) {
        return new Message(message.type(), message.more(), message.sequence(), message.payload(), false);
    }

    /// Both sides go on with another connection; messages under way on the old one are lost.
    static void resume(Peer client, Peer server) throws IOException {
        client.sent.clear();
        server.sent.clear();
        int received = client.session.received();
        int acknowledged = client.session.acknowledged();
        assertTrue(server.session.canResumeFrom(received));
        int serverReceived = server.session.received(acknowledged);
        server.session.resume(received, acknowledged, server.now, server::add);
        client.session.resume(serverReceived, -1, client.now, client::add);
        client.transmit();
    }

    /// Passes messages to and fro until nothing moves any more.
    static void settle(Peer one, Peer other) throws IOException {
        int moved;
        do {
            moved = one.receiveFrom(other, Integer.MAX_VALUE) + other.receiveFrom(one, Integer.MAX_VALUE);
        } while (moved > 0);
    }
}
