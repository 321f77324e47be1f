package dev.cipherlink.prompt;

import dev.cipherlink.client.Client;
import dev.cipherlink.client.Client.ConnectionState;
import dev.cipherlink.client.RequestException;
import dev.cipherlink.command.Command;
import dev.cipherlink.command.Reply;
import dev.cipherlink.command.ReplyHandler;
import dev.cipherlink.command.ReplyHandler.Progress;
import dev.cipherlink.command.Verb;
import dev.cipherlink.connect.CliClient;
import dev.cipherlink.connect.ClientKeys;
import dev.cipherlink.prompt.StatusLine.LinkState;
import dev.cipherlink.settings.Settings;
import dev.cipherlink.text.ServerAddress;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;

/// The REPL's connection to its server. Requests made while it is down are queued, and sent once it is up again.
///
/// The client reconnects by itself and repeats unanswered requests in the same session. If the server has forgotten the
/// session, the rooms are entered again before the queue is sent. Rate-limited requests wait in a [ChatLane].
/// Thread-safe; only [#open] and [#close] block on the network.
final class ChatConnection implements AutoCloseable {
    private static final byte[] PING = new Command.Ping().encode();
    private static final Duration PING_INTERVAL = Duration.ofSeconds(4);
    private static final int MAX_WAITING = 1_000;
    private static final int MAX_VERB_BYTES = 16;
    private static final Set<Verb> PACED = Set.of(Verb.JOIN, Verb.LEAVE, Verb.SAY, Verb.TELL, Verb.AWAY, Verb.BACK);

    /// Events of the connection, called on its threads; must not block.
    interface Listener {
        void received(byte[] event);

        void connected(ConnectionState.Connected state);

        void lost(IOException cause);

        void ended(IOException cause);
    }

    private final CliClient connection;
    private final Client client;
    private final Deque<ChatLane.Kept> kept = new ArrayDeque<>();
    private final ChatLane lane = new ChatLane(this::isUp, this::send);
    private final AtomicBoolean isPinging = new AtomicBoolean();
    private final Thread pinger = Thread.ofVirtual().name("cipherlink-ping").unstarted(this::ping);
    private ConnectionState state;
    private long stateAt;

    private ChatConnection(CliClient connection) {
        this.connection = connection;
        this.client = connection.client();
        become(new ConnectionState.Connected(false, 0, Duration.ZERO));
    }

    /// Connects with keys that the connection owns from now on. Blocks, and may ask whether to trust a new server.
    ///
    /// @throws CliException if that fails
    static ChatConnection open(ClientKeys keys, Settings settings) {
        return new ChatConnection(CliClient.owning(keys, settings));
    }

    /// Sets the listener; to be called once, before any request.
    void start(Listener listener) {
        client.onEvent(listener::received);
        client.onConnectionChange(next -> changed(next, listener));
        pinger.start();
    }

    private void changed(ConnectionState next, Listener listener) {
        ConnectionState before = become(next);
        switch (next) {
            case ConnectionState.Connected connected -> {
                List<ChatLane.Kept> messages = lane.takeAll();
                listener.connected(connected);
                release().forEach(this::send);
                messages.forEach(message -> lane.add(message, Integer.MAX_VALUE));
                lane.sendNext();
            }
            case ConnectionState.Retrying retrying -> {
                if (before instanceof ConnectionState.Connected) {
                    listener.lost(retrying.cause());
                }
            }
            case ConnectionState.Closed(IOException cause) -> {
                fail(release());
                fail(lane.takeAll());
                listener.ended(cause);
            }
        }
    }

    /// @return the previous state
    private synchronized ConnectionState become(ConnectionState next) {
        ConnectionState before = state;
        state = next;
        stateAt = System.nanoTime();
        return before;
    }

    private synchronized List<ChatLane.Kept> release() {
        List<ChatLane.Kept> released = new ArrayList<>(kept);
        kept.clear();
        return released;
    }

    private static void fail(List<ChatLane.Kept> lines) {
        lines.forEach(line -> line.answer()
                .completeExceptionally(new IOException("not sent, there is no connection any more")));
    }

    ServerAddress server() {
        return connection.server();
    }

    /// Our own name on the server.
    String name() {
        return client.session().clientId();
    }

    synchronized boolean isUp() {
        return state instanceof ConnectionState.Connected;
    }

    /// The protection of the connection: `hybrid`, `classic` or `shared key`.
    String protection() {
        return client.protection();
    }

    /// `burst` or `step-by-step`, as negotiated for the session.
    String mode() {
        return client.session().mode();
    }

    int window() {
        return client.session().windowSize();
    }

    /// Transfer progress of the oldest unanswered request.
    Optional<Progress> progress() {
        return client.progress();
    }

    /// Number of requests that were sent and have no answer.
    int inFlight() {
        return client.inFlight();
    }

    /// Number of requests that wait for a connection, or for their turn.
    int queued() {
        // Our own PING is not counted. It is sent only when nothing else is under way, so it waits only if nothing sent
        // is unanswered.
        int pings = isPinging.get() && client.inFlight() == 0 ? 1 : 0;
        int waiting = Math.max(0, client.waiting() - pings) + lane.size();
        synchronized (this) {
            return kept.size() + waiting;
        }
    }

    /// Whether messages wait for the server's rate limit, or behind messages that do.
    boolean isPacing() {
        return isUp() && lane.size() > 0;
    }

    LinkState state() {
        // Asked before our own lock is taken: handlers take the client's lock first and ours second.
        Duration roundTrip = client.roundTrip();
        Duration sinceLastContact = client.sinceLastContact();
        synchronized (this) {
            return switch (state) {
                case ConnectionState.Connected _ -> new LinkState.Linked(roundTrip, sinceLastContact);
                case ConnectionState.Retrying(int attempt, Duration delay, IOException _) -> {
                    Duration left = delay.minusNanos(System.nanoTime() - stateAt);
                    yield new LinkState.Retrying(attempt, sinceLastContact, left.isNegative() ? Duration.ZERO : left);
                }
                case ConnectionState.Closed _ -> new LinkState.Ended();
            };
        }
    }

    /// Sends a command now, or as soon as there is a connection.
    ///
    /// @return fails with a [RequestException], or with another `IOException` if the command will never be sent
    CompletableFuture<Reply> request(byte[] command) {
        var line = new ChatLane.Kept(command);
        if (isPaced(command)) {
            request(line);
            return line.answer();
        }
        synchronized (this) {
            if (state instanceof ConnectionState.Retrying && kept.size() < MAX_WAITING) {
                kept.add(line);
                return line.answer();
            }
        }
        send(line);
        return line.answer();
    }

    private void request(ChatLane.Kept message) {
        lane.add(message, MAX_WAITING);
        boolean isGone;
        synchronized (this) {
            isGone = state instanceof ConnectionState.Closed;
        }
        if (isGone) {
            fail(lane.takeAll());
        }
    }

    /// Whether the server limits the rate of this verb, or the request must stay in order with limited ones.
    private static boolean isPaced(byte[] command) {
        String verb = TypedLine.firstWord(new String(command, 0, Math.min(command.length, MAX_VERB_BYTES), StandardCharsets.UTF_8));
        return Verb.named(verb.toUpperCase(Locale.ROOT)).filter(PACED::contains).isPresent();
    }

    private void send(ChatLane.Kept line) {
        if (client.waiting() >= MAX_WAITING) {
            line.answer().completeExceptionally(new IOException("not sent, too many lines wait for the server"));
            return;
        }
        try {
            client.send(line.command(), new ReplyHandler() {
                @Override
                public void answered(Reply reply) {
                    line.answer().complete(reply);
                }

                @Override
                public void failed(IOException cause, boolean wasSent) {
                    line.answer().completeExceptionally(RequestException.noAnswer(cause, wasSent));
                }
            });
            // On its own thread: a server that does not read must not block the prompt.
            Thread.startVirtualThread(client::flush);
        } catch (IOException e) {
            line.answer().completeExceptionally(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            line.answer().completeExceptionally(new IOException("interrupted", e));
        }
    }

    private void ping() {
        try {
            while (true) {
                Thread.sleep(PING_INTERVAL);
                if (isUp() && client.inFlight() + client.waiting() == 0 && isPinging.compareAndSet(false, true)) {
                    var ping = new ChatLane.Kept(PING);
                    ping.answer().whenComplete((_, _) -> isPinging.set(false));
                    send(ping);
                }
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    /// Reconnects at once instead of after the delay.
    void retryNow() {
        client.retryNow();
    }

    /// Ends the session after the requests that were sent have been answered. Blocks for at most 2 seconds.
    @Override
    public void close() {
        pinger.interrupt();
        connection.close();
    }
}
