package dev.cipherlink.gateway;

import static org.awaitility.Awaitility.await;

import dev.cipherlink.gateway.GatewayRig.RespClient;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/// A `redis-server` of this machine, on a Unix socket and without files.
final class RedisServer implements AutoCloseable {

    private final Process process;
    private final Path socket;

    RedisServer(Path folder) throws IOException {
        socket = folder.resolve("redis.sock");
        process = new ProcessBuilder("redis-server", "--port", "0", "--unixsocket", socket.toString(), "--save", "",
                "--appendonly", "no", "--databases", "1", "--dir", folder.toString(), "--notify-keyspace-events", "KEA")
                .redirectErrorStream(true).redirectOutput(folder.resolve("redis.log").toFile()).start();
        await().pollInterval(Duration.ofMillis(20)).until(() -> Files.exists(socket));
    }

    RespClient connect() throws IOException {
        return new RespClient(UnixDomainSocketAddress.of(socket));
    }

    @Override
    public void close() {
        process.destroyForcibly().onExit().join();
    }
}
