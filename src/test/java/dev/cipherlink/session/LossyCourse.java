package dev.cipherlink.session;

import dev.cipherlink.command.Reply;
import dev.cipherlink.message.Message;
import dev.cipherlink.message.Message.MessageCodec.Checksum;
import dev.cipherlink.message.SessionParameters;
import dev.cipherlink.message.SessionParameters.OperationMode;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/// A random course of two sessions: requests one way and events the other over links of random quality, through cuts and
/// resumes, until all is answered. Everything follows from the seed.
final class LossyCourse {

    private static final long SPREAD = 0x9e37_79b9_7f4a_7c15L;
    /// The longest time of a course before it counts as stuck.
    private static final long MAX_NANOS = Duration.ofHours(20).toNanos();
    private static final int MAX_STEPS = 200_000;
    /// Of a request whose answer is larger, the request is kept, and runs again: it stands for one that only reads.
    private static final int LARGEST_WRITE_ANSWER = Session.MAX_STORED_REPLY_BYTES;

    private final Random random;
    private final boolean wraps;
    private final Peer client;
    private final Peer server;
    private final LossyLink toServer;
    private final LossyLink toClient;
    private final int cutPercent;
    /// Such that some courses see the clock go from its largest value to its smallest.
    private final long origin;
    private final List<String> writes = new ArrayList<>();
    private final List<String> ranWrites = new ArrayList<>();
    private final List<String> expectedAnswers = new ArrayList<>();
    private final List<String> expectedEvents = new ArrayList<>();
    private long elapsed;
    private long nextAction;
    private int requestsLeft;
    private int eventsLeft;
    private int cuts;
    private int exhausted;

    LossyCourse(long seed) {
        // The first numbers of generators with neighbouring seeds are alike.
        random = new Random(seed * SPREAD);
        wraps = random.nextInt(3) == 0;
        SessionParameters parameters = parameters();
        client = new Peer(parameters, wraps);
        server = new Peer(parameters, wraps);
        server.behaviour = this::run;
        client.behaviour = _ -> Reply.ok(new byte[0]);
        LinkQuality quality = wraps ? LinkQuality.ordered(random) : LinkQuality.lossy(random);
        toServer = new LossyLink(quality, random);
        toClient = new LossyLink(quality, random);
        cutPercent = random.nextInt(3) == 0 ? 0 : 1 + random.nextInt(20);
        origin = random.nextInt(4) == 0 ? Long.MAX_VALUE - random.nextLong(TimeUnit.MINUTES.toNanos(1)) : random.nextLong();
        requestsLeft = 1 + random.nextInt(60);
        eventsLeft = random.nextInt(30);
    }

    private SessionParameters parameters() {
        int maxMessageBytes = SessionParameters.MIN_MESSAGE_BYTES + random.nextInt(2_000);
        return random.nextInt(6) == 0
                ? new SessionParameters(OperationMode.STEP_BY_STEP, maxMessageBytes, 1, Checksum.Algorithm.CRC32C)
                : Peer.burst(1 + random.nextInt(random.nextBoolean() ? 4 : 64), maxMessageBytes);
    }

    int cuts() {
        return cuts;
    }

    /// How often a message was sent again so often that the connection counted as lost.
    int exhausted() {
        return exhausted;
    }

    /// The answer of a write tells how many ran before it, so that one that runs twice shows.
    private Reply run(byte[] request) {
        int size = answerBytes(request);
        if (size > LARGEST_WRITE_ANSWER) {
            return Reply.ok(filled(request, size));
        }
        ranWrites.add(Peer.shown(request));
        return Reply.ok(writeAnswer(ranWrites.size(), request));
    }

    private static byte[] writeAnswer(int count, byte[] request) {
        byte[] start = Peer.bytes(count + ":" + Arrays.hashCode(request) + ":");
        return Arrays.copyOf(start, start.length + answerBytes(request) / 2);
    }

    /// Depends on the request alone.
    private static int answerBytes(byte[] request) {
        return Math.floorMod(Arrays.hashCode(request), request.length % 3 == 0 ? 9_000 : 100);
    }

    private static byte[] filled(byte[] request, int size) {
        var bytes = new byte[size];
        new Random(Arrays.hashCode(request)).nextBytes(bytes);
        return bytes;
    }

    private byte[] payload() {
        var bytes = new byte[random.nextInt(4) == 0 ? random.nextInt(Peer.MAX_REQUEST_BYTES) : random.nextInt(40)];
        random.nextBytes(bytes);
        return bytes;
    }

    /// @throws AssertionError if anything was lost, ran twice, or came in another order
    void run() throws IOException {
        if (wraps && random.nextInt(100) == 0) {
            useNumbers(65_536 - random.nextInt(40));
        }
        for (int step = 0; !isDone(); step++) {
            if (step == MAX_STEPS || elapsed > MAX_NANOS) {
                throw new AssertionError("stuck after " + step + " steps and " + Duration.ofNanos(elapsed) + ", "
                        + cuts + " cuts: " + client.answers.size() + " of " + expectedAnswers.size() + " answers, "
                        + client.ran.size() + " of " + expectedEvents.size() + " events");
            }
            step();
        }
        check("writes that ran", writes, ranWrites);
        check("answers", expectedAnswers, client.answers);
        check("events", expectedEvents, client.ran);
        disconnect();
    }

    /// Without faults, so that the numbers are near their wrap when the faults begin.
    private void useNumbers(int count) throws IOException {
        byte[] request = Peer.bytes("x");
        for (int i = 0; i < count; i++) {
            client.request(request);
            server.receive(client.next());
            client.receive(server.next());
        }
        client.answers.clear();
        ranWrites.clear();
    }

    private boolean isDone() {
        return requestsLeft == 0 && eventsLeft == 0 && client.answers.size() == expectedAnswers.size()
                && client.ran.size() == expectedEvents.size()
                && client.session.inFlight() == 0 && server.session.inFlight() == 0;
    }

    private void step() throws IOException {
        long retransmitAt = elapsed + Math.min(untilRetransmit(client), untilRetransmit(server));
        long deliveryAt = Math.min(toServer.nextAt(), toClient.nextAt());
        boolean hasAction = requestsLeft + eventsLeft > 0;
        long next = Math.min(deliveryAt, retransmitAt);
        if (hasAction && nextAction <= next) {
            pass(nextAction);
            act();
        } else if (next == Long.MAX_VALUE) {
            throw new AssertionError("nothing is under way and nothing is due");
        } else if (deliveryAt <= retransmitAt) {
            pass(deliveryAt);
            deliver();
        } else {
            pass(retransmitAt);
            retransmit();
        }
    }

    /// Never so large that adding it to the time overflows.
    private static long untilRetransmit(Peer peer) {
        return Math.min(Math.max(0, peer.session.sender.nanosUntilRetransmit(peer.now)), MAX_NANOS);
    }

    private void pass(long until) {
        elapsed = Math.max(elapsed, until);
        client.now = origin + elapsed;
        server.now = origin + elapsed;
    }

    private void deliver() throws IOException {
        if (toServer.nextAt() <= toClient.nextAt()) {
            server.receive(toServer.next());
        } else {
            client.receive(toClient.next());
        }
        carry();
    }

    private void retransmit() throws IOException {
        if (retransmits(client) && retransmits(server)) {
            carry();
        } else {
            exhausted++;
            cut();
        }
    }

    private static boolean retransmits(Peer peer) throws IOException {
        return peer.session.sender.nanosUntilRetransmit(peer.now) > 0 || peer.retransmit();
    }

    /// Something new happens: mostly a request or an event, now and then a cut.
    private void act() throws IOException {
        nextAction = elapsed + random.nextLong(TimeUnit.MILLISECONDS.toNanos(1 + random.nextInt(500)));
        if (random.nextInt(100) < cutPercent) {
            cut();
        }
        if (requestsLeft + eventsLeft == 0) {
            return;
        }
        if (random.nextInt(requestsLeft + eventsLeft) < requestsLeft) {
            request();
            client.transmit();
        } else {
            push();
            server.transmit();
        }
        carry();
    }

    private void request() {
        byte[] request = payload();
        requestsLeft--;
        if (answerBytes(request) > LARGEST_WRITE_ANSWER) {
            expectedAnswers.add(Peer.shown(filled(request, answerBytes(request))));
        } else {
            writes.add(Peer.shown(request));
            expectedAnswers.add(Peer.shown(writeAnswer(writes.size(), request)));
        }
        client.enqueue(request);
    }

    private void push() {
        byte[] event = payload();
        eventsLeft--;
        expectedEvents.add(Peer.shown(event));
        if (!server.session.push(event)) {
            throw new AssertionError("an event was refused");
        }
    }

    private void carry() {
        carry(client, toServer);
        carry(server, toClient);
    }

    private void carry(Peer from, LossyLink link) {
        for (Message message = from.sent.poll(); message != null; message = from.sent.poll()) {
            link.send(message, elapsed);
        }
    }

    /// The connection ends, time passes in which both sides go on wishing, and another connection is made; now and then
    /// that one ends before the client hears that the server has resumed.
    private void cut() throws IOException {
        do {
            cuts++;
            loseEverything();
            pass(elapsed + random.nextLong(TimeUnit.SECONDS.toNanos(20)));
            if (requestsLeft > 0 && random.nextBoolean()) {
                request();
            }
            if (eventsLeft > 0 && random.nextBoolean()) {
                push();
            }
            int clientReceived = client.session.received();
            int serverReceived = server.session.received();
            if (!server.session.canResumeFrom(clientReceived)) {
                throw new AssertionError("the server cannot resume");
            }
            server.resume(clientReceived);
            server.transmit();
            if (random.nextInt(4) == 0) {
                continue;
            }
            client.resume(serverReceived);
            client.transmit();
            carry();
            return;
        } while (true);
    }

    private void loseEverything() {
        toServer.cut();
        toClient.cut();
        client.sent.clear();
        server.sent.clear();
    }

    private static void check(String what, List<String> expected, List<String> actual) {
        for (int i = 0; i < Math.max(expected.size(), actual.size()); i++) {
            String due = i < expected.size() ? expected.get(i) : "nothing more";
            String got = i < actual.size() ? actual.get(i) : "nothing";
            if (!due.equals(got)) {
                throw new AssertionError(what + ": number " + i + " should be " + due + ", and is " + got);
            }
        }
    }

    /// On a link that loses nothing.
    private void disconnect() throws IOException {
        loseEverything();
        client.enqueueDisconnect();
        client.transmit();
        Peer.settle(client, server);
        if (client.session.end() != CloseReason.DISCONNECTED || server.session.end() != CloseReason.PEER_DISCONNECTED) {
            throw new AssertionError("ended with " + client.session.end() + " and " + server.session.end());
        }
    }
}
