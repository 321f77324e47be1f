package dev.cipherlink.cli.gateway;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.cli.IdentityRig;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// `cipherlink gateway` as a user meets it, with `redis-cli`, against a real server in this process.
class GatewayCommandIT extends IdentityRig {

    @BeforeEach
    void start() throws IOException {
        authorizeAnn("--keys", "rw:app:*");
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
        try (var lines = gateway.inputReader()) {
            String port = String.valueOf(portOf(lines.readLine()));
            Path socket = folder.resolve("r.sock");
            assertTrue(lines.readLine().endsWith("r.sock"));
            assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)));

            assertEquals("NOAUTH Authentication required.", redisCli("-p", port, "GET", "app:a"));
            assertTrue(redisCli("--no-auth-warning", "-a", "secret", "-p", port, "SET", "app:a", "v").endsWith("OK"));
            assertEquals("v", redisCli("--no-auth-warning", "-a", "secret", "-s", socket.toString(), "GET", "app:a"));
            String refused = redisCli("--no-auth-warning", "-a", "secret", "-p", port, "GET", "other");
            assertTrue(refused.startsWith("NOPERM "), refused);
            assertEquals("app:a", redisCli("--no-auth-warning", "-a", "secret", "-p", port, "--scan", "--pattern", "app:*"));

            signal(gateway, "USR1");
            await().until(() -> stderr().contains("cipherlink: gateway: 0 clients, 5 accepted"));
            gateway.destroy();
            assertTrue(gateway.waitFor(60, TimeUnit.SECONDS));
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
