package dev.cipherlink.server;

import static org.awaitility.Awaitility.await;

import dev.cipherlink.client.ClientConfig;
import dev.cipherlink.crypto.SharedKey;
import dev.cipherlink.server.HandshakeGate.HandshakeLimits;
import dev.cipherlink.session.CloseReason;
import dev.cipherlink.store.MemoryStore;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.StoreLimits;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/// A server on a free port of the loopback interface, with a store and a key of its own.
public final class TestServer implements AutoCloseable {

    private final SharedKey key = SharedKey.generate();
    private final MemoryStore store = new MemoryStore(new StoreLimits(16 << 20, 1L << 30));
    private final Server server;

    private TestServer(Consumer<ServerConfig.Builder> change) throws IOException {
        server = Server.start(ServerConfig.loopback(key).with(change), store);
    }

    public static TestServer start() throws IOException {
        return start(_ -> { });
    }

    public static TestServer start(Consumer<ServerConfig.Builder> change) throws IOException {
        return new TestServer(change);
    }

    /// The one place that knows how these limits are configured.
    public static Consumer<ServerConfig.Builder> limits(int maxConnections, int maxHandshakesPerAddress) {
        return to -> {
            to.maxConnections = maxConnections;
            to.handshakes = new HandshakeLimits(maxHandshakesPerAddress, maxConnections, 100_000, 100_000);
        };
    }

    public static Consumer<ServerConfig.Builder> times(Duration handshake, Duration keepalive, Duration grace) {
        return to -> {
            to.handshakeTimeout = handshake;
            to.keepaliveInterval = keepalive;
            to.gracePeriod = grace;
        };
    }

    public SharedKey key() {
        return key;
    }

    public int port() {
        return server.address().getPort();
    }

    public ClientConfig clientConfig() {
        return ClientConfig.to("127.0.0.1", port(), key);
    }

    public Socket connect() throws IOException {
        return new Socket("127.0.0.1", port());
    }

    public RawPeer rawPeer() throws IOException {
        return new RawPeer(connect(), key);
    }

    List<Connection> live() {
        return server.connections();
    }

    public int connections() {
        return server.connections().size();
    }

    public void awaitConnections(int count) {
        await().pollInterval(Duration.ofMillis(5)).until(() -> connections() == count);
    }

    /// How many connections ended for this reason.
    public long ended(CloseReason reason) {
        return count("closed_" + reason.name().toLowerCase(Locale.ROOT));
    }

    public void awaitEnded(CloseReason reason, long count) {
        await().pollInterval(Duration.ofMillis(5)).until(() -> ended(reason) == count);
    }

    public long requests() {
        return count("requests");
    }

    private long count(String name) {
        try {
            return (Long) server.services.info().read("").get(name);
        } catch (StoreException e) {
            throw new UncheckedIOException(new IOException(e));
        }
    }

    public void stop() {
        server.stop();
    }

    @Override
    public void close() {
        server.close();
        store.close();
        key.close();
    }
}
