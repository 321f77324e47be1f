package dev.cipherlink.cli;

import dev.cipherlink.console.ProcessEnvironment;
import dev.cipherlink.console.ProcessEnvironment.Terminals;
import dev.cipherlink.text.CliException.ExitStatus;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/// What the JVM sees here, it has ready when the program starts: classes loaded, linked and profiled.
///
/// `jlink/AotCache.java` compiles and runs this while it builds the image; it is no part of it. A server and its clients
/// run in this one process, each through [Program] as if typed, with a working folder that is deleted at the end and
/// nothing of the user's configuration or environment.
final class TrainingRun {

    /// A command line, the bytes on its stdin, and the exit status without which the image is not built.
    private record Step(String line, String stdin, ExitStatus status) {
        Step(String line) {
            this(line, "", ExitStatus.DONE);
        }
    }

    /// Without a server.
    private static final List<Step> ALONE = List.of(
            new Step("--version"),
            new Step("--help"),
            new Step("kv --help"),
            new Step("forward --help"),
            new Step("keygen shared key"),
            new Step("config show"),
            new Step("no-such-command", "", ExitStatus.USAGE));

    /// With the options that lead to the server added to each.
    private static final List<Step> WITH_SERVER = List.of(
            new Step("kv SET greeting hello"),
            new Step("kv GET greeting"),
            new Step("kv GET nothing", "", ExitStatus.NOT_FOUND),
            new Step("kv", "SET a 1\nGET a\nINCR a\nKEYS\nDELETE a\n", ExitStatus.DONE),
            new Step("kv --operation-mode burst", "SET a 1\nGET a\n", ExitStatus.DONE),
            new Step("ping --count 2"),
            new Step("info"),
            new Step("sockets"),
            new Step("whoami"),
            new Step("kv DELETE greeting"));

    private final Path folder;

    private TrainingRun(Path folder) {
        this.folder = folder;
    }

    public static void main(String[] args) throws Exception {
        Path folder = Files.createTempDirectory("cipherlink-training");
        try {
            new TrainingRun(folder).run();
        } finally {
            while (Files.exists(folder)) {
                delete(folder);
            }
        }
        Main.main(new String[] {"--version"}); // ends the process, and with it the server
    }

    /// The server still runs, and may write its `used_keys` meanwhile: what it adds is left for the next call.
    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (DirectoryNotEmptyException | UncheckedIOException _) {
            Thread.yield();
        }
    }

    private void run() throws IOException {
        for (Step step : ALONE) {
            run(step, List.of());
        }
        String publicLine = run(new Step("keygen identity"), List.of()).strip();
        run(List.of("authorize", publicLine, "--name", "ann", "--operator", "--forward", "127.0.0.1:*"), new Step("authorize"));
        run(new Step("keys list"), List.of());
        String server = startServer();
        for (List<String> credentials : List.of(List.of("--accept-new-host-key"), List.of("--shared-key", "key"))) {
            for (Step step : WITH_SERVER) {
                run(step, Stream.concat(Stream.of("-s", server), credentials.stream()).toList());
            }
        }
        configured(server);
        forward(server);
    }

    /// With a configuration file: to read one takes a parser that is not loaded without.
    private void configured(String server) throws IOException {
        Files.writeString(folder.resolve("settings.yaml"), """
                # As people write it.
                client:
                  server: %s
                  operation-mode: burst
                store:
                """.formatted(server));
        run(new Step("ping --count 1"), List.of("--config", "settings.yaml"));
    }

    /// A connection to a target that sends back what it gets.
    private void forward(String server) throws IOException {
        try (var target = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Thread.startVirtualThread(() -> {
                try (Socket accepted = target.accept()) {
                    accepted.getInputStream().transferTo(accepted.getOutputStream());
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            String there = "127.0.0.1:" + target.getLocalPort();
            String back = run(List.of("forward", "-s", server, "--stdio", there), new Step("forward", "hello", ExitStatus.DONE));
            if (!back.equals("hello")) {
                throw new IllegalStateException("the forward brought back: " + back);
            }
        }
    }

    private String run(Step step, List<String> options) {
        List<String> words = new ArrayList<>(List.of(step.line.split(" ")));
        words.addAll(1, options);
        return run(words, step);
    }

    /// @return what it printed on stdout
    private String run(List<String> words, Step step) {
        var stdout = new ByteArrayOutputStream();
        var stderr = new ByteArrayOutputStream();
        int status = Program.run(words.toArray(String[]::new), surroundings(step.stdin, stdout, stderr));
        if (status != step.status.code()) {
            throw new IllegalStateException(words + " ended with status " + status + ": " + stderr);
        }
        return stdout.toString(StandardCharsets.UTF_8);
    }

    /// @return its address, as its first line says it
    private String startServer() throws IOException {
        var stdout = new PipedOutputStream();
        var lines = new BufferedReader(new InputStreamReader(new PipedInputStream(stdout), StandardCharsets.UTF_8));
        Thread.ofPlatform().daemon().start(() -> Program.run(
                new String[] {"serve", "--engine", "memory", "--port", "0", "--shared-key", "key", "--clients", "authorized"}, surroundings("", stdout, System.err)));
        String line = lines.readLine();
        if (line == null || !line.startsWith("listening on ")) {
            throw new IllegalStateException("the server says: " + line);
        }
        return line.split(" ")[2];
    }

    private ProcessEnvironment surroundings(String stdin, OutputStream stdout, OutputStream stderr) {
        return new ProcessEnvironment(new ByteArrayInputStream(stdin.getBytes(StandardCharsets.UTF_8)), stdout, stderr,
                Map.of("HOME", folder.toString()), folder, folder, Terminals.NONE);
    }
}
