package dev.cipherlink.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.peer.Python;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Issue 14, verdicts 24 to 26, 38, 39 and 41: the program of the runtime image where the system gives it little, and on which
/// addresses it listens.
@Tag("alone")
class ScarceImageIT {
    private static final String PROGRAM = Path.of("target/cipherlink/bin/cipherlink").toAbsolutePath().toString();
    private static final int NOT_POSSIBLE_HERE = 75;

    @TempDir
    Path folder;

    private record Result(int status, String stdout, String stderr) {
    }

    @BeforeEach
    void makeKey() throws Exception {
        assertEquals(0, run(List.of(PROGRAM, "keygen", "shared", "key")).status);
    }

    /// As few as the launcher's shell and the JVM themselves get by with.
    @ParameterizedTest
    @ValueSource(ints = {20, 24, 28, 32, 63})
    void aServerWithTooFewDescriptorsDoesNotStartAndSaysWhatItNeeds(int limit) throws Exception {
        Result result = run(limited("ulimit -n " + limit, "serve", "--port", "0", "--shared-key", "key"));

        assertEquals(new Result(2, "", "cipherlink: cannot serve: only " + limit + " files may be open at a time, and a server needs"
                + " 64, and one more for each connection: raise the limit (ulimit -n)\n"), result);
    }

    @Test
    void aServerWithJustEnoughDescriptorsServes() throws Exception {
        Process server = start(limited("ulimit -n 64", "serve", "--port", "0", "--shared-key", "key"));
        try {
            String address = server.inputReader().readLine().split(" ")[2];
            for (int i = 0; i < 10; i++) {
                Result set = run(List.of(PROGRAM, "kv", "-s", address, "--shared-key", "key", "SET", "key" + i, "value"));
                assertEquals("OK\n", set.stdout, set.stderr);
            }
        } finally {
            server.destroy();
            assertTrue(server.waitFor(60, TimeUnit.SECONDS));
        }
    }

    /// RocksDB used to abort the process. The limit counts what a user has, and not for root: so this takes root and a user
    /// with nothing running.
    @Test
    void aServerWithTooFewThreadsDoesNotStartAndSaysWhatItNeeds() throws Exception {
        List<String> user = List.of("setpriv", "--reuid", "54321", "--regid", "54321", "--clear-groups");
        Assumptions.assumeTrue(run(List.of("chown", "-R", "54321:54321", folder.toString())).status == 0, "takes root");
        var command = new ArrayList<>(user);
        command.addAll(List.of(PROGRAM, "--version"));
        Assumptions.assumeTrue(run(command).status == 0, "the image is in a folder that others may not enter");
        command = new ArrayList<>(user);
        command.addAll(List.of("bash", "-c", "ulimit -u 26; exec \"$0\" \"$@\"", PROGRAM, "serve", "--port", "0", "--shared-key", "key"));

        Result result = run(command);

        assertEquals(new Result(2, "", "cipherlink: cannot serve: this process may have no more threads, and a server needs 24 at least:"
                + " raise the limit (ulimit -u, or that of the container)\n"), result);
    }

    @ParameterizedTest
    @ValueSource(strings = {"kv PING", "serve --port 0 --shared-key key", "chat", "bench"})
    void whereTheJvmCannotStartOneLineSaysWhyWithStatus70(String line) throws Exception {
        List<String> command = Python.program("deny_write_execute.py", PROGRAM).command();
        command.addAll(List.of(line.split(" ")));

        Result denied = run(command);
        Result wrong = run(List.of("env", "CIPHERLINK_JAVA_OPTS=-Xmx9q", "sh", "-c", PROGRAM + " " + line));
        Result small = run(limited("ulimit -v 1000000", line.split(" ")));

        Assumptions.assumeTrue(denied.status != NOT_POSSIBLE_HERE, "this system cannot deny it");
        for (Result each : List.of(denied, wrong, small)) {
            assertEquals(70, each.status, each.stderr);
            assertEquals(1, each.stderr.lines().filter(said -> said.startsWith("cipherlink: Java did not start")).count(), each.stderr);
        }
    }

    @Test
    void aStarIsEveryAddressOfThisMachine() throws Exception {
        Process server = start(List.of(PROGRAM, "serve", "--host", "*", "--port", "0", "--shared-key", "key", "--engine", "memory"));
        try {
            String[] ready = server.inputReader().readLine().split(" ");
            assertTrue(ready[2].matches("(\\[::\\]|0\\.0\\.0\\.0):\\d+"), ready[2]);
            String port = ready[2].substring(ready[2].lastIndexOf(':') + 1);
            List<String> addresses = ready[2].startsWith("[") ? List.of("127.0.0.1:" + port, "[::1]:" + port, ready[2])
                    : List.of("127.0.0.1:" + port, ready[2]);
            for (String address : addresses) {
                Result ping = run(List.of(PROGRAM, "ping", "-n", "1", "-s", address, "--shared-key", "key"));
                assertEquals(0, ping.status, ping.stderr);
            }
        } finally {
            server.destroy();
            assertTrue(server.waitFor(60, TimeUnit.SECONDS));
        }
        assertEquals(0, run(List.of(PROGRAM, "serve", "--check", "--host", "*", "--shared-key", "key")).status);
    }

    private static List<String> limited(String limit, String... arguments) {
        var command = new ArrayList<>(List.of("sh", "-c", limit + "; exec \"$0\" \"$@\"", PROGRAM));
        command.addAll(List.of(arguments));
        return command;
    }

    private Result run(List<String> command) throws IOException, InterruptedException {
        Process process = start(command);
        String stdout = new String(process.getInputStream().readAllBytes());
        assertTrue(process.waitFor(60, TimeUnit.SECONDS));
        return new Result(process.exitValue(), stdout, Files.readString(folder.resolve("stderr")));
    }

    private Process start(List<String> command) throws IOException {
        var builder = new ProcessBuilder(command).directory(folder.toFile()).redirectError(folder.resolve("stderr").toFile());
        builder.environment().keySet().removeIf(name -> !name.equals("PATH"));
        builder.environment().put("HOME", folder.toString());
        Process process = builder.start();
        process.getOutputStream().close();
        return process;
    }
}
