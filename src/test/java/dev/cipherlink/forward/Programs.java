package dev.cipherlink.forward;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Assumptions;

/// Programs of others, started by tests. A missing one that [#require] needs fails the test and names its Debian package.
public final class Programs {

    private static final Path POSTGRES = Path.of("/usr/lib/postgresql");

    private Programs() {
    }

    /// @return the program's file
    public static String require(String name, String debianPackage) {
        return Stream.of(System.getenv("PATH").split(":"), new String[] {"/usr/sbin", "/sbin"}).flatMap(Stream::of)
                .map(folder -> Path.of(folder, name)).filter(Files::isExecutable).findFirst()
                .orElseThrow(() -> new AssertionError("this test needs " + name + ": apt-get install " + debianPackage))
                .toString();
    }

    /// Skips the test if the program is missing; also looks where Debian keeps PostgreSQL.
    ///
    /// @return the program's file
    public static String assume(String name) throws IOException {
        try (Stream<Path> versions = Files.isDirectory(POSTGRES) ? Files.list(POSTGRES) : Stream.empty()) {
            var found = Stream.concat(Stream.of(System.getenv("PATH").split(":")).map(Path::of), versions.map(version -> version.resolve("bin")))
                    .map(folder -> folder.resolve(name)).filter(Files::isExecutable).findFirst();
            Assumptions.assumeTrue(found.isPresent(), name + " is not installed");
            return found.get().toString();
        }
    }

    /// Runs it to its end, two minutes at most, which has to be with status 0.
    ///
    /// @return what it printed, on stdout and stderr together
    public static String run(Path folder, String... command) throws IOException, InterruptedException {
        return run(folder, 0, command);
    }

    /// Runs it to its end, two minutes at most, which has to be with this status.
    ///
    /// @return what it printed, on stdout and stderr together
    static String run(Path folder, int status, String... command) throws IOException, InterruptedException {
        Path output = Files.createTempFile(folder, "output", ".txt");
        Process process = new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true)
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                .redirectOutput(output.toFile()).start();
        boolean ended = process.waitFor(2, TimeUnit.MINUTES);
        process.destroyForcibly();
        String text = Files.readString(output, StandardCharsets.ISO_8859_1);
        if (!ended || process.exitValue() != status) {
            throw new AssertionError(List.of(command) + (ended ? " ended with " + process.exitValue() : " did not end") + ":\n"
                    + text);
        }
        return text;
    }

    /// A program that listens on a port, until it is closed.
    public record Service(Process process, int port) implements AutoCloseable {

        private static final int ATTEMPTS = 5;

        /// Starts it and waits until its port answers.
        ///
        /// @param command `{port}` in it is a free port. Another program may take that first: then it is tried with another one
        public static Service start(Path folder, String... command) throws IOException {
            Path output = Files.createTempFile(folder, "service", ".txt");
            for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
                int port = freePort();
                String[] words = Stream.of(command).map(word -> word.replace("{port}", String.valueOf(port))).toArray(String[]::new);
                Process process = new ProcessBuilder(words).directory(folder.toFile()).redirectErrorStream(true)
                        .redirectOutput(output.toFile()).start();
                Awaitility.await().pollInterval(Duration.ofMillis(20)).until(() -> !process.isAlive() || answers(port));
                if (process.isAlive()) {
                    return new Service(process, port);
                }
            }
            throw new AssertionError(List.of(command) + " ended: " + Files.readString(output));
        }

        private static boolean answers(int port) {
            try (var probe = new Socket("127.0.0.1", port)) {
                return probe.isConnected();
            } catch (IOException e) {
                return false;
            }
        }

        private static int freePort() throws IOException {
            try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
                return socket.getLocalPort();
            }
        }

        @Override
        public void close() {
            process.destroy();
            try {
                if (!process.waitFor(5, TimeUnit.SECONDS)) {
                    process.destroyForcibly();
                }
            } catch (InterruptedException e) {
                process.destroyForcibly();
                Thread.currentThread().interrupt();
            }
        }
    }

    /// A port that refuses connections for as long as this is open: it is taken, and nothing listens.
    public static Socket refusingPort() throws IOException {
        var taken = new Socket();
        taken.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        return taken;
    }
}
