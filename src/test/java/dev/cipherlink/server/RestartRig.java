package dev.cipherlink.server;

import dev.cipherlink.crypto.SharedKey;
import dev.cipherlink.store.KeyValueStore.Durability;
import dev.cipherlink.store.StoreLimits;
import dev.cipherlink.store.disk.RocksConfig;
import dev.cipherlink.store.disk.RocksStore;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/// A server with its store on disk, which can be started again on the same store and port.
abstract class RestartRig {
    @TempDir
    Path folder;
    final SharedKey key = SharedKey.generate();
    RocksStore store;
    Server server;
    int port;

    @BeforeEach
    void start() throws IOException {
        start(_ -> { });
    }

    void start(Consumer<ServerConfig.Builder> change) throws IOException {
        store = RocksStore.open(folder.resolve("store"), RocksConfig.of(StoreLimits.ofDisk(1 << 20), Durability.ALWAYS));
        server = Restart.of(ServerConfig.loopback(key).with(to -> {
            to.port = port;
            to.gracePeriod = Duration.ofMillis(200);
        }).with(change), store);
        port = server.address().getPort();
    }

    @AfterEach
    void stop() {
        server.close();
        store.close();
    }

    void restart() throws IOException {
        stop();
        start();
    }
}
