package dev.cipherlink.cli.gateway;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.cli.Main;
import dev.cipherlink.console.Terminal;
import dev.cipherlink.crypto.Identity;
import dev.cipherlink.peer.JavaProgram;
import dev.cipherlink.server.Server;
import dev.cipherlink.server.ServerConfig;
import dev.cipherlink.server.ServerConfig.ServerKeys;
import dev.cipherlink.server.access.AuthorizedKeys;
import dev.cipherlink.store.MemoryStore;
import dev.cipherlink.store.StoreLimits;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// `cipherlink gateway` as a user meets it, with `redis-cli`, against a real server in this process.
@Timeout(120)
class GatewayCommandIT {

    @TempDir
    Path folder;
    private final Identity host = Identity.generate();
    private final MemoryStore store = new MemoryStore(StoreLimits.ofHeap());
    private Server server;
    private Terminal ann;

    @BeforeEach
    void start() throws IOException {
        Path authorized = folder.resolve("authorized");
        ann = new Terminal(folder);
        ann.environment.put("HOME", folder.resolve("home").toString());
        ann.environment.put("CIPHERLINK_SERVER_AUTHORIZED_KEYS", authorized.toString());
        assertEquals(0, ann.run("keygen", "identity"), ann.err());
        assertEquals(0, ann.run("authorize", ann.out().strip(), "--name", "ann", "--keys", "rw:app:*"), ann.err());
        server = Server.start(ServerConfig.loopback(ServerKeys.personal(host, AuthorizedKeys.load(authorized))), store);
        ann.environment.put("CIPHERLINK_CLIENT_SERVER", "127.0.0.1:" + server.address().getPort());
        ann.environment.put("CIPHERLINK_CLIENT_HOST_KEY", host.publicKey().fingerprint().toString());
    }

    @AfterEach
    void stop() {
        server.close();
        store.close();
        host.close();
    }

    private Process process(String... args) throws IOException {
        var builder = new ProcessBuilder(JavaProgram.command(folder, List.of(), Main.class, args)).directory(folder.toFile())
                .redirectError(folder.resolve("stderr").toFile());
        builder.environment().putAll(ann.environment);
        return builder.start();
    }

    private String stderr() throws IOException {
        return Files.readString(folder.resolve("stderr"));
    }

    private String redisCli(String... args) throws Exception {
        Path out = folder.resolve("out");
        var command = new ArrayList<>(List.of("redis-cli"));
        command.addAll(List.of(args));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(out.toFile()).start();
        assertTrue(process.waitFor(60, TimeUnit.SECONDS));
        return Files.readString(out).strip();
    }

    @Test
    void servesAPortAndASocketReportsAndStopsOnASignal() throws Exception {
        Files.writeString(folder.resolve("password"), "secret\nmore\n");
        Files.setPosixFilePermissions(folder.resolve("password"), PosixFilePermissions.fromString("rw-------"));
        Process gateway = process("gateway", "--resp", "0", "--resp", "./r.sock", "--password-file", "password");
        try (var lines = new BufferedReader(new InputStreamReader(gateway.getInputStream(), StandardCharsets.UTF_8))) {
            String ready = lines.readLine();
            assertTrue(ready.startsWith("ready 127.0.0.1:"), ready + stderr());
            String port = ready.substring(ready.lastIndexOf(':') + 1);
            Path socket = folder.resolve("r.sock");
            assertTrue(lines.readLine().endsWith("r.sock"));
            assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)));

            assertEquals("NOAUTH Authentication required.", redisCli("-p", port, "GET", "app:a"));
            assertTrue(redisCli("--no-auth-warning", "-a", "secret", "-p", port, "SET", "app:a", "v").endsWith("OK"));
            assertEquals("v", redisCli("--no-auth-warning", "-a", "secret", "-s", socket.toString(), "GET", "app:a"));
            String refused = redisCli("--no-auth-warning", "-a", "secret", "-p", port, "GET", "other");
            assertTrue(refused.startsWith("NOPERM "), refused);
            assertEquals("app:a", redisCli("--no-auth-warning", "-a", "secret", "-p", port, "--scan", "--pattern", "app:*"));

            assertEquals(0, new ProcessBuilder("kill", "-USR1", Long.toString(gateway.pid())).start().waitFor());
            await().atMost(Duration.ofSeconds(30)).until(() -> stderr().contains("cipherlink: gateway: 0 clients, 5 accepted"));
            gateway.destroy();
            assertTrue(gateway.waitFor(30, TimeUnit.SECONDS));
            assertEquals(0, gateway.exitValue(), stderr());
            assertFalse(Files.exists(socket));
        } finally {
            gateway.destroyForcibly();
        }
    }

    @Test
    void saysWhatIsWrong() throws IOException {
        assertEquals(2, ann.run("gateway"));
        assertTrue(ann.err().contains("--resp says where to listen"), ann.err());
        assertEquals(2, ann.run("gateway", "--resp", "x"));
        assertTrue(ann.err().startsWith("cipherlink: --resp x: "), ann.err());
        Files.writeString(folder.resolve("file"), "");
        assertEquals(2, ann.run("gateway", "--resp", "./file"));
        assertTrue(ann.err().contains("which is no socket"), ann.err());
        Files.setPosixFilePermissions(folder.resolve("file"), PosixFilePermissions.fromString("rw-r--r--"));
        assertEquals(2, ann.run("gateway", "--resp", "0", "--password-file", "file"));
        assertTrue(ann.err().contains("others may read or write it"), ann.err());
        try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertEquals(2, ann.run("gateway", "--resp", "127.0.0.1:" + taken.getLocalPort()));
            assertTrue(ann.err().startsWith("cipherlink: cannot listen on 127.0.0.1:" + taken.getLocalPort()), ann.err());
        }
        server.close();
        assertEquals(3, ann.run("gateway", "--resp", "0"), ann.err());
    }
}
