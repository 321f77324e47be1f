package dev.cipherlink.client;

import dev.cipherlink.client.ClientConfig.Credentials.PreferredSuite;
import dev.cipherlink.client.RequestException.NotDoneException;
import dev.cipherlink.client.Watch.Watches;
import dev.cipherlink.command.Reply;
import dev.cipherlink.command.ReplyHandler;
import dev.cipherlink.command.ReplyHandler.Progress;
import dev.cipherlink.message.HandshakeJson;
import dev.cipherlink.message.SessionParameters.OperationMode;
import dev.cipherlink.message.Syn.SynAck;
import dev.cipherlink.session.Outbox;
import dev.cipherlink.session.Session;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;

/// A connection to a server: requests, their answers, and what the server pushes.
///
/// ```java
/// try (var client = Client.connect(ClientConfig.to("127.0.0.1", 8888, key))) {
///     client.set("greeting", "hello world".getBytes(UTF_8));
///     client.get("greeting").ifPresent(System.out::writeBytes);
/// }
/// ```
///
/// Requests run in the order in which they were sent, and are answered in that order. The common ones have methods here, which wait
/// for the answer and suit virtual threads: the requests of many threads share the connection. [#call] does the same for any
/// [Request], [#submit] gives a future, and [#submitAll] is for many. A failure is a [RequestException], which says whether the
/// request ran. [#request] and [#send] take any payload as it stands; there an error that the server answers is a [Reply] like any other.
///
/// A lost connection is established again, and the session goes on: each request runs once, also if it was on its way.
/// The answer to a large read may be lost then: [#call] asks again, others get an error that says so (the promise of order,
/// `docs/protocol.md` section 4).
/// Meanwhile requests wait. Only if the server has lost the session is the outcome of those that were on their way
/// unknown; reads are repeated then if nothing else was on its way.
///
/// Thread-safe. The caller of [#connect] closes it.
public final class Client implements AutoCloseable {

    /// Requests, and bytes of them, that may wait for the window before [#send] blocks.
    private static final int MAX_WAITING_REQUESTS = 4_096;
    private static final long MAX_WAITING_BYTES = 4 << 20;
    private static final int MAX_KEYS = 10_000;
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(2);

    private final Outbox outbox = new Outbox(MAX_WAITING_REQUESTS, MAX_WAITING_BYTES);
    private final Watches watches = new Watches();
    private final Connector connector;
    private final Thread thread;

    private Client(ClientConfig config) throws IOException {
        connector = new Connector(config, outbox, watches);
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

    /// Begins, on a thread of its own, what every connection needs and the JVM takes long over: to load the cipher and the JSON of
    /// the session handshake, and to make the first key pair of ML-KEM. For a program that has other things to do before it connects.
    /// Does not block.
    public static void prepare() {
        Thread.ofPlatform().daemon().name("cipherlink-prepare").start(() -> {
            PreferredSuite.ofThisMachine(true).prepare();
            HandshakeJson.load();
        });
    }

    /// The session's parameters, and the name the server knows us by.
    public SessionInfo session() {
        SynAck.Granted granted = connector.granted();
        return new SessionInfo(granted.sessionId(), granted.clientId(), granted.parameters().mode() == OperationMode.STEP_BY_STEP,
                granted.parameters().windowSize(), granted.isResumed());
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

    /// The value of a key; empty if it does not exist. Blocks, like all methods that wait for an answer, and also while there is no
    /// connection. An interrupt ends the wait only: the request may run.
    public Optional<byte[]> get(String key) throws RequestException, InterruptedException {
        return call(Request.get(key));
    }

    /// Gives a key a value, and takes its expiry away.
    public void set(String key, byte[] value) throws RequestException, InterruptedException {
        call(Request.set(key, value));
    }

    /// Deletes a key.
    ///
    /// @return whether it existed
    public boolean delete(String key) throws RequestException, InterruptedException {
        return call(Request.delete(key));
    }

    /// Whether a key exists.
    public boolean exists(String key) throws RequestException, InterruptedException {
        return call(Request.exists(key));
    }

    /// Adds bytes to the end of a value; a missing key counts as empty.
    ///
    /// @return the new size
    public long append(String key, byte[] value) throws RequestException, InterruptedException {
        return call(Request.append(key, value));
    }

    /// Adds to a decimal number; a missing key counts as 0.
    ///
    /// @return the new number
    public long increment(String key, long by) throws RequestException, InterruptedException {
        return call(Request.increment(key, by));
    }

    /// Sets a value if the key has this version; see [Request#compareAndSet].
    public Request.Swap compareAndSet(String key, long version, byte[] value) throws RequestException, InterruptedException {
        return call(Request.compareAndSet(key, version, value));
    }

    /// Lets a key expire; see [Request#expire].
    ///
    /// @return whether it existed
    public boolean expire(String key, Duration after) throws RequestException, InterruptedException {
        return call(Request.expire(key, after));
    }

    /// All keys that begin with a prefix, in the order of their bytes, however many. They come in several answers: keys that are
    /// written or deleted meanwhile may be there or not.
    public List<String> keys(String prefix) throws RequestException, InterruptedException {
        var keys = new ArrayList<String>();
        List<String> page;
        do {
            page = call(Request.keys(prefix, MAX_KEYS, keys.isEmpty() ? "" : keys.getLast()));
            keys.addAll(page);
        } while (page.size() == MAX_KEYS);
        return keys;
    }

    /// Follows the keys with a prefix, also across lost connections and sessions. The caller closes the watch.
    public Watch watch(String prefix) throws RequestException, InterruptedException {
        return watches.add(this, prefix);
    }

    /// Sends a request and waits for its result. Blocks.
    public <T> T call(Request<T> request) throws RequestException, InterruptedException {
        Reply reply;
        do {
            reply = request(request.payload());
        } while (request.isReadOnly() && reply.isError() && reply.reason().equals(Session.NOT_KEPT.reason()));
        return request.result(reply);
    }

    /// Sends a request. Blocks only while too many requests are waiting. The future fails with a [RequestException]; what depends
    /// on it runs on the reading thread and must not block.
    public <T> CompletableFuture<T> submit(Request<T> request) throws NotDoneException, InterruptedException {
        CompletableFuture<T> future = queue(request);
        flush();
        return future;
    }

    /// Sends many requests together, in far fewer packets than one by one. Blocks while too many are waiting, so there may be any
    /// number.
    ///
    /// @param requests asked for one by one, as they are sent
    /// @param results  gets the future of each request that was queued, such as `futures::add`
    /// @throws NotDoneException if the client has ended: the request that it had in hand and those behind it were not sent
    public <T> void submitAll(Iterable<Request<T>> requests, Consumer<? super CompletableFuture<T>> results)
            throws NotDoneException, InterruptedException {
        try {
            for (Request<T> request : requests) {
                results.accept(queue(request));
            }
        } finally {
            flush();
        }
    }

    private <T> CompletableFuture<T> queue(Request<T> request) throws NotDoneException, InterruptedException {
        var future = new CompletableFuture<T>();
        queue(request.payload(), future, reply -> {
            try {
                future.complete(request.result(reply));
            } catch (RequestException e) {
                future.completeExceptionally(e);
            }
        });
        return future;
    }

    private void queue(byte[] payload, CompletableFuture<?> future, Consumer<Reply> answered)
            throws NotDoneException, InterruptedException {
        try {
            send(payload, new ReplyHandler() {
                @Override
                public void answered(Reply reply) {
                    answered.accept(reply);
                }

                @Override
                public void failed(IOException cause, boolean wasSent) {
                    future.completeExceptionally(RequestException.noAnswer(cause, wasSent));
                }
            });
        } catch (IOException e) {
            throw new NotDoneException(e);
        }
    }

    /// Sends a command as a person types it and waits for its answer, an error included. Blocks. Arguments that come from elsewhere
    /// belong into a [Request]: here a key with a space becomes two arguments.
    public Reply request(String command) throws RequestException, InterruptedException {
        return request(command.getBytes(StandardCharsets.UTF_8));
    }

    /// Sends any payload and waits for its answer, an error included. Blocks. The array must not be changed before that.
    public Reply request(byte[] payload) throws RequestException, InterruptedException {
        requireNoHandler();
        return join(requestAsync(payload));
    }

    /// Sends any payload. Blocks only while too many requests are waiting. The future fails with a [RequestException]; what depends
    /// on it runs on the reading thread and must not block.
    public CompletableFuture<Reply> requestAsync(byte[] payload) throws NotDoneException, InterruptedException {
        var future = new CompletableFuture<Reply>();
        queue(payload, future, future::complete);
        flush();
        return future;
    }

    /// @throws IllegalStateException in a handler
    void requireNoHandler() {
        if (outbox.isInHandler()) {
            throw new IllegalStateException("a handler cannot wait for an answer that its own thread reads; "
                    + "use send, requestAsync or submit");
        }
    }

    /// Waits for the outcome of a request.
    static <T> T join(CompletableFuture<T> future) throws RequestException, InterruptedException {
        try {
            return future.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RequestException cause) {
                throw cause;
            }
            throw new IllegalStateException(e.getCause());
        }
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
            // Again, if a link that ended at that moment took the interrupt for its own.
            while (!thread.join(CLOSE_TIMEOUT)) {
                thread.interrupt();
            }
        } catch (InterruptedException e) {
            thread.interrupt();
            Thread.currentThread().interrupt();
        }
    }

    /// The session that a client has now.
    ///
    /// @param sessionId    it stays the same when the session is resumed
    /// @param clientId     the name that the server knows the client by
    /// @param isStepByStep whether requests are sent one at a time
    /// @param windowSize   how many requests may be without an answer
    /// @param isResumed    whether it went on with this connection
    public record SessionInfo(String sessionId, String clientId, boolean isStepByStep, int windowSize, boolean isResumed) {

        /// `burst` or `step-by-step`.
        public String mode() {
            return (isStepByStep ? OperationMode.STEP_BY_STEP : OperationMode.BURST).wireName();
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
}
