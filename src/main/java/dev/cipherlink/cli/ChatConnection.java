package dev.cipherlink.cli;

import dev.cipherlink.client.Client;
import dev.cipherlink.client.ConnectionState;
import dev.cipherlink.client.OutcomeUnknownException;
import dev.cipherlink.command.Reply;
import dev.cipherlink.session.Progress;
import dev.cipherlink.session.ReplyHandler;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/// The REPL's way to its server: what is typed while there is no connection is kept here, and sent once there is one.
///
/// The client connects again by itself and repeats what was under way in the same session. Only where the server has
/// forgotten that session, the rooms have to be entered again, which comes before all that was kept. Thread-safe; nothing
/// blocks on the network but [#open] and [#close].
final class ChatConnection implements AutoCloseable {
    private static final byte[] PING = "PING".getBytes(StandardCharsets.US_ASCII);
    private static final Duration PING_INTERVAL = Duration.ofSeconds(4);
    private static final int MAX_WAITING = 1_000;

    /// Who is told of what happens, on threads of the connection; must not block.
    interface Listener {
        void received(byte[] event);

        void connected(ConnectionState.Connected state);

        void lost(IOException cause);

        void ended(IOException cause);
    }

    private record Kept(byte[] command, CompletableFuture<Reply> answer) {
    }

    private final Connection connection;
    private final Client client;
    private final Deque<Kept> kept = new ArrayDeque<>();
    private final Thread pinger = Thread.ofVirtual().name("cipherlink-ping").unstarted(this::ping);
    private ConnectionState state;
    private long stateAt;

    private ChatConnection(Connection connection) {
        this.connection = connection;
        this.client = connection.client();
        become(new ConnectionState.Connected(false, 0, Duration.ZERO));
    }

    /// Connects with keys that it owns from now on. Blocks, and may ask about a server that is new.
    ///
    /// @throws CliException if that fails
    static ChatConnection open(ClientKeys keys, Settings settings) {
        return new ChatConnection(Connection.owning(keys, settings));
    }

    /// From now on the listener hears what happens; to be called once, before any request.
    void start(Listener listener) {
        client.onEvent(listener::received);
        client.onConnectionChange(next -> changed(next, listener));
        pinger.start();
    }

    private void changed(ConnectionState next, Listener listener) {
        ConnectionState before = become(next);
        switch (next) {
            case ConnectionState.Connected connected -> {
                listener.connected(connected);
                release().forEach(this::send);
            }
            case ConnectionState.Retrying retrying -> {
                if (before instanceof ConnectionState.Connected) {
                    listener.lost(retrying.cause());
                }
            }
            case ConnectionState.Closed(IOException cause) -> {
                release().forEach(line -> line.answer.completeExceptionally(gone()));
                listener.ended(cause);
            }
        }
    }

    /// @return the state until now
    private synchronized ConnectionState become(ConnectionState next) {
        ConnectionState before = state;
        state = next;
        stateAt = System.nanoTime();
        return before;
    }

    private synchronized List<Kept> release() {
        List<Kept> released = new ArrayList<>(kept);
        kept.clear();
        return released;
    }

    private static IOException gone() {
        return new IOException("not sent, there is no connection any more");
    }

    ServerAddress server() {
        return connection.server();
    }

    /// Ours, as the server knows us.
    String name() {
        return client.session().clientId();
    }

    synchronized boolean isUp() {
        return state instanceof ConnectionState.Connected;
    }

    /// `burst` or `step-by-step`, as the session agreed.
    String mode() {
        return client.session().parameters().mode().wireName();
    }

    int window() {
        return client.session().parameters().windowSize();
    }

    /// How far the oldest request without an answer has come.
    Optional<Progress> progress() {
        return client.progress();
    }

    /// Requests that were sent and have no answer.
    int inFlight() {
        return client.inFlight();
    }

    /// Requests that wait for a connection, or for their turn.
    int queued() {
        int waiting = client.waiting();
        synchronized (this) {
            return kept.size() + waiting;
        }
    }

    LinkState state() {
        // Asked before our own lock is taken: handlers hold the client's when they come for ours.
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
    /// @return fails with [OutcomeUnknownException], or another `IOException` if the command will never be sent
    CompletableFuture<Reply> request(byte[] command) {
        var line = new Kept(command, new CompletableFuture<>());
        synchronized (this) {
            if (state instanceof ConnectionState.Retrying && kept.size() < MAX_WAITING) {
                kept.add(line);
                return line.answer;
            }
        }
        send(line);
        return line.answer;
    }

    private void send(Kept line) {
        if (client.waiting() >= MAX_WAITING) {
            line.answer.completeExceptionally(new IOException("not sent, too many lines wait for the server"));
            return;
        }
        try {
            client.send(line.command, new ReplyHandler() {
                @Override
                public void answered(Reply reply) {
                    line.answer.complete(reply);
                }

                @Override
                public void failed(IOException cause, boolean wasSent) {
                    line.answer.completeExceptionally(wasSent ? new OutcomeUnknownException(cause) : cause);
                }
            });
            // A server that does not read must not stop who types.
            Thread.startVirtualThread(client::flush);
        } catch (IOException e) {
            line.answer.completeExceptionally(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            line.answer.completeExceptionally(new IOException("interrupted", e));
        }
    }

    private void ping() {
        try {
            while (true) {
                Thread.sleep(PING_INTERVAL);
                if (isUp()) {
                    send(new Kept(PING, new CompletableFuture<>()));
                }
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    /// Ends the wait before the next attempt to connect.
    void retryNow() {
        client.retryNow();
    }

    /// Ends the session: what was sent is answered first. Blocks for at most 2 seconds.
    @Override
    public void close() {
        pinger.interrupt();
        connection.close();
    }
}
