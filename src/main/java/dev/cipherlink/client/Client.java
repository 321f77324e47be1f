package dev.cipherlink.client;

import dev.cipherlink.client.ClientConfig.Credentials.PreferredSuite;
import dev.cipherlink.command.Reply;
import dev.cipherlink.message.HandshakeJson;
import dev.cipherlink.message.Syn.SynAck;
import dev.cipherlink.noise.Suite;
import dev.cipherlink.session.Outbox;
import dev.cipherlink.session.Outbox.ReplyHandler;
import dev.cipherlink.session.Outgoing.Progress;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/// A connection to a server: requests, their answers, and what the server pushes.
///
/// ```java
/// try (var client = Client.connect(ClientConfig.to("127.0.0.1", 8888, key))) {
///     client.request("SET greeting hello world");
///     System.out.println(client.request("GET greeting").text());
/// }
/// ```
///
/// Requests run in the order in which they were sent, and are answered in that order. [#request] waits for each answer;
/// [#requestAsync] gives a future; [#send] is the pipelined form, for many requests. An error that the server answers is
/// a [Reply] like any other, see [Reply#isError]. An `IOException` means that no answer came.
///
/// A lost connection is established again, and the session goes on: each request runs once, also if it was on its way.
/// The answer to a large read may be lost then, and is an error that says so (the promise of order, `docs/protocol.md` section 4).
/// Meanwhile requests wait. Only if the server has lost the session is the outcome of those that were on their way
/// unknown; reads are repeated then if nothing else was on its way.
///
/// Thread-safe. The caller of [#connect] closes it.
public final class Client implements AutoCloseable {

    /// Requests, and bytes of them, that may wait for the window before [#send] blocks.
    private static final int MAX_WAITING_REQUESTS = 1_024;
    private static final long MAX_WAITING_BYTES = 4 << 20;
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(2);

    private final Outbox outbox = new Outbox(MAX_WAITING_REQUESTS, MAX_WAITING_BYTES);
    private final Connector connector;
    private final Thread thread;

    private Client(ClientConfig config) throws IOException {
        connector = new Connector(config, outbox);
        thread = Thread.ofVirtual().name("cipherlink-client").unstarted(connector);
    }

    /// Connects and establishes a session. Blocks, at most for the configured time. A first attempt that fails is not
    /// repeated.
    ///
    /// @throws AuthenticationException          if the server does not know our key, or cannot prove that it has it
    /// @throws dev.cipherlink.session.SessionHandshake.RefusedException if the server refused the session, with its reason
    /// @throws java.net.SocketTimeoutException  if the time ran out
    /// @throws IOException                      if the server cannot be reached
    public static Client connect(ClientConfig config) throws IOException {
        var client = new Client(config);
        client.thread.start();
        return client;
    }

    /// Begins to load, on a thread of its own, what every connection needs and the JVM takes long over: the cipher, and the
    /// JSON of the session handshake. For a program that has other things to do before it connects. Does not block.
    public static void prepare() {
        Thread.ofPlatform().daemon().name("cipherlink-prepare").start(() -> {
            PreferredSuite.ofThisMachine(true).load();
            HandshakeJson.load();
        });
    }

    /// The session's parameters, and the name the server knows us by.
    public SynAck.Granted session() {
        return connector.granted();
    }

    /// Name of the encryption of the connection, or of the last one: in version 2 the Noise protocol name of its suite.
    public String protocolName() {
        return connector.channel().protocolName();
    }

    /// The same in short: `hybrid` or `classic`, or `shared key` in version 1.
    public String protection() {
        return connector.channel().protection();
    }

    /// Sets the listener for events. It gets the payload of each on the thread that reads the connection, and must not block.
    public void onEvent(Consumer<byte[]> handler) {
        connector.onEvent(handler);
    }

    /// Sets the listener for loss and re-establishment of the connection. It runs on the connecting thread and must not block.
    public void onConnectionChange(Consumer<ConnectionState> listener) {
        connector.onConnectionChange(listener);
    }

    /// Makes the next attempt to connect at once, if one is being waited for.
    public void retryNow() {
        connector.retryNow();
    }

    /// How many requests were sent and are not answered.
    public int inFlight() {
        return connector.session().inFlight();
    }

    /// How far the oldest request without an answer has come, byte by byte; empty if none was sent.
    public Optional<Progress> progress() {
        return connector.session().progress();
    }

    /// How many requests wait for the window, or for a connection.
    public int waiting() {
        return outbox.waiting();
    }

    /// The smoothed round trip of a request, waiting at the server included; zero before the first.
    public Duration roundTrip() {
        return Duration.ofNanos(Math.max(0, connector.session().roundTripNanos()));
    }

    /// For how long nothing has come from the server.
    public Duration sinceLastContact() {
        return connector.sinceLastContact();
    }

    /// Sends one command and waits for its answer. Blocks.
    ///
    /// @throws OutcomeUnknownException if the session ended before the answer came
    /// @throws IOException             if the command was not sent
    public Reply request(String command) throws IOException, InterruptedException {
        return request(command.getBytes(StandardCharsets.UTF_8));
    }

    /// Sends one command and waits for its answer. Blocks. The array must not be changed before that.
    ///
    /// @throws OutcomeUnknownException if the session ended before the answer came
    /// @throws IOException             if the command was not sent
    public Reply request(byte[] command) throws IOException, InterruptedException {
        if (outbox.isInHandler()) {
            throw new IllegalStateException("a handler cannot wait for an answer that its own thread reads; "
                    + "use send or requestAsync");
        }
        try {
            return requestAsync(command).get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException cause) {
                throw cause;
            }
            throw new IllegalStateException(e.getCause());
        }
    }

    /// Sends one command. Blocks only while too many requests are waiting. The future fails with
    /// [OutcomeUnknownException] or another `IOException`; what depends on it runs on the reading thread.
    public CompletableFuture<Reply> requestAsync(byte[] command) throws IOException, InterruptedException {
        var future = new CompletableFuture<Reply>();
        send(command, new ReplyHandler() {
            @Override
            public void answered(Reply reply) {
                future.complete(reply);
            }

            @Override
            public void failed(IOException cause, boolean wasSent) {
                future.completeExceptionally(wasSent ? new OutcomeUnknownException(cause) : cause);
            }
        });
        flush();
        return future;
    }

    /// Queues one command for a pipeline; [#flush] sends what was queued. Blocks while too many requests are waiting.
    /// A handler may call it to send the next request; it does not block there, and need not flush.
    ///
    /// @param command must not be changed before the answer came
    /// @param handler called once, on the reading thread, in the order of the requests
    /// @throws IOException if the client is closed or the connection was lost for good
    public void send(byte[] command, ReplyHandler handler) throws IOException, InterruptedException {
        outbox.send(command, handler);
    }

    /// Sends what was queued. Blocks while the server does not read. Without a connection it does nothing: what was
    /// queued is sent when there is one again.
    public void flush() {
        connector.flush();
    }

    /// Ends the session: whatever was sent is answered first. Blocks for at most 2 seconds; in a handler it does not
    /// wait. Idempotent.
    @Override
    public void close() {
        connector.close();
        if (!thread.isAlive() || outbox.isInHandler()) {
            return;
        }
        try {
            if (!thread.join(CLOSE_TIMEOUT)) {
                thread.interrupt();
                thread.join();
            }
        } catch (InterruptedException e) {
            thread.interrupt();
            Thread.currentThread().interrupt();
        }
    }

    /// How long to wait before each attempt to connect again: not at all before the first, then 200 ms, doubling to 30 s, each
    /// longer or shorter by up to a fifth, so that the clients of a server that comes back do not come all at once.
    static final class Backoff {

        private static final Duration FIRST = Duration.ofMillis(200);
        private static final Duration LONGEST = Duration.ofSeconds(30);
        private static final double JITTER = 0.2;

        private final RandomGenerator random;
        private int attempts;

        Backoff(RandomGenerator random) {
            this.random = random;
        }

        /// How many attempts there were since the last [#reset].
        int attempts() {
            return attempts;
        }

        /// The time before the next attempt.
        Duration next() {
            int doublings = attempts++ - 1;
            if (doublings < 0) {
                return Duration.ZERO;
            }
            long nanos = Math.min(LONGEST.toNanos(), FIRST.toNanos() << Math.min(doublings, Byte.SIZE));
            return Duration.ofNanos((long) (nanos * (1 - JITTER + 2 * JITTER * random.nextDouble())));
        }

        /// The connection was of use: the next loss is the first again.
        void reset() {
            attempts = 0;
        }
    }

    /// The state of a client's connection.
    public sealed interface ConnectionState {

        /// A connection was established again.
        ///
        /// @param isResumed whether the session went on, so that nothing was lost
        /// @param unknown   how many requests were sent and will never be known to have run or not: their handlers were told
        /// @param away      how long there was no connection
        record Connected(boolean isResumed, int unknown, Duration away) implements ConnectionState {
        }

        /// The connection is lost, and another attempt follows.
        ///
        /// @param attempt 1 for the first since the loss
        /// @param delay   until it is made
        /// @param cause   why the connection, or the last attempt, ended
        record Retrying(int attempt, Duration delay, IOException cause) implements ConnectionState {
        }

        /// No further attempt is made.
        record Closed(IOException cause) implements ConnectionState {
        }
    }

    /// The connection ended after a request was sent and before its answer came: the server may have run it or not.
    public static final class OutcomeUnknownException extends IOException {
        private static final long serialVersionUID = 1;

        public OutcomeUnknownException(Throwable cause) {
            super("the connection ended before the answer came; whether the request ran is unknown: " + cause.getMessage(),
                    cause);
        }
    }

    /// The server closed the connection within the handshake, in a way that says nothing about keys: another attempt may
    /// succeed. The message says what the reason may be.
    public static final class LostHandshakeException extends IOException {
        private static final long serialVersionUID = 1;

        private LostHandshakeException(String what, IOException cause) {
            super("the server closed the connection " + what, cause);
        }

        static LostHandshakeException broken(boolean isShared, IOException cause) {
            return new LostHandshakeException("during the handshake: it may be stopping, limit connections of this address, or "
                    + (isShared ? "not serve version 1" : "serve a shared key only"), cause);
        }

        /// Closed before the first byte of the server's: so does one that does not accept the suite.
        static LostHandshakeException unanswered(Suite suite, IOException cause) {
            return new LostHandshakeException((suite.isHybrid()
                    ? "at the post-quantum handshake: it may be too old for that (client.suites=classic goes to such a server), "
                    : "at the classic handshake: it may require the post-quantum one (client.suites=hybrid), ")
                    + "be stopping, limit connections of this address, or serve a shared key only", cause);
        }
    }
}
