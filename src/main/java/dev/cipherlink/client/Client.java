package dev.cipherlink.client;

import dev.cipherlink.command.Reply;
import dev.cipherlink.message.SynAck;
import dev.cipherlink.session.CloseReason;
import dev.cipherlink.session.Link;
import dev.cipherlink.session.LinkEnd;
import dev.cipherlink.session.Outbox;
import dev.cipherlink.session.ReplyHandler;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

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
/// Thread-safe. Whoever connects closes.
public final class Client implements AutoCloseable {

    /// Requests, and bytes of them, that may wait for the window before [#send] blocks.
    private static final int MAX_WAITING_REQUESTS = 1_024;
    private static final long MAX_WAITING_BYTES = 4 << 20;
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(2);

    private final ClientConfig config;
    private final Outbox outbox = new Outbox(MAX_WAITING_REQUESTS, MAX_WAITING_BYTES);
    private final AtomicReference<Consumer<byte[]>> eventHandler = new AtomicReference<>(event -> { });
    private final Thread thread;
    private volatile Attachment attachment;
    private volatile boolean closing;

    private Client(ClientConfig config) throws IOException {
        this.config = config;
        attachment = attach();
        thread = Thread.ofVirtual().name("cipherlink-client").unstarted(this::run);
    }

    /// Connects and establishes a session. Blocks, at most for the configured time.
    ///
    /// @throws AuthenticationException          if the server does not know our key, or cannot prove that it has it
    /// @throws dev.cipherlink.session.RefusedException if the server refused the session, with its reason
    /// @throws java.net.SocketTimeoutException  if the time ran out
    /// @throws IOException                      if the server cannot be reached
    public static Client connect(ClientConfig config) throws IOException {
        var client = new Client(config);
        client.thread.start();
        return client;
    }

    private Attachment attach() throws IOException {
        return Attachment.establish(config, outbox, event -> {
            eventHandler.get().accept(event.toBytes());
            return Reply.ok(new byte[0]);
        });
    }

    private void run() {
        var end = new LinkEnd(CloseReason.INTERNAL_ERROR, "", null);
        try {
            do {
                end = runLink();
            } while (isRenewal(end) && reattached(end));
        } finally {
            attachment.link().abandon(failure(end));
        }
    }

    private static IOException failure(LinkEnd end) {
        return new IOException(describe(end), end.cause());
    }

    private LinkEnd runLink() {
        try (var current = attachment) {
            return current.link().run();
        } catch (InterruptedException e) {
            return new LinkEnd(CloseReason.DISCONNECTED, "the client was closed", e);
        }
    }

    /// A version 1 session ends when its sequence numbers are used up, on either side, and the rest goes on in a new
    /// session: even while the client is being closed, since that DISCONNECT stands behind it in the outbox.
    private boolean isRenewal(LinkEnd end) {
        return attachment.link().session().isUsedUp() || !closing && end.reason() == CloseReason.PEER_DISCONNECTED;
    }

    private boolean reattached(LinkEnd end) {
        try {
            attachment.link().failInFlight(failure(end));
            attachment = attach();
            return true;
        } catch (IOException e) {
            attachment.link().abandon(e);
            return false;
        }
    }

    private static String describe(LinkEnd end) {
        String text = switch (end.reason()) {
            case PEER_CLOSED, PEER_DISCONNECTED -> "the server closed the connection";
            case PEER_LOST -> "the connection was lost";
            case KEEPALIVE_TIMEOUT -> "the server does not answer any more";
            case PEER_STALLED -> "the server does not read what it is sent";
            case PROTOCOL_ERROR -> "the server broke the protocol";
            case REFUSED_BY_PEER -> "the server ended the connection";
            case DISCONNECTED -> "the client was closed";
            case HANDSHAKE_FAILED, HANDSHAKE_TIMEOUT, TOO_MANY_HANDSHAKES, NOT_AUTHORIZED, NOT_USED, STREAM_ENDED,
                    TARGET_LOST, IDLE_TIMEOUT, SERVER_STOPPED, INTERNAL_ERROR ->
                    "the connection ended: " + end.reason();
        };
        return end.detail().isEmpty() ? text : text + ": " + end.detail();
    }

    /// What the session agreed on, and the name the server knows us by.
    public SynAck.Granted session() {
        return attachment.granted();
    }

    /// Sets who is told of events: the payload of each, on the thread that reads the connection. It must not block.
    public void onEvent(Consumer<byte[]> handler) {
        eventHandler.set(handler);
    }

    /// Sends one command and waits for its answer. Blocks.
    ///
    /// @throws OutcomeUnknownException if the connection ended before the answer came
    /// @throws IOException             if the command was not sent
    public Reply request(String command) throws IOException, InterruptedException {
        return request(command.getBytes(StandardCharsets.UTF_8));
    }

    /// Sends one command and waits for its answer. Blocks. The array must not be changed before that.
    ///
    /// @throws OutcomeUnknownException if the connection ended before the answer came
    /// @throws IOException             if the command was not sent
    public Reply request(byte[] command) throws IOException, InterruptedException {
        if (attachment.link().isInHandler()) {
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
        try {
            flush();
        } catch (IOException e) {
            // The link ends of it, and tells the future whether the request may have run: this exception could not.
        }
        return future;
    }

    /// Queues one command for a pipeline; [#flush] sends what was queued. Blocks while too many requests are waiting.
    /// A handler may call it to send the next request; it does not block there, and need not flush.
    ///
    /// @param command must not be changed before the answer came
    /// @param handler called once, on the reading thread, in the order of the requests
    /// @throws IOException if the client is closed or the connection was lost
    public void send(byte[] command, ReplyHandler handler) throws IOException, InterruptedException {
        attachment.link().send(command, handler);
    }

    /// Sends what was queued. Blocks while the server does not read.
    public void flush() throws IOException {
        attachment.link().flush();
    }

    /// Ends the session: whatever was sent is answered first. Blocks for at most 2 seconds; in a handler it does not
    /// wait. Idempotent.
    @Override
    public void close() {
        closing = true;
        if (thread.isAlive()) {
            attachment.link().disconnect();
            if (attachment.link().isInHandler()) {
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
    }
}
