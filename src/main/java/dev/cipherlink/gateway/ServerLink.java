package dev.cipherlink.gateway;

import dev.cipherlink.client.Client;
import dev.cipherlink.client.Client.ConnectionState;
import dev.cipherlink.command.Reply;
import dev.cipherlink.command.ReplyHandler;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/// The one session in which the commands of all clients of a gateway reach the server.
///
/// [Client] establishes a lost connection again; once it has given up, the next command begins another session. All commands that
/// come while one is begun share the outcome of that attempt. Thread-safe.
final class ServerLink implements AutoCloseable {

    private static final Logger LOG = System.getLogger(ServerLink.class.getName());

    private final Callable<Client> connecting;
    private final Consumer<byte[]> events;
    private final Runnable sessionBegun;
    private final Consumer<IOException> sessionLost;
    private final ReentrantLock lock = new ReentrantLock();
    /// Null while there is no session.
    private volatile Client client;
    /// The attempt to begin a session that is under way; null without one.
    private CompletableFuture<Client> attempt;
    private boolean isClosed;

    /// @param first        connected already; closed by this
    /// @param connecting   makes another one
    /// @param events       gets each event, on the thread that reads the connection; must not block
    /// @param sessionBegun called when a session has begun that knows of no subscription; must not block
    /// @param sessionLost  called when no session follows until the next command; must not block
    ServerLink(Client first, Callable<Client> connecting, Consumer<byte[]> events, Runnable sessionBegun,
            Consumer<IOException> sessionLost) {
        this.connecting = connecting;
        this.events = events;
        this.sessionBegun = sessionBegun;
        this.sessionLost = sessionLost;
        adopt(first);
    }

    private void adopt(Client connected) {
        client = connected;
        connected.onEvent(events);
        connected.onConnectionChange(state -> changed(connected, state));
    }

    private void changed(Client changed, ConnectionState state) {
        switch (state) {
            case ConnectionState.Connected(boolean isResumed, int unknown, var away) -> {
                LOG.log(Level.INFO, "connected again after {0} ms, {1}", away.toMillis(),
                        isResumed ? "nothing was lost" : unknown + " commands have an unknown outcome");
                if (!isResumed) {
                    sessionBegun.run();
                }
            }
            case ConnectionState.Retrying(int attempts, var delay, IOException cause) -> LOG.log(Level.INFO,
                    "connection lost: {0}; attempt {1} in {2} ms", cause.getMessage(), attempts, delay.toMillis());
            case ConnectionState.Closed(IOException cause) -> forget(changed, cause);
        }
    }

    /// Whether there is a session, or was one when last looked at.
    boolean isOpen() {
        return client != null;
    }

    /// Queues a request; [#flush] sends it. Blocks while many wait, and to begin a session.
    ///
    /// @throws IOException if the server cannot be reached; the handler is not called then
    void send(byte[] request, ReplyHandler handler) throws IOException, InterruptedException {
        Client current = client();
        try {
            current.send(request, handler);
        } catch (IOException e) {
            forget(current, e);
            client().send(request, handler);
        }
    }

    /// Sends a request if there is a session; begins none.
    ///
    /// @throws IOException if the session has just ended; the handler is not called then
    void sendInSession(byte[] request, ReplyHandler handler) throws IOException, InterruptedException {
        Client current = client;
        if (current != null) {
            current.send(request, handler);
            current.flush();
        }
    }

    void flush() {
        Client current = client;
        if (current != null) {
            current.flush();
        }
    }

    /// Sends a request and waits for its answer. Blocks.
    ///
    /// @throws dev.cipherlink.client.RequestException which says whether it ran
    Reply ask(byte[] request) throws IOException, InterruptedException {
        Client current = client();
        return current.request(request);
    }

    private Client client() throws IOException, InterruptedException {
        Client current = client;
        if (current != null) {
            return current;
        }
        try {
            return begin().get();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof IOException cause ? cause : new IOException(e.getCause());
        }
    }

    private CompletableFuture<Client> begin() throws IOException {
        lock.lock();
        try {
            if (isClosed) {
                throw new IOException("the gateway stops");
            }
            if (client != null) {
                return CompletableFuture.completedFuture(client);
            }
            if (attempt == null) {
                var begun = new CompletableFuture<Client>();
                attempt = begun;
                Thread.ofVirtual().name("cipherlink-session").start(() -> connect(begun));
            }
            return attempt;
        } finally {
            lock.unlock();
        }
    }

    private void connect(CompletableFuture<Client> begun) {
        Client connected = null;
        Throwable failure = null;
        try {
            connected = connecting.call();
        } catch (Throwable e) {
            failure = e;
        }
        boolean isUnwanted;
        lock.lock();
        try {
            attempt = null;
            isUnwanted = isClosed;
            if (connected != null && !isUnwanted) {
                adopt(connected);
            }
        } finally {
            lock.unlock();
        }
        if (connected == null) {
            begun.completeExceptionally(failure);
        } else if (isUnwanted) {
            connected.close();
        } else {
            sessionBegun.run();
            begun.complete(connected);
        }
    }

    private void forget(Client lost, IOException cause) {
        lock.lock();
        try {
            if (client != lost || isClosed) {
                return;
            }
            client = null;
        } finally {
            lock.unlock();
        }
        sessionLost.accept(cause);
        LOG.log(Level.WARNING, "the session is lost: {0}", cause.getMessage());
    }

    /// Ends the session: what was sent is answered first. Blocks for 2 seconds at most; an attempt to begin a session is not waited
    /// for.
    @Override
    public void close() {
        lock.lock();
        try {
            isClosed = true;
            if (attempt != null) {
                attempt.completeExceptionally(new IOException("the gateway stops"));
            }
        } finally {
            lock.unlock();
        }
        Client current = client;
        if (current != null) {
            current.close();
        }
    }
}
