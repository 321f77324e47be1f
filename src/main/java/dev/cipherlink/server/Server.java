package dev.cipherlink.server;

import dev.cipherlink.channel.NoiseChannel.NoiseHandshake;
import dev.cipherlink.chat.ChatService;
import dev.cipherlink.crypto.Sodium;
import dev.cipherlink.forward.Forwards;
import dev.cipherlink.forward.TargetConnector;
import dev.cipherlink.metrics.MetricsReport;
import dev.cipherlink.server.SocketBudget.AcceptBackoff;
import dev.cipherlink.server.SocketBudget.ConnectionQuota;
import dev.cipherlink.server.access.ClientDirectory;
import dev.cipherlink.server.access.ClientDirectory.ClientIdentity;
import dev.cipherlink.server.sessions.Channels;
import dev.cipherlink.server.sessions.CommandLog;
import dev.cipherlink.server.sessions.KeyWatches;
import dev.cipherlink.server.sessions.RequestRates;
import dev.cipherlink.server.sessions.SessionOrigin;
import dev.cipherlink.server.sessions.SessionOrigin.Services;
import dev.cipherlink.server.sessions.SessionRecords;
import dev.cipherlink.server.sessions.SessionRegistry;
import dev.cipherlink.server.sessions.StoredChat;
import dev.cipherlink.session.Link.LinkEnd;
import dev.cipherlink.session.Session;
import dev.cipherlink.store.KeyValueStore;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.Transaction;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.StructuredTaskScope;
import java.util.concurrent.StructuredTaskScope.Joiner;

/// Accepts connections and runs each in its own virtual thread, until it is stopped.
///
/// Thread-safe. The caller owns the store, which stays open. Connections share the package-private fields.
public final class Server implements AutoCloseable {

    private static final Logger LOG = System.getLogger(Server.class.getName());
    private static final int BACKLOG = 1_024;
    /// Clients have this fraction of the grace period to become idle; the rest is for closing.
    private static final int DRAIN_SHARE = 2;
    private static final Duration WATCH_INTERVAL = Duration.ofSeconds(1);

    private volatile ServerConfig config;
    private final KeyValueStore store;
    private final ServerSocket listener;
    private final Map<Long, Connection> connections = new ConcurrentHashMap<>();
    final ConnectionLog log = new ConnectionLog();
    final KeyWatches watches = new KeyWatches();
    final Channels channels;
    final ChatService chat;
    final SocketBudget sockets;
    final ConnectionQuota quota;
    final HandshakeGate gate;
    final SessionRegistry sessions;
    final ChannelSessions channelSessions;
    final RemoteListeners listeners = new RemoteListeners(this);
    final ServerStatistics statistics = new ServerStatistics();
    final Forwards forwards = new Forwards();
    final TargetConnector targets;
    /// Empty if version 2 is not served.
    final Optional<NoiseHandshake.Responder> responder;
    /// Shared by the sessions.
    final Services services;
    private final Thread acceptThread;
    private volatile boolean stopping;
    private volatile Thread watcher;

    private Server(ServerConfig config, KeyValueStore store) throws IOException {
        this.config = config;
        this.store = store;
        store.onChange(watches);
        channels = new Channels(store);
        chat = StoredChat.open(store, config.chat(),
                name -> config.keys().clients().keyOf(name).map(key -> key.fingerprint().toString()));
        gate = new HandshakeGate(config.handshakes());
        targets = new TargetConnector(config.forwards().connectTimeout());
        responder = config.keys().identity().map(own -> new NoiseHandshake.Responder(config.keys().suites(), own.keyPair()));
        sessions = new SessionRegistry(config.sessions());
        sockets = new SocketBudget(config.maxConnections());
        channelSessions = new ChannelSessions(this);
        quota = new ConnectionQuota(sockets.maxConnections(), config.maxPerKey());
        services = new Services(store, chat, watches, channels, sessions, statistics.requests, new CommandLog(),
                config.maxValueBytes(), config.maxRequestBytes(), config.keys().clients()::keyOf, new RequestRates(),
                new OperatorSockets(this), this::info);
        listener = listen(config);
        acceptThread = Thread.ofVirtual().name("cipherlink-accept").unstarted(this::run);
    }

    /// Binds the listen address and starts accepting. Returns when clients can connect.
    ///
    /// @throws IOException if the address cannot be bound, or the store cannot be read
    public static Server start(ServerConfig config, KeyValueStore store) throws IOException {
        Sodium.load();
        var server = new Server(config, store);
        try {
            SessionRecords.restoreAll(server.services, System.nanoTime());
            server.endRevokedSessions();
        } catch (StoreException e) {
            server.listener.close();
            throw new IOException("the sessions of the last run cannot be read: " + e.getMessage(), e);
        }
        if (server.sockets.isLowered()) {
            LOG.log(Level.WARNING, "at most {0} connections at a time, since the process may have no more descriptors (ulimit -n)",
                    Integer.toString(server.sockets.maxConnections()));
        }
        if (Session.largestRequestBytes() < config.maxRequestBytes()) {
            LOG.log(Level.WARNING, "values of more than {0} bytes are refused, since the heap has {1} MiB at most; for those of up to {2} "
                    + "start it with CIPHERLINK_JAVA_OPTS=-Xmx{3}m", Long.toString(Session.largestRequestBytes()),
                    Long.toString(Runtime.getRuntime().maxMemory() >> 20), Integer.toString(config.maxValueBytes()),
                    Long.toString(Math.ceilDiv(7L * config.maxRequestBytes(), 1L << 20)));
        }
        server.acceptThread.start();
        return server;
    }

    private static ServerSocket listen(ServerConfig config) throws IOException {
        // One of a channel, so that a connection with channels may join a selector.
        ServerSocket socket = ServerSocketChannel.open().socket();
        try {
            socket.setReuseAddress(true);
            socket.bind(config.host().equals(ServerConfig.EVERYWHERE) ? new InetSocketAddress(config.port())
                    : new InetSocketAddress(config.host(), config.port()), BACKLOG);
            return socket;
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    /// The bound address, with the actual port.
    public InetSocketAddress address() {
        return (InetSocketAddress) listener.getLocalSocketAddress();
    }

    public ServerConfig config() {
        return config;
    }

    /// Takes up what may change while the server runs, for new connections and forwards: the handshake timeout, the largest window,
    /// the keepalive interval, the grace period, and which forwards are allowed and how long they may be silent. Reads the keys that
    /// are let in again. Ends the forwards that are not allowed any more.
    public void reload(ServerConfig changed) {
        config = config.withReloadable(changed);
        refresh(config.keys().clients(), null);
        connections().forEach(Connection::endUnlessForwardAllowed);
        channelSessions.endForwardsNotAllowed();
    }

    /// The open connections, oldest first.
    List<Connection> connections() {
        return connections.values().stream().sorted(Comparator.comparingLong(Connection::id)).toList();
    }

    /// Null if there is none.
    Connection connection(long id) {
        return connections.get(id);
    }

    /// The lines of INFO for this session: the common ones, and the suite of its own connection.
    private Map<String, Object> info(String sessionId) throws StoreException {
        Map<String, Object> values = statistics.info(this, services.store());
        connections.values().stream().filter(connection -> connection.hasSession(sessionId)).findFirst()
                .ifPresent(own -> own.addTo(values));
        return values;
    }

    /// Adds all that the server measures to the report of a scrape.
    public void addTo(MetricsReport report) {
        statistics.addTo(report, this, store);
        report.gauge("ready", "1 while clients can write, else 0.", unreadiness() == null ? 1 : 0);
    }

    /// Why clients cannot write now; null if they can. Blocks for a moment if the disk is full.
    public String unreadiness() {
        if (stopping) {
            return "the server is stopping";
        }
        try (Transaction transaction = store.begin()) {
            transaction.beginWrite();
            return store.isShortOfDisk() ? "the disk of the store is full, or was within a minute" : null;
        } catch (StoreException e) {
            return e.getMessage();
        }
    }

    private void run() {
        try (var scope = StructuredTaskScope.open(Joiner.<Void>awaitAll())) {
            scope.fork(this::watch);
            acceptUntilStopped(scope);
            scope.join();
        } catch (InterruptedException e) {
            LOG.log(Level.DEBUG, "the grace period is over; the connections left are aborted");
        }
    }

    /// Once a second: ends connections of clients that are no longer admitted, sessions that were not resumed in time,
    /// and forwards that are overdue; marks idle people as away.
    private void watch() {
        watcher = Thread.currentThread();
        ClientDirectory clients = config.keys().clients();
        try {
            while (!stopping) {
                try {
                    watchOnce(clients);
                } catch (RuntimeException | Error e) {
                    LOG.log(Level.ERROR, "watching clients and sessions failed; it goes on", e);
                }
                Thread.sleep(WATCH_INTERVAL);
            }
        } catch (InterruptedException e) {
            LOG.log(Level.DEBUG, "no longer watching clients and sessions");
        }
    }

    private void watchOnce(ClientDirectory clients) {
        forwards.checkTimes(System.nanoTime());
        refresh(clients, null);
        config.keys().nextKey().refresh();
        sessions.expire(System.nanoTime());
        channelSessions.expire(System.nanoTime());
        log.tell(System.nanoTime());
        services.log().tell(System.nanoTime());
        chat.sweep();
    }

    /// Reloads the directory of clients if a cheap check finds that it may have changed. Blocks on the disk in that case.
    ///
    /// @param coming a connection that is left alone: its own handshake checks its client next
    void takeUpClients(Connection coming) {
        ClientDirectory clients = config.keys().clients();
        if (clients.mayHaveChanged()) {
            refresh(clients, coming);
        }
    }

    /// Takes up the authorized keys now, and not only with the next client or second. Blocks on the disk.
    ///
    /// @param file that the keys should be in
    /// @return why they are not in force; empty if they are
    public String takeUpKeys(Path file) {
        ClientDirectory clients = config.keys().clients();
        refresh(clients, null);
        return clients.problem(file);
    }

    private void refresh(ClientDirectory clients, Connection coming) {
        if (clients.refresh()) {
            endRevokedSessions();
            // One thread per connection: a client that does not read must not delay the others' end.
            connections().stream().filter(connection -> connection != coming).forEach(connection ->
                    Thread.startVirtualThread(() -> connection.endUnlessAdmitted(clients)));
        }
    }

    private void endRevokedSessions() {
        sessions.revoke(owner -> SessionOrigin.isOwner(owner, config.keys().clients()));
        channelSessions.endUnlessAdmitted(config.keys().clients());
    }

    private void acceptUntilStopped(StructuredTaskScope<Void, Void> scope) throws InterruptedException {
        var backoff = new AcceptBackoff();
        for (long id = 1; !stopping; ) {
            // Before accept, so that a client beyond the limit waits in the listener's backlog and costs nothing here.
            sockets.enter();
            try {
                accept(id++, scope);
                backoff.reset();
            } catch (IOException | RuntimeException | Error e) {
                // Perhaps descriptors or memory are short: the loop must continue, because every new client depends on
                // it.
                sockets.leave();
                if (!stopping) {
                    pause(backoff, e);
                }
            }
        }
    }

    private void accept(long id, StructuredTaskScope<Void, Void> scope) throws IOException {
        Socket socket = listener.accept();
        try {
            statistics.accepted.increment();
            var connection = new Connection(id, socket, this);
            connections.put(id, connection);
            if (stopping) {
                // Accepted after the start of the drain, which does not know it.
                socket.close();
            }
            scope.fork(connection);
        } catch (IOException | RuntimeException | Error e) {
            connections.remove(id);
            socket.close();
            throw e;
        }
    }

    private void pause(AcceptBackoff backoff, Throwable failure) throws InterruptedException {
        statistics.acceptFailures.increment();
        if (backoff.shouldLog(System.nanoTime())) {
            try {
                LOG.log(Level.WARNING, "cannot accept connections: {0}; trying again", failure);
            } catch (RuntimeException | Error e) {
                // Logging fails for the same shortage as `accept`; the failure is counted.
            }
        }
        Thread.sleep(backoff.failed());
    }

    /// Whether no client gets anything new any more.
    boolean isStopping() {
        return stopping;
    }

    /// Counts a connection or a channel of a client. To make room, sessions of channels end that wait for a connection.
    ///
    /// @param isReplacement whether it takes over from another connection, which ends; it is then never refused
    /// @return null if it was counted; otherwise the reason for the refusal
    String enterQuota(ClientIdentity client, boolean isReplacement) {
        String refusal = quota.enter(client, isReplacement);
        while (refusal != null && channelSessions.endOldest(client)) {
            refusal = quota.enter(client, isReplacement);
        }
        return refusal;
    }

    /// The only place that counts and logs a client that is let in.
    void admitted(Connection connection) {
        statistics.established.increment();
        log.admitted(connection);
    }

    /// The only place that counts and logs the end of a connection.
    void closed(Connection connection, LinkEnd end) {
        statistics.closed(connection, end.reason(), connections);
        sockets.leave();
        log.closed(connection, end);
    }

    /// Stops the server: notifies the clients, answers their requests, closes the connections, and aborts the remaining
    /// ones after the grace period. Blocks. Idempotent.
    public void stop() {
        stopping = true;
        Thread watching = watcher;
        if (watching != null) {
            watching.interrupt();
        }
        try {
            listener.close();
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "closing the listener failed", e);
        }
        long deadline = System.nanoTime() + config.gracePeriod().toNanos();
        try {
            drain(connections());
            if (!acceptThread.join(Duration.ofNanos(Math.max(1, deadline - System.nanoTime())))) {
                // An interrupt does not reach a thread that never waits because its peer sends continuously.
                connections().forEach(Connection::abort);
                acceptThread.interrupt();
                acceptThread.join();
            }
            channelSessions.endAll();
        } catch (InterruptedException e) {
            acceptThread.interrupt();
            Thread.currentThread().interrupt();
        }
    }

    private void drain(Collection<Connection> live) throws InterruptedException {
        try (var scope = StructuredTaskScope.open(Joiner.<Void>awaitAll(),
                configuration -> configuration.withTimeout(config.gracePeriod().dividedBy(DRAIN_SHARE)))) {
            live.forEach(connection -> scope.fork(connection::drain));
            scope.join();
        } catch (StructuredTaskScope.TimeoutException e) {
            LOG.log(Level.INFO, "some clients did not come to rest; they are cut off");
        }
    }

    /// Blocks until the server has been stopped.
    public void awaitTermination() throws InterruptedException {
        acceptThread.join();
    }

    @Override
    public void close() {
        stop();
    }
}
