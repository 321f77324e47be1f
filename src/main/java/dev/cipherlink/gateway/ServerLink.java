package dev.cipherlink.gateway;

import dev.cipherlink.client.Client;
import dev.cipherlink.client.Client.ConnectionState;
import dev.cipherlink.command.Reply;
import dev.cipherlink.command.ReplyHandler;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/// The one session in which the commands of all clients of a gateway reach the server.
///
/// A lost connection is the library's to make again ([Client]); once it has given up, the next command begins another session.
/// Thread-safe.
final class ServerLink implements AutoCloseable {

    private static final Logger LOG = System.getLogger(ServerLink.class.getName());

    private final Callable<Client> connecting;
    private final Consumer<byte[]> events;
    private final Runnable sessionBegun;
    private final Consumer<IOException> sessionLost;
    private final ReentrantLock lock = new ReentrantLock();
    private volatile Client client;
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
        connected.onEvent(events);
        connected.onConnectionChange(this::changed);
        client = connected;
    }

    private void changed(ConnectionState state) {
        switch (state) {
            case ConnectionState.Connected(boolean isResumed, int unknown, var away) -> {
                LOG.log(Level.INFO, "connected again after {0} ms, {1}", away.toMillis(),
                        isResumed ? "nothing was lost" : unknown + " commands have an unknown outcome");
                if (!isResumed) {
                    sessionBegun.run();
                }
            }
            case ConnectionState.Retrying(int attempt, var delay, IOException cause) -> LOG.log(Level.INFO,
                    "connection lost: {0}; attempt {1} in {2} ms", cause.getMessage(), attempt, delay.toMillis());
            case ConnectionState.Closed(IOException cause) -> {
                LOG.log(Level.WARNING, "the session is lost: {0}", cause.getMessage());
                client = null;
                sessionLost.accept(cause);
            }
        }
    }

    /// Queues a request; [#flush] sends it. Blocks while many wait, and to begin a session.
    ///
    /// @throws IOException if the server cannot be reached; the handler is not called then
    void send(byte[] request, ReplyHandler handler) throws IOException, InterruptedException {
        Client current = client();
        try {
            current.send(request, handler);
        } catch (IOException e) {
            forget(current);
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

    private Client client() throws IOException {
        Client current = client;
        return current != null ? current : begin();
    }

    private Client begin() throws IOException {
        lock.lock();
        try {
            if (isClosed) {
                throw new IOException("the gateway stops");
            }
            if (client == null) {
                adopt(connecting.call());
                sessionBegun.run();
            }
            return client;
        } catch (IOException | RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IOException(e);
        } finally {
            lock.unlock();
        }
    }

    private void forget(Client lost) {
        lock.lock();
        try {
            if (client == lost) {
                client = null;
            }
        } finally {
            lock.unlock();
        }
    }

    /// Ends the session: what was sent is answered first. Blocks for 2 seconds at most.
    @Override
    public void close() {
        lock.lock();
        try {
            isClosed = true;
            if (client != null) {
                client.close();
            }
        } finally {
            lock.unlock();
        }
    }
}
