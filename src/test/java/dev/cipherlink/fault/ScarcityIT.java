package dev.cipherlink.fault;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.client.Client;
import dev.cipherlink.client.ClientConfig;
import dev.cipherlink.crypto.SharedKey;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Cases 58 and 63 of the fault catalogue: a server without descriptors, and one without memory.
class ScarcityIT {

    private static final Duration LONG = Duration.ofSeconds(30);

    @TempDir
    Path folder;
    private SharedKey key;

    @BeforeEach
    void makeKey() throws IOException {
        key = SharedKey.generate();
        key.save(folder.resolve("k"), false);
    }

    @AfterEach
    void wipeKey() {
        key.close();
    }

    private ChildProgram serve(String limits, String... jvmOptions) throws IOException {
        Files.writeString(folder.resolve("cipherlink.yaml"), """
                server:
                  max-handshakes-per-address: 10000
                  handshakes-per-second: 10000
                store:
                  engine: memory
                """);
        return ChildProgram.start(folder, limits, List.of(jvmOptions), "serve", "--port", "0", "--shared-key", "k");
    }

    private Client connect(int port) throws IOException {
        return Client.connect(ClientConfig.to("127.0.0.1", port, key).withTimes(LONG, LONG)
                .withReconnect(Duration.ZERO));
    }

    private static long value(Client client, String name) throws Exception {
        return client.request("INFO").text().lines().filter(line -> line.startsWith(name + ": "))
                .mapToLong(line -> Long.parseLong(line.substring(name.length() + 2))).findFirst().orElseThrow();
    }

    /// Its sockets took every descriptor once; then the first log record, for which classes had to be loaded, ended the
    /// accept loop and with it the server. Nothing is loaded here before on purpose.
    @Test
    void servesThoseItHasWhenDescriptorsRunOutAndOthersAgainLater() throws Exception {
        try (var child = serve("ulimit -n 150")) {
            int port = child.port();
            try (Client client = connect(port)) {
                var sockets = new ArrayList<Socket>();
                for (int i = 0; i < 200; i++) {
                    sockets.add(new Socket(InetAddress.getLoopbackAddress(), port));
                }
                long most = value(client, "max_connections");
                assertTrue(most < 120, "some stay free: " + most);
                await().until(() -> value(client, "connections") == most);
                assertEquals("OK", client.request("SET greeting hello").text());
                assertEquals("hello", client.request("GET greeting").text());
                assertEquals(most, client.request("SOCKETS").text().lines().count());
                for (Socket socket : sockets) {
                    socket.close();
                }
                try (Client another = connect(port)) {
                    assertEquals("hello", another.request("GET greeting").text());
                }
                await().until(() -> value(client, "connections") == 1);
                assertEquals(0, value(client, "accept_failures"));
            }
            String log = Files.readString(folder.resolve("err"));
            assertTrue(log.contains("since the process may have no more descriptors"), log);
            assertFalse(log.contains("ERROR"), log);
        }
    }

    /// Others can take the descriptors as well, or the system has no more. The accept loop ended once with what the record
    /// of its first failure could not load.
    @Test
    void acceptsAgainWhenThereAreDescriptorsAgain() throws Exception {
        try (var child = serve("true")) {
            int port = child.port();
            try (Client client = connect(port)) {
                assertEquals(0, value(client, "accept_failures"));
                connect(port).close();
                await().until(() -> Files.readString(folder.resolve("err")).contains("reason="));
                child.limitDescriptors(10);
                try (var _ = new Socket(InetAddress.getLoopbackAddress(), port)) {
                    await().until(() -> value(client, "accept_failures") > 1);
                    child.limitDescriptors(1_000);
                    try (Client another = connect(port)) {
                        assertEquals("PONG", another.request("PING").text());
                    }
                }
                await().until(() -> value(client, "connections") == 1);
            }
            String log = Files.readString(folder.resolve("err"));
            long records = log.lines().filter(line -> line.contains("cannot accept connections: ")).count();
            assertTrue(records > 0 && records < 30, "the first, and one a second at most: " + records);
        }
    }

    /// Twelve values of 8 MiB on their way into a heap of 64 MiB.
    @Test
    void refusesWhatDoesNotFitIntoItsMemoryAndKeepsWhatItHas() throws Exception {
        byte[] command = ("SET v " + "x".repeat(8 << 20)).getBytes(StandardCharsets.US_ASCII);
        try (var child = serve("true", "-Xmx64m"); var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            int port = child.port();
            try (Client first = connect(port)) {
                assertEquals("OK", first.request("SET greeting hello").text());
            }
            var attempts = new ArrayList<Future<String>>();
            for (int i = 0; i < 12; i++) {
                attempts.add(executor.submit(() -> {
                    try (Client client = connect(port)) {
                        return client.request(command).text();
                    } catch (IOException e) {
                        return "lost: " + e.getMessage();
                    }
                }));
            }
            for (Future<String> attempt : attempts) {
                attempt.get(60, TimeUnit.SECONDS);
            }
            try (Client last = connect(port)) {
                assertEquals("hello", last.request("GET greeting").text());
                await().until(() -> value(last, "connections") == 1);
            }
            assertTrue(child.isAlive());
        }
    }
}
