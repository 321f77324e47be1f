package dev.cipherlink.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.console.Terminal;
import dev.cipherlink.fault.CutLink;
import dev.cipherlink.peer.JavaProgram;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// `kv` over a connection that lasts, stalls or is lost: WATCH, unknown outcomes, and a new connection.
class KvConnectionIT extends ServerRig {
    /// Issue 14.7: `kv WATCH` answered OK and ended.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void watchTellsEachChangeAsItComesUntilTheEnd(boolean json) throws Exception {
        ProcessBuilder builder = new ProcessBuilder(JavaProgram.command(folder, List.of(), Main.class,
                json ? List.of("--json", "kv", "WATCH", "job:").toArray(String[]::new) : new String[] {"kv", "WATCH", "job:"}))
                .directory(folder.toFile()).redirectError(folder.resolve("err").toFile()).redirectOutput(folder.resolve("out").toFile());
        builder.environment().putAll(terminal.environment);
        Process watch = builder.start();
        try {
            Path out = folder.resolve("out");
            Awaitility.await().until(() -> {
                terminal.run("kv", "SET", "job:0", "x"); // until it is heard
                return Files.size(out) > 0;
            });
            terminal.run("kv", "SET", "other", "x");
            terminal.run("kv", "SET", "job:1", "x");
            terminal.run("kv", "DELETE", "job:1");
            String end = json ? "{\"type\":\"key_set\",\"key\":\"job:1\"}\n{\"type\":\"key_deleted\",\"key\":\"job:1\"}\n"
                    : "set job:1\ndeleted job:1\n";
            Awaitility.await().until(() -> Files.readString(out).endsWith(end));
            assertTrue(!Files.readString(out).contains("other"), Files.readString(out));
            new ProcessBuilder("kill", "-INT", String.valueOf(watch.pid())).start().waitFor();
            assertTrue(watch.waitFor(60, TimeUnit.SECONDS));
            assertEquals(130, watch.exitValue());
            assertEquals("", Files.readString(folder.resolve("err")));
        } finally {
            watch.destroyForcibly();
        }
    }

    /// Issue 14.7: it goes on over a loss of its connection, and ends with 3 when the server is gone for good.
    @Test
    void watchEndsWhenTheServerIsGone() {
        terminal.environment.put("CIPHERLINK_CLIENT_RECONNECT_FOR", "0ms");
        var status = CompletableFuture.supplyAsync(() -> terminal.run("kv", "WATCH"));
        Awaitility.await().until(() -> another().run("kv", "SET", "a", "1") == 0
                && terminal.out().contains("set a\n"));
        server.close();
        assertEquals(3, status.join(), terminal.err());
    }

    /// Issue 14.7: missed changes are reported, or that there were none.
    @Test
    void watchTellsThatItsConnectionWasLostAndGoesOn() throws Exception {
        try (CutLink link = new CutLink(server.address())) {
            Terminal watching = another();
            watching.environment.put("CIPHERLINK_CLIENT_SERVER", "127.0.0.1:" + link.port());
            watching.environment.put("CIPHERLINK_CLIENT_RECONNECT_FOR", "5s");
            var status = CompletableFuture.supplyAsync(() -> watching.run("kv", "WATCH"));
            Awaitility.await().until(() -> terminal.run("kv", "SET", "a", "1") == 0
                    && watching.out().contains("set a\n"));
            link.breakAll();
            Awaitility.await().until(() -> watching.err().contains("connected again, nothing was missed\n"));
            assertTrue(watching.err().matches("cipherlink: connection lost: .*; it is established again\n(.*\n)*"), watching.err());
            terminal.run("kv", "SET", "b", "1");
            Awaitility.await().until(() -> watching.out().contains("set b\n"));
            link.cut();
            assertEquals(3, status.get(), watching.err());
        }
    }

    @Test
    void aSingleWriteWithoutAnAnswerMayHaveRunAndAReadHasNoTrace() throws Exception {
        try (CutLink link = new CutLink(server.address())) {
            terminal.environment.put("CIPHERLINK_CLIENT_SERVER", "127.0.0.1:" + link.port());
            Files.write(folder.resolve("large"), new byte[1 << 20]);
            link.swallowBehind(100_000);
            var status = CompletableFuture.supplyAsync(() -> terminal.run("kv", "SET", "a", "--from", "large"));
            Awaitility.await().until(() -> link.swallowedBytes() > 0);
            link.breakAll();
            assertEquals(5, status.get(), terminal.err());
            assertTrue(terminal.err().contains("; whether the command ran is unknown\n  try: look what the server has now"), terminal.err());

            assertEquals(5, terminal.run("kv", "--timeout", "2s", "SET", "a", "--from", "large"), terminal.err());
            assertTrue(terminal.err().contains(" lost: no answer within 2s; whether the command ran is unknown\n"), terminal.err());
            assertEquals(3, terminal.run("kv", "--timeout", "2s", "ECHO", "x".repeat(120_000)), terminal.err());
            assertTrue(terminal.err().contains(" lost: no answer within 2s\n"), terminal.err());
        }
    }

    @Test
    void aScriptGivesUpOnAServerThatDoesNotAnswer() throws Exception {
        try (CutLink link = new CutLink(server.address())) {
            terminal.environment.put("CIPHERLINK_CLIENT_SERVER", "127.0.0.1:" + link.port());
            link.swallowBehind(100_000);
            String script = "SET a " + "x".repeat(200_000) + "\nGET a\n";
            assertEquals(5, terminal.runWith(utf8(script), "kv", "--timeout", "2s"), terminal.err());
            assertTrue(terminal.err().contains("stdin:1: SET a: outcome unknown\n"), terminal.err());
            assertTrue(terminal.err().contains(" lost: no answer within 2s; the outcome of 1 command is unknown\n"), terminal.err());
        }
    }

    @Test
    void verboseTellsOfTheKeyAndOfALostConnection() throws Exception {
        var typed = new PipedOutputStream();
        try (PipedInputStream stdin = new PipedInputStream(typed); CutLink link = new CutLink(server.address())) {
            terminal.environment.put("CIPHERLINK_CLIENT_SERVER", "127.0.0.1:" + link.port());
            var status = CompletableFuture.supplyAsync(() -> terminal.runWith(stdin, "kv", "-v"));
            typed.write(utf8("SET a 1\n"));
            typed.flush();
            Awaitility.await().until(() -> terminal.out().equals("OK\n"));
            link.breakAll();
            Awaitility.await().until(() -> terminal.err().contains("ms: the session goes on\n"));
            typed.close();
            assertEquals(0, status.get(), terminal.err());
            assertTrue(terminal.err().contains("cipherlink: shared key: ") && terminal.err().contains("; version 1\n"), terminal.err());
            assertTrue(terminal.err().contains("cipherlink: connection lost: "), terminal.err());
        }
    }
}
