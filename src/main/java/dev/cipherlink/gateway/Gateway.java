package dev.cipherlink.gateway;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.cipherlink.client.Client;
import dev.cipherlink.forward.ForwardSpec;
import dev.cipherlink.gateway.ReplyQueue.MemoryLimit;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/// Clients of Redis, served from the store of a server: listens on this machine, and carries all their commands over one session.
///
/// Each client has two virtual threads. Thread-safe. The caller closes it, and the client connection that it was given ends with it.
public final class Gateway implements AutoCloseable {

    private static final Logger LOG = System.getLogger(Gateway.class.getName());
    private static final byte[] TOO_MANY = "-ERR max number of clients reached\r\n".getBytes(ISO_8859_1);
    /// Pause after a failed accept, as when descriptors run out.
    private static final Duration ACCEPT_PAUSE = Duration.ofMillis(100);
    /// Between two warnings of HTTP.
    private static final long HTTP_WARNING_NANOS = Duration.ofMinutes(1).toNanos();
    private static final Duration DRAIN_TICK = Duration.ofMillis(20);
    /// Memory for requests and replies beyond a little each, of the largest heap.
    private static final int MEMORY_SHARE = 4;

    private final ServerLink server;
    private final Config config;
    private final PubSub pubSub = new PubSub(this);
    private final Listing listing = new Listing();
    private final Memory memory = new Memory(Runtime.getRuntime().maxMemory() / MEMORY_SHARE);
    private final Map<Long, RespConnection> connections = new ConcurrentHashMap<>();
    private final Collection<ServerSocketChannel> listeners = ConcurrentHashMap.newKeySet();
    private final AtomicLong lastId = new AtomicLong();
    private final LongAdder refused = new LongAdder();
    private final LongAdder commands = new LongAdder();
    private final long startedAt = System.nanoTime();
    private final AtomicLong nextHttpWarning = new AtomicLong(startedAt);

    /// @param password   that clients have to give; empty for none
    /// @param maxClients served at the same time
    public record Config(Optional<byte[]> password, int maxClients) {

        boolean admits(byte[] given) {
            return password.isEmpty() || MessageDigest.isEqual(digest(given), digest(password.get()));
        }

        /// Of one length for all, so that comparing tells nothing.
        private static byte[] digest(byte[] text) {
            try {
                return MessageDigest.getInstance("SHA-256").digest(text);
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException(e); // every JVM has it
            }
        }
    }

    /// @param first      connected to the server
    /// @param connecting makes another connection, once the library has given up the last one
    public Gateway(Client first, Callable<Client> connecting, Config config) {
        this.config = config;
        server = new ServerLink(first, connecting, pubSub::event, pubSub::sessionBegun, this::sessionLost);
    }

    /// Serves what connects to this socket, which is bound already and closed with the gateway. Returns at once.
    public void listen(ServerSocketChannel listener) {
        listeners.add(listener);
        Thread.ofVirtual().name("cipherlink-gateway").start(() -> acceptUntilClosed(listener));
    }

    private void acceptUntilClosed(ServerSocketChannel listener) {
        while (listener.isOpen()) {
            try {
                SocketChannel accepted = listener.accept();
                Thread.ofVirtual().name("cipherlink-resp").start(() -> serve(accepted));
            } catch (IOException e) {
                pause(listener, e);
            }
        }
    }

    private static void pause(ServerSocketChannel listener, IOException failure) {
        if (listener.isOpen()) {
            LOG.log(Level.WARNING, "cannot accept a client: {0}", failure.getMessage());
            try {
                Thread.sleep(ACCEPT_PAUSE);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void serve(SocketChannel accepted) {
        try (accepted) {
            if (connections.size() >= config.maxClients) {
                refused.increment();
                accepted.write(ByteBuffer.wrap(TOO_MANY));
                return;
            }
            if (accepted.getLocalAddress() instanceof InetSocketAddress) {
                accepted.setOption(StandardSocketOptions.TCP_NODELAY, true);
            }
            long id = lastId.incrementAndGet();
            var connection = new RespConnection(this, id, accepted);
            connections.put(id, connection);
            try {
                connection.run();
            } finally {
                connections.remove(id);
                pubSub.leave(connection); // may wait for the server, and a client that is gone does not count meanwhile
            }
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "a client is gone: {0}", e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// Ends the clients that wait for publications: none would come. They connect and subscribe again, as after a restart of Redis.
    private void sessionLost(IOException cause) {
        for (RespConnection connection : connections.values()) {
            if (connection.isSubscriber()) {
                connection.fail("ERR the session with the server is lost: " + cause.getMessage());
            }
        }
    }

    ServerLink server() {
        return server;
    }

    Config config() {
        return config;
    }

    PubSub pubSub() {
        return pubSub;
    }

    Listing listing() {
        return listing;
    }

    MemoryLimit memory() {
        return memory;
    }

    Collection<RespConnection> connections() {
        return connections.values();
    }

    void countCommand() {
        commands.increment();
    }

    /// Warns of a client that speaks HTTP, once a minute at most.
    void warnOfHttp(SocketChannel channel) {
        long now = System.nanoTime();
        long due = nextHttpWarning.get();
        if (now - due >= 0 && nextHttpWarning.compareAndSet(due, now + HTTP_WARNING_NANOS)) {
            LOG.log(Level.WARNING, "possible attack: {0} sent POST or Host: in place of a command, as a browser does; closed",
                    shown(channel, true));
        }
    }

    /// What a gateway has done so far.
    ///
    /// @param live     clients now
    /// @param accepted clients ever
    /// @param refused  clients beyond the limit
    /// @param commands of all clients
    public record Totals(int live, long accepted, long refused, long commands, Duration uptime, long memoryInUse) {
    }

    public Totals totals() {
        return new Totals(connections.size(), lastId.get(), refused.sum(), commands.sum(),
                Duration.ofNanos(System.nanoTime() - startedAt), memory.inUse());
    }

    /// An end of a client's connection, as Redis writes it.
    static String shown(SocketChannel channel, boolean isRemote) {
        try {
            SocketAddress address = isRemote ? channel.getRemoteAddress() : channel.getLocalAddress();
            if (!(address instanceof InetSocketAddress inet)) {
                return (isRemote ? channel.getLocalAddress() : address) + ":0";
            }
            return ForwardSpec.shown(inet);
        } catch (IOException e) {
            return "?:0";
        }
    }

    /// Stops to listen, gives the clients this time to end, and then ends them. Blocks.
    ///
    /// @return how many clients were cut off
    public int stop(Duration gracePeriod) throws InterruptedException {
        closeListeners();
        long deadline = System.nanoTime() + gracePeriod.toNanos();
        connections.values().forEach(RespConnection::drain);
        while (!connections.isEmpty() && System.nanoTime() < deadline) {
            Thread.sleep(DRAIN_TICK);
        }
        int cutOff = connections.size();
        close();
        return cutOff;
    }

    private void closeListeners() {
        for (ServerSocketChannel listener : listeners) {
            try {
                listener.close();
            } catch (IOException e) {
                // It accepts no more either way.
            }
        }
    }

    @Override
    public void close() {
        closeListeners();
        connections.values().forEach(RespConnection::close);
        server.close();
    }

    /// Bytes in use by all clients.
    private static final class Memory implements MemoryLimit {
        private final long limit;
        private final AtomicLong inUse = new AtomicLong();

        Memory(long limit) {
            this.limit = limit;
        }

        @Override
        public boolean take(long bytes) {
            boolean isThere = inUse.addAndGet(bytes) <= limit;
            if (!isThere) {
                inUse.addAndGet(-bytes);
            }
            return isThere;
        }

        @Override
        public void give(long bytes) {
            inUse.addAndGet(-bytes);
        }

        @Override
        public long forOneClient() {
            return limit / 2;
        }

        long inUse() {
            return inUse.get();
        }
    }
}
