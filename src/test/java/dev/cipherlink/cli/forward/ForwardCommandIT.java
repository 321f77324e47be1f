package dev.cipherlink.cli.forward;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.cli.IdentityRig;
import dev.cipherlink.cli.Main;
import dev.cipherlink.fault.Ending;
import dev.cipherlink.fault.FaultProxy;
import dev.cipherlink.forward.Programs;
import dev.cipherlink.forward.Services;
import dev.cipherlink.peer.JavaProgram;
import java.io.IOException;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// `cipherlink forward` as a user meets it, against a real server in this process.
class ForwardCommandIT extends IdentityRig {

    private ServerSocket target;

    @BeforeEach
    void start() throws IOException {
        target = new ServerSocket(0, 16, InetAddress.getLoopbackAddress());
        authorizeAnn("--forward", "127.0.0.1:" + target.getLocalPort(), "--forward", "localhost:1-65535,127.0.0.1:1-65535");
    }

    @AfterEach
    void stop() throws IOException {
        target.close();
    }

    @Test
    void saysWhenItIsReadyForwardsReportsAndStopsOnASignal() throws Exception {
        Process forward = process("forward", "-L", "0:127.0.0.1:" + target.getLocalPort(), "-D", "0", "--pool", "1");
        try (var lines = forward.inputReader()) {
            String first = lines.readLine();
            int port = portOf(first);
            assertEquals("ready 127.0.0.1:" + port + " -> 127.0.0.1:" + target.getLocalPort(), first);
            assertTrue(lines.readLine().endsWith(" -> SOCKS, HTTP"));
            try (var client = new Socket("127.0.0.1", port); Socket accepted = target.accept()) {
                client.getOutputStream().write(42);
                assertEquals(42, accepted.getInputStream().read());
                signal(forward, "USR1");
                Awaitility.await().until(() -> stderr().contains("1 open, 1 opened, 0 failed, 1 bytes out"));
            }
            forward.destroy();
            assertTrue(forward.waitFor(60, TimeUnit.SECONDS));
            assertEquals(0, forward.exitValue(), stderr());
        } finally {
            forward.destroyForcibly();
        }
    }

    @Test
    void aServerThatGoesAwayLaterFailsOnlyTheNextConnections() throws Exception {
        Process forward = process("forward", "--timeout", "2s", "-L", "0:127.0.0.1:" + target.getLocalPort());
        try (var lines = forward.inputReader()) {
            int port = portOf(lines.readLine());
            server.close();
            try (var client = new Socket("127.0.0.1", port)) {
                Awaitility.await().until(() -> stderr().contains("not forwarded: "));
                assertTrue(client.isConnected());
            }
            assertTrue(forward.isAlive());
            assertEquals(1, stderr().lines().count(), stderr());
        } finally {
            forward.destroyForcibly();
        }
    }

    @Test
    void aRevokedKeyLosesItsForwards() throws Exception {
        Process forward = process("forward", "-L", "0:127.0.0.1:" + target.getLocalPort());
        try (var lines = forward.inputReader();
             var client = new Socket("127.0.0.1", portOf(lines.readLine()));
             Socket accepted = target.accept()) {
            client.setSoTimeout(60_000);
            accepted.setSoTimeout(60_000);
            client.getOutputStream().write(42);
            assertEquals(42, accepted.getInputStream().read());
            assertEquals(0, ann.run("keys", "revoke", "ann"), ann.err());
            assertThrows(SocketException.class, () -> client.getInputStream().read());
            assertThrows(SocketException.class, () -> accepted.getInputStream().read());
        } finally {
            forward.destroyForcibly();
        }
    }

    @Test
    void stdinAndStdoutAreForwardedToTheByte() throws Exception {
        byte[] sent = new byte[300_000];
        new Random(5).nextBytes(sent);
        Thread.startVirtualThread(() -> {
            try (Socket accepted = target.accept()) {
                accepted.getInputStream().transferTo(accepted.getOutputStream());
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
        assertEquals(0, ann.runWith(sent, "forward", "--stdio", "127.0.0.1:" + target.getLocalPort()), ann.err());
        assertArrayEquals(sent, ann.outBytes());
        assertEquals("", ann.err());
    }

    @Test
    void eachFailureHasItsStatusAndOneLine() throws IOException {
        assertEquals(6, ann.run("forward", "--stdio", "127.0.0.2:80"));
        assertTrue(ann.err().contains("no rule admits 127.0.0.2:80") && ann.err().contains("forward=127.0.0.2:80"), ann.err());
        try (Socket refusing = Programs.refusingPort()) {
            int port = refusing.getLocalPort();
            assertEquals(6, ann.run("forward", "--stdio", "localhost:" + port));
            assertTrue(ann.err().contains("localhost:" + port + " refuses connections"), ann.err());
            assertEquals(3, ann.run("forward", "-D", "0", "-s", "127.0.0.1:" + port));
            assertEquals(3, ann.run("forward", "--stdio", "a:1", "-s", "127.0.0.1:" + port));
        }
        assertEquals(2, ann.run("forward", "-L", "0:web"));
        assertEquals("cipherlink: -L 0:web: [BIND:]PORT:HOST:PORT is needed, IPv6 addresses in brackets; a path without a colon may stand for "
                + "[BIND:]PORT or HOST:PORT\n", ann.err());
        assertEquals(2, ann.run("forward"));
        assertEquals(2, ann.run("forward", "--stdio", "a:1", "-D", "0"));
        assertEquals(2, ann.run("forward", "-D", "0", "--pool", "x"));
        assertEquals(2, ann.run("forward", "-D", String.valueOf(target.getLocalPort())));
        assertTrue(ann.err().startsWith("cipherlink: cannot listen on 127.0.0.1:" + target.getLocalPort() + ": "), ann.err());
        ann.environment.remove("CIPHERLINK_CLIENT_HOST_KEY");
        assertEquals(4, ann.run("forward", "-D", "0"));
        assertEquals(4, ann.run("forward", "--stdio", "a:1"));
        assertFalse(ann.err().isEmpty());
    }

    @Test
    void aSharedKeyIsRefusedClearly() {
        ann.environment.remove("CIPHERLINK_CLIENT_HOST_KEY");
        assertEquals(0, ann.run("keygen", "shared", "k"));
        assertEquals(2, ann.run("forward", "-D", "0", "--shared-key", "k"));
        assertTrue(ann.err().startsWith("cipherlink: forwarding needs version 2, and option --shared-key chooses version 1\n"),
                ann.err());
    }

    @Test
    void aPasswordFileMustBeSecretAndRight() throws IOException {
        Path file = Files.writeString(folder.resolve("passwords"), "ann:secret\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
        assertEquals(2, ann.run("forward", "-D", "0", "--socks-passwords", "passwords"));
        assertTrue(ann.err().contains("others may read or write it"), ann.err());
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        Files.writeString(file, "nonsense");
        assertEquals(2, ann.run("forward", "-D", "0", "--socks-passwords", "passwords"));
        assertTrue(ann.err().contains("line 1: USER:PASSWORD is needed"), ann.err());
        assertEquals(2, ann.run("forward", "-L", "0:a:1", "--socks-passwords", "passwords"));
    }

    @Test
    void wrongRulesAreRefusedWhereTheyAreGiven() {
        assertEquals(2, ann.run("serve", "--check", "--config", write("forward:\n  allow: web\n")));
        assertTrue(ann.err().contains("forward.allow: ") && ann.err().contains("HOST:PORTS"), ann.err());
        assertEquals(2, ann.run("authorize", "--forward", "10.0.0.1/8:22", "cipherlink-x25519",
                "j0DFrbaPJWJK5bIU6nZ6bslNgp09e14a0bpvPiE4KF8=", "bob"));
        assertTrue(ann.err().contains("'10.0.0.1/8:22' is no rule for forwards: the address has bits behind the first 8"), ann.err());
    }

    private String write(String yaml) {
        try {
            return Files.writeString(folder.resolve("c.yaml"), yaml).toString();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void sshReachesAnSshServerThroughStdio() throws Exception {
        Path script = folder.resolve("proxy");
        StringBuilder text = new StringBuilder("#!/bin/sh\n");
        ann.environment.forEach((name, value) -> text.append("export ").append(name).append("='").append(value).append("'\n"));
        text.append("exec ");
        JavaProgram.command(folder, List.of(), Main.class, "forward", "--stdio").forEach(word -> text.append('\'').append(word).append("' "));
        Files.writeString(script, text + "\"$1\"\n");
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
        String[] through = {"-o", "ProxyCommand=" + script + " %h:%p"};
        try (var service = Services.sshd(folder)) {
            assertEquals("it works\n100000\n", Programs.run(folder, Services.ssh(folder, service.port(), through[0], through[1], "localhost",
                    "echo it works; seq 100000 | tail -1")));
            // The first ssh keeps its connection, through `--stdio`, for those that come.
            Programs.run(folder, Services.ssh(folder, service.port(), through[0], through[1], "-o", "ControlMaster=yes", "-N", "-f", "127.0.0.1"));
            try {
                for (int i = 0; i < 3; i++) {
                    assertEquals("again\n", Programs.run(folder, Services.ssh(folder, service.port(), "127.0.0.1", "echo again")));
                }
            } finally {
                Programs.run(folder, Services.ssh(folder, service.port(), "-O", "exit", "127.0.0.1"));
            }
        }
    }

    @Test
    void stdioSaysThatTheServerWentAway() throws Exception {
        try (var typed = new PipedOutputStream(); var stdin = new PipedInputStream(typed)) {
            var status = CompletableFuture.supplyAsync(() ->
                    ann.runWith(stdin, "forward", "--stdio", "127.0.0.1:" + target.getLocalPort()));
            try (Socket accepted = target.accept()) {
                accepted.getOutputStream().write('x');
                Awaitility.await().until(() -> ann.out().equals("x"));
                server.close();
                assertEquals(3, status.get(60, TimeUnit.SECONDS), ann.err());
            }
            assertTrue(ann.err().startsWith("cipherlink: connection to 127.0.0.1:" + target.getLocalPort() + " lost: "), ann.err());
        }
    }

    /// An ssh whose ProxyCommand it is survives the loss of the network.
    @Test
    @SuppressWarnings("try") // it is closed in the midst
    void stdioOutlivesItsConnection() throws Exception {
        try (FaultProxy proxy = FaultProxy.to(server.address().getPort()); var typed = new PipedOutputStream(); var stdin = new PipedInputStream(typed)) {
            var status = CompletableFuture.supplyAsync(() ->
                    ann.runWith(stdin, "forward", "-s", "127.0.0.1:" + proxy.port(), "--stdio", "127.0.0.1:" + target.getLocalPort()));
            try (Socket accepted = target.accept()) {
                for (int cut = 0; cut < 3; cut++) {
                    typed.write(cut);
                    typed.flush();
                    assertEquals(cut, accepted.getInputStream().read());
                    proxy.endAll(Ending.RST);
                    accepted.getOutputStream().write('a' + cut);
                    String expected = "abc".substring(0, cut + 1);
                    Awaitility.await().until(() -> ann.out().equals(expected));
                }
                typed.close();
                assertEquals(-1, accepted.getInputStream().read());
                accepted.shutdownOutput();
                assertEquals(0, status.get(60, TimeUnit.SECONDS), ann.err());
            }
            assertEquals("abc", ann.out());
        }
    }

    @Test
    void stdioEndsWhenNothingIsMoved() throws Exception {
        ann.environment.put("CIPHERLINK_FORWARD_IDLE_TIMEOUT", "500ms");
        try (var typed = new PipedOutputStream(); var stdin = new PipedInputStream(typed)) {
            assertEquals(3, ann.runWith(stdin, "forward", "--stdio", "127.0.0.1:" + target.getLocalPort()), ann.err());
            assertTrue(ann.err().contains(" ended: nothing was moved for the time of forward.idle-timeout or "), ann.err());
        }
    }

    @Test
    void connectionsThatOutliveTheGracePeriodAreCutOffAndCounted() throws Exception {
        ann.environment.put("CIPHERLINK_FORWARD_GRACE_PERIOD", "200ms");
        Process forward = process("forward", "-L", "*:0:127.0.0.1:" + target.getLocalPort());
        try (var lines = forward.inputReader()) {
            String ready = lines.readLine();
            int port = Integer.parseInt(ready.replaceFirst(" ->.*", "").replaceFirst(".*:", ""));
            assertTrue(stderr().contains(" can be used from other machines\n"), stderr());
            try (var client = new Socket("127.0.0.1", port); Socket accepted = target.accept()) {
                client.getOutputStream().write(42);
                assertEquals(42, accepted.getInputStream().read());
                forward.destroy();
                assertTrue(forward.waitFor(60, TimeUnit.SECONDS));
            }
            assertEquals(0, forward.exitValue(), stderr());
            assertTrue(stderr().endsWith("cipherlink: 1 forwarded connections were cut off\n"), stderr());
        } finally {
            forward.destroyForcibly();
        }
    }
}
