package dev.cipherlink.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.client.Client;
import dev.cipherlink.client.ClientConfig;
import dev.cipherlink.console.Terminal;
import dev.cipherlink.crypto.SharedKey;
import dev.cipherlink.fault.CutLink;
import dev.cipherlink.forward.Programs;
import dev.cipherlink.peer.JavaProgram;
import dev.cipherlink.server.Server;
import java.io.IOException;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/// The commands of the program against a real server, in this process.
class CliIT extends ServerRig {
    /// Held, so that its level stays: a test's own server need not report its connections.
    private static final Logger SERVER_LOG = Logger.getLogger(Server.class.getName());

    static {
        SERVER_LOG.setLevel(Level.WARNING);
    }

    @Test
    void storesAndShowsAValue() {
        assertEquals(0, terminal.run("kv", "SET", "greeting", "hello wörld"));
        assertEquals("OK\n", terminal.out());
        assertEquals(0, terminal.run("kv", "GET", "greeting"));
        assertEquals("hello wörld", terminal.out());
        assertEquals("", terminal.err());
        assertEquals(0, terminal.run("kv", "DELETE", "greeting"));
        assertEquals(1, terminal.run("kv", "GET", "greeting"));
        assertEquals("cipherlink: GET greeting: not found\n", terminal.err());
        assertEquals("", terminal.out());
    }

    @Test
    void takesOptionsBeforeAndAfterTheCommand() {
        String address = "127.0.0.1:" + server.address().getPort();
        terminal.environment.clear();
        assertEquals(0, terminal.run("-s", address, "--shared-key", "k", "kv", "SET", "a", "1"));
        assertEquals(0, terminal.run("kv", "-s", address, "--shared-key=k", "--json", "GET", "a"));
        assertEquals("{\"ok\":true,\"value\":\"1\"}\n", terminal.out());
        assertEquals(0, terminal.run("-s", "nowhere.invalid:1", "kv", "--server-addr", "127.0.0.1", "--server-port",
                String.valueOf(server.address().getPort()), "--shared-key", "k", "GET", "a"));
    }

    @Test
    void carriesAnyBytesExactly() throws IOException {
        for (int size : new int[] {0, 1, 100, 70_000, 3_000_000}) {
            byte[] value = new byte[size];
            new Random(size).nextBytes(value);
            if (size > 0) {
                value[size - 1] = '\n'; // the byte that the protocol would drop
            }
            Files.write(folder.resolve("value"), value);
            assertEquals(0, terminal.run("kv", "SET", "k", "--from", "value"), terminal.err());
            assertEquals(0, terminal.run("kv", "GET", "k"));
            assertArrayEquals(value, terminal.outBytes());
            assertEquals(0, terminal.runWith(value, "kv", "SET", "k2", "--from", "-"));
            assertEquals(0, terminal.run("kv", "GET", "k2"));
            assertArrayEquals(value, terminal.outBytes());
        }
        assertEquals(0, terminal.run("kv", "SET", "k", "line\n"));
        terminal.run("kv", "GET", "k");
        assertEquals("line\n", terminal.out());
    }

    @Test
    void escapesValuesOnATerminalUnlessAskedNotTo() {
        terminal.run("kv", "SET", "k", "a\u001b[31m");
        terminal.withTerminals(true, true, true);
        terminal.run("kv", "GET", "k");
        assertEquals("a\\x1b[31m\n", terminal.out());
        terminal.run("kv", "--raw", "GET", "k");
        assertEquals("a\u001b[31m", terminal.out());
    }

    @Test
    void takesNegativeNumbersAndValuesBehindTwoDashes() {
        assertEquals(0, terminal.run("kv", "INCR", "n", "-5"));
        assertEquals("-5\n", terminal.out());
        assertEquals(0, terminal.run("kv", "SET", "n", "--", "--json"));
        terminal.run("kv", "GET", "n");
        assertEquals("--json", terminal.out());
    }

    @Test
    void runsAScriptInOrderAndCountsFailures() {
        String script = "# first\nSET a 1\n\nGET a\nGET missing\nSET b two words\nBAD\nGET b";
        assertEquals(6, terminal.runWith(utf8(script), "kv"));
        assertEquals("OK\n1\nOK\ntwo words\n", terminal.out());
        List<String> notes = terminal.err().lines().toList();
        assertEquals("cipherlink: stdin:5: GET missing: not found", notes.get(0));
        assertTrue(notes.get(1).startsWith("cipherlink: stdin:7: BAD: unknown command BAD"), notes.get(1));
        assertTrue(notes.get(2).startsWith("sent 6, ok 4, failed 2 ("), notes.get(2));
        assertEquals(3, notes.size());
    }

    @Test
    void stopsAtTheFirstFailureWhenAsked() throws IOException {
        Files.writeString(folder.resolve("script"), "SET a 1\nGET missing\nSET a 2\n");
        assertEquals(1, terminal.run("kv", "--file", "script", "--fail-fast", "-q"));
        assertEquals("OK\n", terminal.out());
        assertEquals("cipherlink: script:2: GET missing: not found\n", terminal.err());
        terminal.run("kv", "GET", "a");
        assertEquals("1", terminal.out());
    }

    @Test
    void pipelinesTensOfThousandsOfLines() {
        int count = 70_000;
        String sets = IntStream.range(0, count).mapToObj(i -> "SET k" + i + " v" + i + "\n").collect(Collectors.joining());
        assertEquals(0, terminal.runWith(utf8(sets), "kv"), terminal.err());
        assertEquals("OK\n".repeat(count), terminal.out());
        String gets = sets.replaceAll("SET (\\w+) \\w+", "GET $1");
        assertEquals(0, terminal.runWith(utf8(gets), "kv", "--operation-mode", "burst", "--window", "500"));
        assertEquals(IntStream.range(0, count).mapToObj(i -> "v" + i + "\n").collect(Collectors.joining()), terminal.out());
    }

    @Test
    void writesOneJsonObjectAnAnswer() {
        assertEquals(1, terminal.runWith(utf8("SET a \u00e9\nGET a\nGET none\n"), "kv", "--json"));
        assertEquals("{\"ok\":true,\"line\":1,\"value\":\"OK\"}\n{\"ok\":true,\"line\":2,\"value\":\"é\"}\n"
                + "{\"ok\":false,\"code\":1,\"error\":\"not_found\",\"line\":3,\"message\":\"GET none: not found\"}\n", terminal.out());
        assertTrue(terminal.err().startsWith("{\"sent\":3,\"ok\":2,\"failed\":1,"), terminal.err());
        terminal.runWith(new byte[] {(byte) 0xFF}, "kv", "SET", "bin", "--from", "-");
        terminal.run("kv", "--json", "GET", "bin");
        assertEquals("{\"ok\":true,\"value_b64\":\"/w==\"}\n", terminal.out());
    }

    @Test
    void answersEachLineOfASlowPipeAtOnce() throws Exception {
        try (PipedOutputStream typed = new PipedOutputStream(); PipedInputStream stdin = new PipedInputStream(typed)) {
            CompletableFuture<Integer> status = CompletableFuture.supplyAsync(() -> terminal.runWith(stdin, "kv"));
            for (int i = 1; i <= 3; i++) {
                typed.write(utf8("INCR n\n"));
                typed.flush();
                String expected = IntStream.rangeClosed(1, i).mapToObj(n -> n + "\n").collect(Collectors.joining());
                Awaitility.await().until(() -> terminal.out().equals(expected));
            }
            end(typed);
            assertEquals(0, status.get());
        }
    }

    private static void end(PipedOutputStream stream) throws IOException {
        stream.close();
    }

    @Test
    void reportsWritesWhoseOutcomeIsUnknown() throws Exception {
        try (PipedOutputStream typed = new PipedOutputStream(); PipedInputStream stdin = new PipedInputStream(typed);
             CutLink link = new CutLink(server.address())) {
            terminal.environment.put("CIPHERLINK_CLIENT_SERVER", "127.0.0.1:" + link.port());
            CompletableFuture<Integer> status = CompletableFuture.supplyAsync(() -> terminal.runWith(stdin, "kv", "--no-reconnect"));
            typed.write(utf8("SET a 1\n"));
            typed.flush();
            Awaitility.await().until(() -> terminal.out().equals("OK\n"));
            link.swallow();
            typed.write(utf8("SET a 2\nGET a\n"));
            typed.flush();
            Awaitility.await().until(() -> link.swallowedBytes() > 0);
            link.cut();
            assertEquals(5, status.get(), terminal.err());
            assertTrue(terminal.err().contains("cipherlink: stdin:2: SET a: outcome unknown\n"), terminal.err());
            assertTrue(terminal.err().contains("cipherlink: stdin:3: GET a: no answer\n"), terminal.err());
        }
    }

    @Test
    void givesUpOnAServerThatDoesNotAnswer() throws Exception {
        try (CutLink link = new CutLink(server.address())) {
            terminal.environment.put("CIPHERLINK_CLIENT_SERVER", "127.0.0.1:" + link.port());
            link.swallow();
            assertEquals(3, terminal.run("kv", "--timeout", "300ms", "GET", "a"));
            assertTrue(terminal.err().contains("no session within 300 ms"), terminal.err());
        }
    }

    @Test
    void tellsFailuresToConnectApart() throws IOException {
        terminal.run("keygen", "shared", "other");
        assertEquals(4, terminal.run("kv", "--shared-key", "other", "GET", "a"));
        assertTrue(terminal.err().startsWith("cipherlink: cannot connect to 127.0.0.1:" + server.address().getPort()));
        try (Socket refusing = Programs.refusingPort()) {
            assertEquals(3, terminal.run("ping", "-s", "127.0.0.1:" + refusing.getLocalPort()));
        }
        assertEquals(3, terminal.run("ping", "-s", "nowhere.invalid"));
        assertEquals("cipherlink: cannot connect to nowhere.invalid:8888: no such host\n", terminal.err());
        assertEquals(2, terminal.run("ping", "--shared-key", "missing"));
    }

    @Test
    void showsUsersAndConnections() {
        assertEquals(0, terminal.run("ping", "-n", "2", "--interval", "0ms"));
        assertEquals(2, terminal.out().lines().count());
        assertEquals(0, terminal.run("whoami"));
        assertTrue(terminal.out().contains("session: "), terminal.out());
        assertEquals(0, terminal.run("sockets", "--json"));
        assertTrue(terminal.out().matches("\\{\"id\":\\d+,\"local\":\"127.0.0.1:" + server.address().getPort() + "\",\"remote\":\"127.0.0.1:.*\n"), terminal.out());
        assertEquals(0, terminal.run("connections", "list"));
        assertTrue(terminal.out().matches("\\d+ 127\\S+ 127\\S+ established \\S+ burst \\d+/\\d+\n"), terminal.out());
        assertEquals(0, terminal.run("sessions", "list", "--json"));
        assertTrue(terminal.out().matches("\\{\"name\":\"\\S+\",\"state\":\"connected\",\"seconds\":0\\}\n"), terminal.out());
        assertEquals(0, terminal.run("info", "--json"));
        assertTrue(terminal.out().contains("\"connections\":1"), terminal.out());
    }

    @Test
    void endsConnectionsAndSessions() throws Exception {
        try (SharedKey key = SharedKey.load(folder.resolve("k"));
             Client first = Client.connect(ClientConfig.to("127.0.0.1", server.address().getPort(), key).withClientId("victim"));
             Client other = Client.connect(ClientConfig.to("127.0.0.1", server.address().getPort(), key).withClientId("other"))) {
            String session = first.session().sessionId();
            assertEquals(0, terminal.run("connections", "list"));
            String id = terminal.out().lines().filter(line -> line.contains(" victim ")).findFirst().orElseThrow().split(" ")[0];
            assertEquals(0, terminal.run("connections", "end", id));
            assertEquals("OK\n", terminal.out());
            assertEquals("PONG", first.request("PING").text());
            assertEquals(session, first.session().sessionId(), "the session goes on in another connection");
            assertEquals(6, terminal.run("connections", "end", id));
            assertEquals("cipherlink: connections end: no connection has the id " + id + "\n", terminal.err());

            assertEquals(0, terminal.run("--json", "sessions", "end", "VICTIM"));
            assertEquals("{\"ok\":true,\"ended\":1}\n", terminal.out());
            Awaitility.await().ignoreExceptions()
                    .until(() -> first.request("PING").text().equals("PONG") && !first.session().sessionId().equals(session));
            assertEquals("PONG", other.request("PING").text());
            assertEquals(6, terminal.run("sessions", "end", "nobody"));
            assertEquals(2, terminal.run("sessions", "end", "no body"));
            assertEquals(2, terminal.run("connections", "end", "x"));
            assertEquals(2, terminal.run("sessions"));
        }
    }

    @Test
    void measuresALoadAndLeavesNoKeysBehind() {
        assertEquals(0, terminal.run("bench", "--requests", "2000", "--clients", "3", "--mode", "burst", "--json"));
        assertTrue(terminal.out().contains("\"requests\":2000,\"errors\":0"), terminal.out());
        assertEquals(0, terminal.run("bench", "--requests", "300", "--mode", "step-by-step", "--value-size", "100KiB", "--keyspace", "5"));
        assertTrue(terminal.out().contains("0 errors\nlatency: p50 "), terminal.out());
        terminal.run("kv", "COUNT");
        assertEquals("0\n", terminal.out());
    }

    @Test
    void demoIsALineClientForAPipe() {
        assertEquals(1, terminal.runWith(utf8("SET a 1\nGET a\nGET nope\n/quit\nGET a\n"), "demo"));
        assertEquals("OK\n1\n", terminal.out());
        assertEquals("cipherlink: stdin:3: GET nope: not found\n", terminal.err());
    }

    /// The program as a process of its own, on the classes under test.
    private ProcessBuilder process(String... args) {
        ProcessBuilder builder = new ProcessBuilder(JavaProgram.command(folder, List.of(), Main.class, args)).directory(folder.toFile());
        builder.environment().keySet().removeIf(name -> name.startsWith("CIPHERLINK_"));
        builder.environment().putAll(terminal.environment);
        builder.environment().put("XDG_CONFIG_HOME", folder.toString());
        builder.environment().put("XDG_DATA_HOME", folder.toString());
        return builder;
    }

    @Test
    void serveDrainsOnSigtermAndExitsWithZero() throws Exception {
        Process serve = process("serve", "--port", "0", "--shared-key", "k").redirectError(folder.resolve("err").toFile()).start();
        try (var lines = serve.inputReader()) {
            String ready = lines.readLine();
            assertTrue(ready.matches("listening on 127\\.0\\.0\\.1:\\d+ key shared:[0-9a-f]{16}"), ready);
            assertEquals("", Files.readString(folder.resolve("err")));
            String address = ready.split(" ")[2];
            assertEquals(0, terminal.run("kv", "-s", address, "SET", "a", "1"), terminal.err());
            serve.toHandle().destroy(); // Process.destroy would also close the streams that are read below
            assertTrue(serve.waitFor(60, TimeUnit.SECONDS));
            assertEquals(0, serve.exitValue());
            assertEquals(null, lines.readLine());
            assertTrue(Files.readString(folder.resolve("err")).contains("INFO  Server: closed connection=1 "));
        } finally {
            serve.destroyForcibly();
        }
    }

    @Test
    void aSecondSigtermEndsTheServerAtOnce() throws Exception {
        Process serve = process("serve", "--port", "0", "--shared-key", "k").redirectError(ProcessBuilder.Redirect.DISCARD).start();
        try (var lines = serve.inputReader()) {
            String address = lines.readLine().split(" ")[2];
            // A client that never comes to rest keeps the server draining until its grace period ends.
            Terminal busy = another();
            CompletableFuture<Integer> load = CompletableFuture.supplyAsync(() ->
                    busy.run("bench", "-s", address, "--requests", "100000000", "--warm-up", "0", "--no-reconnect"));
            Awaitility.await().until(() -> terminal.run("kv", "-s", address, "COUNT") == 0 && !terminal.out().equals("0\n"));
            Awaitility.await().pollInterval(Duration.ofMillis(50)).until(() -> !serve.toHandle().destroy() || !serve.isAlive());
            assertEquals(143, serve.waitFor());
            assertEquals(3, load.get(), busy.err());
        } finally {
            serve.destroyForcibly();
        }
    }

    @Test
    void endsQuietlyWhenItsReaderLeaves() throws Exception {
        Files.writeString(folder.resolve("script"), "ECHO some text that fills a pipe\n".repeat(20_000));
        Process kv = process("kv", "--file", "script").redirectError(folder.resolve("err").toFile()).start();
        kv.getInputStream().read();
        kv.getInputStream().close();
        assertTrue(kv.waitFor(60, TimeUnit.SECONDS));
        assertEquals(141, kv.exitValue());
        assertEquals("", Files.readString(folder.resolve("err")));
    }

    @Test
    void keepsUtf8ArgumentsInALocaleWithoutIt() throws Exception {
        terminal.environment.put("LC_ALL", "C");
        Process kv = process("kv", "SET", "n", "Zoë").redirectErrorStream(true).start();
        assertEquals("OK\n", new String(kv.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
        terminal.run("kv", "GET", "n");
        assertFalse(terminal.out().contains("\uFFFD"), terminal.out());
    }

    @Test
    void measuresHandshakes() {
        assertEquals(0, terminal.run("bench", "--handshakes", "--requests", "20", "--warm-up", "2", "--clients", "3"), terminal.err());
        assertTrue(terminal.out().startsWith("handshakes, 3 clients\n20 handshakes in "), terminal.out());
        assertTrue(terminal.out().contains("0 errors\nlatency: p50 "), terminal.out());
        assertEquals(0, terminal.run("bench", "--handshakes", "--requests", "5", "--json"), terminal.err());
        assertTrue(terminal.out().startsWith("{\"ok\":true,\"clients\":1,\"requests\":5,\"errors\":0,"), terminal.out());
        assertEquals(4, terminal.run("bench", "--handshakes", "--requests", "5", "--shared-key", other()), terminal.err());
    }

    private String other() {
        terminal.run("keygen", "shared", "another");
        return "another";
    }
}
