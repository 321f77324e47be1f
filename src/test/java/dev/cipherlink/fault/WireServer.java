package dev.cipherlink.fault;

import dev.cipherlink.client.ClientConfig;
import dev.cipherlink.server.PersonalServer;
import dev.cipherlink.server.ServerConfig;
import dev.cipherlink.server.TestServer;
import dev.cipherlink.session.CloseReason;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.function.Consumer;

/// A real server in this process that speaks one version of the wire, for tests that are the same for both.
final class WireServer implements AutoCloseable {

    /// The versions of the wire.
    enum Wire {
        SHARED_KEY,
        NOISE
    }

    private final TestServer shared;
    private final PersonalServer personal;

    private WireServer(TestServer shared, PersonalServer personal) {
        this.shared = shared;
        this.personal = personal;
    }

    static WireServer start(Wire wire) throws IOException {
        return start(wire, _ -> { });
    }

    static WireServer start(Wire wire, Consumer<ServerConfig.Builder> change) throws IOException {
        return switch (wire) {
            case SHARED_KEY -> new WireServer(TestServer.start(change), null);
            case NOISE -> new WireServer(null, PersonalServer.start(change));
        };
    }

    /// Strangers are not limited: a test connects more often than people do.
    static Consumer<ServerConfig.Builder> times(Duration handshake, Duration keepalive) {
        return TestServer.limits(10_000, 10_000).andThen(TestServer.times(handshake, keepalive, Duration.ofSeconds(5)));
    }

    int port() {
        return shared != null ? shared.port() : personal.port();
    }

    /// For a client that goes through a proxy, and does not come back when its connection is lost.
    ClientConfig through(FaultProxy proxy) {
        return reconnecting(proxy).withReconnect(Duration.ZERO);
    }

    /// For a client that goes through a proxy, and comes back.
    ClientConfig reconnecting(FaultProxy proxy) {
        return ClientConfig.to("127.0.0.1", proxy.port(), config().credentials());
    }

    ClientConfig config() {
        return shared != null ? shared.clientConfig() : personal.clientConfig();
    }

    long ended(CloseReason reason) {
        return shared != null ? shared.ended(reason) : personal.ended(reason);
    }

    long endedInAll() {
        return Arrays.stream(CloseReason.values()).mapToLong(this::ended).sum();
    }

    void awaitEnded(CloseReason reason, long count) {
        if (shared != null) {
            shared.awaitEnded(reason, count);
        } else {
            personal.awaitEnded(reason, count);
        }
    }

    void awaitConnections(int count) {
        if (shared != null) {
            shared.awaitConnections(count);
        } else {
            personal.awaitConnections(count);
        }
    }

    @Override
    public void close() {
        if (shared != null) {
            shared.close();
        } else {
            personal.close();
        }
    }
}
