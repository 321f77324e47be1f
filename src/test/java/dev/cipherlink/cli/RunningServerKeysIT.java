package dev.cipherlink.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.console.Terminal;
import dev.cipherlink.peer.JavaProgram;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The commands for keys beside a running `serve`: what they say has happened when they return.
class RunningServerKeysIT {

    @TempDir
    static Path folder;
    private static Process server;
    private static String address;
    private Terminal operator;
    private Terminal user;
    private String userLine;

    @BeforeAll
    static void serve() throws IOException {
        var builder = new ProcessBuilder(JavaProgram.command(folder, List.of("-XX:+UseSerialGC"), Main.class, "serve", "--port", "0"))
                .directory(folder.toFile()).redirectError(folder.resolve("log").toFile());
        builder.environment().clear();
        builder.environment().put("HOME", folder.toString());
        server = builder.start();
        address = server.inputReader().readLine().split(" ")[2];
    }

    @AfterAll
    static void stop() throws InterruptedException {
        server.destroy();
        assertTrue(server.waitFor(60, TimeUnit.SECONDS));
    }

    @BeforeEach
    void users() throws IOException {
        operator = terminal();
        user = terminal();
        user.environment.put("CIPHERLINK_CLIENT_IDENTITY", folder.resolve("user-" + System.nanoTime()).toString());
        assertEquals(0, user.run("keygen", "identity", "--name", "user"), user.err());
        userLine = user.out().strip();
        Files.deleteIfExists(folder.resolve(".config/cipherlink/authorized_keys"));
    }

    private static Terminal terminal() {
        var terminal = new Terminal(folder);
        terminal.environment.put("HOME", folder.toString());
        terminal.environment.put("CIPHERLINK_CLIENT_SERVER", address);
        return terminal;
    }

    private int ping() {
        return user.run("ping", "-n", "1", "--accept-new-host-key");
    }

    private static String log() throws IOException {
        return Files.readString(folder.resolve("log"));
    }

    private static void end(OutputStream typed) throws IOException {
        typed.close();
    }

    @Test
    void authorizeAndRevokeReturnWhenTheServerHasThem() throws Exception {
        assertEquals(4, ping(), user.err());
        assertEquals(0, operator.run("--json", "authorize", userLine, "--keys", "ro:app:*"), operator.err());
        assertTrue(operator.out().endsWith("\"taken_up\":true}\n"), operator.out());
        assertEquals("", operator.err());
        assertEquals(0, ping(), user.err());
        assertEquals(6, user.run("kv", "SET", "app:x", "1"));
        assertEquals("cipherlink: SET app:x: denied: your key may not write this one (keys=ro:app:*)\n", user.err());
        assertEquals(6, user.run("kv", "KEYS"));
        assertEquals("cipherlink: KEYS: denied: your key may only list below its own prefixes (keys=ro:app:*)\n", user.err());

        try (PipedOutputStream typed = new PipedOutputStream(); PipedInputStream stdin = new PipedInputStream(typed)) {
            CompletableFuture<Integer> live = CompletableFuture.supplyAsync(() -> user.runWith(stdin, "kv"));
            typed.write("PING\n".getBytes(StandardCharsets.UTF_8));
            typed.flush();
            Awaitility.await().until(() -> user.out().equals("PONG\n"));
            assertEquals(0, operator.run("keys", "revoke", "user"), operator.err());
            assertEquals("", operator.err());
            end(typed);
            live.get(60, TimeUnit.SECONDS);
        }
        assertEquals(4, ping());
        String fingerprint = operator.out().strip().replaceFirst(".* ", "");
        assertTrue(log().contains("key-authorized name=user key=" + fingerprint + " options=\"keys=ro:app:*\""), log());
        assertTrue(log().contains("key-revoked name=user key=" + fingerprint), log());
    }

    @Test
    void servicesAndTargetsLimitForwards() throws Exception {
        try (var target = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            Thread.startVirtualThread(() -> greet(target));
            String name = "127.0.0.1:" + target.getLocalPort();
            for (String services : List.of("kv,chat", "forward")) {
                assertEquals(0, operator.run("authorize", userLine, "--replace", "--forward", name, "--services", services), operator.err());
                int status = user.run("forward", "--accept-new-host-key", "--stdio", name);
                assertEquals(services.equals("forward") ? 0 : 6, status, user.err());
                assertEquals(services.equals("forward") ? "hello" : "", user.out());
            }
            assertEquals(6, user.run("kv", "GET", "app:x"));
            assertTrue(user.err().contains("denied: your key may not use the store"), user.err());
        }
        assertFalse(log().contains("resumed=true"), "no session was resumed here");
    }

    private static void greet(ServerSocket target) {
        try {
            while (true) {
                try (Socket caller = target.accept()) {
                    caller.getOutputStream().write("hello".getBytes(StandardCharsets.US_ASCII));
                }
            }
        } catch (IOException e) {
            // The test is over.
        }
    }

    @Test
    void denyKeepsAKeyOutAndListShowsItsLastUse() throws Exception {
        assertEquals(0, operator.run("authorize", userLine), operator.err());
        assertEquals(0, operator.run("keys", "list"));
        assertTrue(operator.out().matches("user [-0-9a-z]{39} -\n"), operator.out());
        Instant before = Instant.now().minusSeconds(1);
        assertEquals(0, ping(), user.err());
        assertEquals(0, operator.run("keys", "list"));
        assertTrue(operator.out().matches("user [-0-9a-z]{39} \\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ\n"), operator.out());
        assertFalse(Instant.parse(operator.out().strip().split(" ")[2]).isBefore(before));
        assertEquals(0, operator.run("keys", "deny", "user"), operator.err());
        assertEquals(4, ping());
        assertTrue(log().contains("key-denied name=user "), log());
    }

    @Test
    void aFileThatTheServerRefusesIsToldOf() throws Exception {
        assertEquals(0, operator.run("authorize", userLine), operator.err());
        Path other = folder.resolve("other_keys");
        assertEquals(0, operator.run("authorize", userLine, "--authorized-keys", other.toString()));
        assertTrue(operator.err().contains("not taken up: the running server uses "), operator.err());
        Terminal elsewhere = terminal();
        elsewhere.environment.put("CIPHERLINK_SERVER_DATA", folder.resolve("nothing").toString());
        assertEquals(0, elsewhere.run("--json", "keys", "revoke", "user"));
        assertTrue(elsewhere.out().endsWith("\"taken_up\":false}\n"), elsewhere.out());
        assertTrue(elsewhere.err().contains("no server answers here"), elsewhere.err());
    }

    @Test
    void theNextKeyIsAnnouncedWithoutARestart() throws Exception {
        assertEquals(0, operator.run("authorize", userLine), operator.err());
        assertEquals(0, ping(), user.err());
        assertEquals(0, operator.run("keygen", "server", "--next"), operator.err());
        String next = operator.out().strip().replace("next server key ", "");
        Awaitility.await().until(() -> ping() == 0 && user.run("hosts", "list") == 0
                && user.out().contains(next) && user.out().endsWith(" next\n"));
        assertTrue(log().contains(next), log());
    }
}
