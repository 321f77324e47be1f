package dev.cipherlink.cli.forward;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.cli.IdentityRig;
import dev.cipherlink.forward.Programs;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Named forwards of the configuration, what `--status` tells of those that run, and starts that fail or wait.
class ForwardProfilesIT extends IdentityRig {

    private ServerSocket target;
    private Path sockets;

    @BeforeEach
    void start() throws IOException {
        target = new ServerSocket(0, 16, InetAddress.getLoopbackAddress());
        authorizeAnn("--forward", "127.0.0.1:" + target.getLocalPort());
        sockets = folder.resolve("home/.local/state/cipherlink/forwards");
    }

    @AfterEach
    void stop() throws IOException {
        target.close();
    }

    private void configure(String yaml) throws IOException {
        Path file = folder.resolve("home/.config/cipherlink/cipherlink.yaml");
        Files.writeString(file, yaml);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    }

    @Test
    void namedForwardsRunTogetherAndTellTheirStatus() throws Exception {
        configure("forward:\n  db: -L 0:127.0.0.1:" + target.getLocalPort() + " --pool 1\n  all:  -D 0 -L sock:127.0.0.1:1\n"
                .replace("sock", "./sock"));
        assertEquals(1, ann.run("forward", "--status"));
        assertEquals("cipherlink: no forward of this user is running\n", ann.err());
        Process forward = process("forward", "db", "all");
        try (var lines = forward.inputReader()) {
            int db = portOf(lines.readLine());
            assertEquals("ready " + folder.resolve("home/.config/cipherlink/sock") + " -> 127.0.0.1:1", lines.readLine());
            int socks = portOf(lines.readLine());
            try (var client = new Socket("127.0.0.1", db); Socket accepted = target.accept()) {
                client.getOutputStream().write(42);
                assertEquals(42, accepted.getInputStream().read());
                assertEquals(97, curl(socks), "not allowed");
                assertEquals(0, ann.run("forward", "--status"), ann.err());
                String head = "process " + forward.pid() + ", 127.0.0.1:" + server.address().getPort() + ": ";
                List<String> status = ann.out().lines().toList();
                assertEquals(4, status.size(), ann.out());
                assertEquals("db: " + head + "127.0.0.1:" + db + " -> 127.0.0.1:" + target.getLocalPort()
                        + ": ready, 1 open, 1 opened, 0 failed, 1 bytes out, 0 bytes in", status.get(0));
                assertEquals("all: " + head + "127.0.0.1:" + socks + " -> SOCKS, HTTP: ready, 0 open, 0 opened, 1 failed, 0 bytes out, 0 bytes in",
                        status.get(2));
                assertTrue(status.get(3).matches("  last error \\S+Z: no rule admits 127.0.0.1:1.*"), status.get(3));
                assertEquals(0, ann.run("--json", "forward", "--status"), ann.err());
                assertTrue(ann.out().lines().findFirst().orElse("").contains("\"profile\":\"db\""), ann.out());
                assertTrue(ann.out().contains("\"state\":\"ready\"") && ann.out().contains("\"bytes_out\":1"), ann.out());
            }
            assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(sockets)));
            server.close();
            try (var client = new Socket("127.0.0.1", db)) {
                Awaitility.await().until(() -> ann.run("forward", "--status") == 0
                        && ann.out().contains(": server not reached, "));
                assertTrue(client.isConnected());
            }
            forward.destroyForcibly();
            assertTrue(forward.waitFor(60, TimeUnit.SECONDS));
            assertEquals(1, ann.run("forward", "--status"), "a process that was killed does not count");
            try (var left = Files.list(sockets)) {
                assertEquals(0, left.count());
            }
        } finally {
            forward.destroyForcibly();
        }
    }

    private int curl(int port) throws IOException, InterruptedException {
        Process curl = new ProcessBuilder(Programs.require("curl", "curl"), "-sS", "--socks5-hostname", "127.0.0.1:" + port, "http://127.0.0.1:1/")
                .redirectErrorStream(true).redirectOutput(folder.resolve("curl").toFile()).start();
        assertTrue(curl.waitFor(60, TimeUnit.SECONDS));
        return curl.exitValue();
    }

    /// Issue 18: it said ready, and refused each connection later.
    @Test
    void aKeyWithoutTheServiceIsToldAtTheStart() {
        assertEquals(0, ann.run("authorize", publicLine(), "--name", "ann", "--replace", "--services", "kv,chat"),
                ann.err());
        Awaitility.await().until(() -> ann.run("forward", "-D", "0") == 6);
        assertTrue(ann.err().startsWith("cipherlink: cannot forward: this key may not, at 127.0.0.1:" + server.address().getPort()
                + " (services=kv,chat in its line)\n"), ann.err());
        assertEquals("", ann.out());
    }

    private String publicLine() {
        assertEquals(0, ann.run("keys", "show"), ann.err());
        return ann.out().strip();
    }

    @Test
    @SuppressWarnings("try") // it is closed in the midst
    void aPortThatIsTakenEndsTheStartOrIsWaitedFor() throws Exception {
        try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String spec = "127.0.0.1:" + taken.getLocalPort() + ":127.0.0.1:" + target.getLocalPort();
            assertEquals(2, ann.run("forward", "-D", "0", "-L", spec));
            assertTrue(ann.err().startsWith("cipherlink: cannot listen on 127.0.0.1:" + taken.getLocalPort() + ": "), ann.err());
            assertEquals("", ann.out(), "nothing is ready before all is set up");
            Process forward = process("forward", "-D", "0", "-L", spec, "--retry-bind");
            try (var lines = forward.inputReader()) {
                assertTrue(lines.readLine().endsWith(" -> SOCKS, HTTP"));
                assertTrue(stderr().startsWith("cipherlink: waiting to listen on 127.0.0.1:" + taken.getLocalPort() + ": "), stderr());
                assertEquals(0, ann.run("forward", "--status"), ann.err());
                assertTrue(ann.out().contains(": waiting for its port\n"), ann.out());
                taken.close();
                assertEquals(taken.getLocalPort(), portOf(lines.readLine()));
                try (var client = new Socket("127.0.0.1", taken.getLocalPort()); Socket accepted = target.accept()) {
                    client.getOutputStream().write(42);
                    assertEquals(42, accepted.getInputStream().read());
                }
                forward.destroy();
                assertTrue(forward.waitFor(60, TimeUnit.SECONDS));
                assertEquals(0, forward.exitValue(), stderr());
            } finally {
                forward.destroyForcibly();
            }
        }
    }

    @Test
    void wrongProfilesAreToldWithTheirPlace() throws IOException {
        configure("forward:\n  a: -L 1\n  b: -D 0 --json\n  c: --pool 3\n  d: -x\n  e: -D 0 --stdio a:1\n  f: -D 0 --proxy http://u:secret@p:1\n"
                + "  g: -D 0 --proxy https://u:secret@p:1\n");
        String at = "(" + folder.resolve("home/.config/cipherlink/cipherlink.yaml") + ":";
        String[] wrong = {"a", "[BIND:]PORT:HOST:PORT is needed", "b", "--json belongs on the command line", "c", "it needs -L, -D, -H or -R",
            "d", "'-x'", "e", "it needs -L, -D, -H or -R, and takes no profile", "g", "'https://***@p:1', must be"};
        for (int i = 0; i < wrong.length; i += 2) {
            assertEquals(2, ann.run("forward", wrong[i]), wrong[i]);
            assertTrue(ann.err().startsWith("cipherlink: forward." + wrong[i] + " " + at), ann.err());
            assertTrue(ann.err().contains(wrong[i + 1]), ann.err());
        }
        assertEquals(2, ann.run("forward", "z"));
        assertTrue(ann.err().contains("no forward is named z in the configuration") && ann.err().contains("one of a, b, c, d, e, f, g"), ann.err());
        assertEquals(2, ann.run("forward", "--status", "a"));
        assertEquals(2, ann.run("forward", "a", "--stdio", "a:1"));
        assertEquals(0, ann.run("config", "show"), ann.err());
        assertTrue(ann.out().contains("-D 0 --proxy http://***@p:1") && !ann.out().contains("secret@"), ann.out());
        configure("forward:\n  idle-timeuot: 5m\n  x: 5432:db:5432\n");
        assertEquals(2, ann.run("forward", "-D", "0"));
        assertTrue(ann.err().contains("did you mean forward.idle-timeout?"), ann.err());
        configure("");
        Files.writeString(folder.resolve("cipherlink.yaml"), "forward:\n  db: -D 0 -s evil.example\n");
        assertEquals(2, ann.run("forward", "db"));
        assertTrue(ann.err().contains("forward.db: ./cipherlink.yaml:2 may not set it"), ann.err());
        assertFalse(ann.err().contains("no forward is named"), ann.err());
    }
}
