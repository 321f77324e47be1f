package dev.cipherlink.cli;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.peer.JavaProgram;
import dev.cipherlink.peer.Python;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// `serve` under a service manager: what it says to `NOTIFY_SOCKET` from its start to its end.
class ServiceIT {

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"notify", "@cipherlink-test-"})
    void tellsThatItIsReadyReloadsLivesAndStops(String name) throws Exception {
        String socket = name.startsWith("@") ? name + ProcessHandle.current().pid() : folder.resolve(name).toString();
        Process listener = Python.program("notify_listener.py", socket).start();
        Process server = null;
        try (BufferedReader told = listener.inputReader()) {
            assertEquals("bound", told.readLine());
            server = serve(Map.of("NOTIFY_SOCKET", socket, "WATCHDOG_USEC", "200000"));
            String listening = server.inputReader().readLine();

            assertEquals("READY=1 | STATUS=" + listening, told.readLine());
            assertEquals("WATCHDOG=1", told.readLine());
            assertEquals("WATCHDOG=1", told.readLine());
            signal("HUP", server);
            assertTrue(next(told).matches("RELOADING=1 \\| MONOTONIC_USEC=\\d+"));
            assertEquals("READY=1", next(told));
            signal("TERM", server);
            assertTrue(next(told).startsWith("STOPPING=1 | STATUS="));
            assertTrue(server.waitFor(60, TimeUnit.SECONDS));
            assertEquals(0, server.exitValue(), this::errors);
        } finally {
            listener.destroyForcibly();
            if (server != null) {
                server.destroyForcibly();
            }
        }
    }

    @Test
    void worksWhereTheServiceManagerIsGoneAndTheWatchdogIsAnotherProcess() throws Exception {
        Process server = serve(Map.of("NOTIFY_SOCKET", folder.resolve("nobody").toString(), "WATCHDOG_USEC", "1000", "WATCHDOG_PID", "1"));
        try {
            assertTrue(server.inputReader().readLine().startsWith("listening on "));
            server.destroy();
            assertTrue(server.waitFor(60, TimeUnit.SECONDS));
            assertEquals(0, server.exitValue(), this::errors);
            assertTrue(errors().contains("the service manager is not told READY=1: error 2"), this::errors);
        } finally {
            server.destroyForcibly();
        }
    }

    /// Its lines were lost without a word.
    @Test
    void saysOnceThatTheLogCannotBeWritten() throws Exception {
        Process server = serve(Map.of("CIPHERLINK_LOG_FILE", "/dev/full"));
        try {
            String listening = server.inputReader().readLine();
            for (int i = 0; i < 2; i++) { // each end of a connection is a line
                try (var stranger = new Socket("127.0.0.1", Integer.parseInt(listening.split("[: ]")[3]))) {
                    stranger.shutdownOutput();
                    assertEquals(-1, stranger.getInputStream().read());
                }
            }
            await().until(() -> errors().contains("lines of the log are lost"));
            server.destroy();
            assertTrue(server.waitFor(60, TimeUnit.SECONDS));
            assertEquals(List.of("cipherlink: lines of the log are lost: cannot write /dev/full: No space left on device"),
                    errors().lines().filter(line -> line.contains("log")).toList());
        } finally {
            server.destroyForcibly();
        }
    }

    /// The next that is no sign of life.
    private static String next(BufferedReader told) throws IOException {
        String line = told.readLine();
        while ("WATCHDOG=1".equals(line)) {
            line = told.readLine();
        }
        return line;
    }

    private static void signal(String name, Process process) throws Exception {
        assertEquals(0, new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor());
    }

    private Process serve(Map<String, String> variables) throws IOException {
        var builder = new ProcessBuilder(JavaProgram.command(folder, List.of("-XX:+UseSerialGC"), Main.class, "serve", "--port", "0",
                "--engine", "memory")).directory(folder.toFile()).redirectError(folder.resolve("stderr").toFile());
        var environment = new HashMap<>(variables);
        environment.put("HOME", folder.toString());
        builder.environment().clear();
        builder.environment().putAll(environment);
        return builder.start();
    }

    private String errors() {
        try {
            return Files.readString(folder.resolve("stderr"));
        } catch (IOException e) {
            return e.toString();
        }
    }
}
