package dev.cipherlink.server;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.cipherlink.client.Client;
import dev.cipherlink.client.ClientConfig;
import dev.cipherlink.crypto.SharedKey;
import dev.cipherlink.store.Durability;
import dev.cipherlink.store.RocksConfig;
import dev.cipherlink.store.RocksStore;
import dev.cipherlink.store.StoreLimits;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Another server on the same store goes on with the sessions of the last one.
@Timeout(60)
class SessionRestartIT {

    @TempDir
    Path folder;

    private final SharedKey key = SharedKey.generate();
    private RocksStore store;
    private Server server;
    private int port;

    @BeforeEach
    void start() throws IOException {
        start(UnaryOperator.identity());
    }

    private void start(UnaryOperator<ServerConfig> change) throws IOException {
        store = RocksStore.open(folder.resolve("store"), RocksConfig.of(StoreLimits.ofDisk(1 << 20), Durability.ALWAYS));
        server = Server.start(change.apply(ServerConfig.loopback(key).withListenAddress("127.0.0.1", port)
                .withTimes(Duration.ofSeconds(10), Duration.ofSeconds(10), Duration.ofMillis(200))), store);
        port = server.address().getPort();
    }

    @AfterEach
    void stop() {
        server.close();
        store.close();
    }

    private void restart() throws IOException {
        stop();
        start();
    }

    private Client connect() throws IOException {
        return Client.connect(ClientConfig.to("127.0.0.1", port, key));
    }

    private int sessions() throws Exception {
        return SessionJournal.readAll(store).size();
    }

    @Test
    void aSessionThatEndedIsForgottenAndOneThatOnlyReadIsGone() throws Exception {
        try (Client reading = connect()) {
            try (Client writing = connect()) {
                writing.request("SET a 1");
                assertEquals(1, sessions());
            }
            await().until(() -> sessions() == 0);
            assertEquals("1", reading.request("GET a").text());
            String session = reading.session().sessionId();
            restart();
            assertEquals("1", reading.request("GET a").text());
            assertNotEquals(session, reading.session().sessionId());
        }
    }

    @Test
    void aSessionToWhichNobodyComesBackIsForgotten() throws Exception {
        try (Client client = Client.connect(ClientConfig.to("127.0.0.1", port, key).withReconnect(Duration.ZERO))) {
            client.request("SET a 1");
            stop();
        }
        start(config -> config.withSessions(Duration.ZERO));
        await().until(() -> sessions() == 0);
        assertEquals(0, server.sessions().detached());
    }
}
