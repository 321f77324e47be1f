package dev.cipherlink.peer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// Runs the programs in `src/test/python`: peers that share no code with ours and speak the wire from
/// `docs/protocol.md` alone. They need an interpreter with PyNaCl and `cryptography`; a machine without one
/// fails the build, it does not skip the tests.
public final class Python {
    private static final Path SCRIPTS = Path.of("src", "test", "python").toAbsolutePath();
    /// Debian's own interpreter first: it is the one that its modules belong to.
    private static final List<String> CANDIDATES = List.of("/usr/bin/python3", "python3");
    private static final Duration PROBE_LIMIT = Duration.ofSeconds(30);
    /// Looked for once a test run.
    private static String interpreter;

    private Python() {
    }

    /// The output and status of a finished program.
    ///
    /// @param status its exit status
    /// @param output the lines of its standard output
    /// @param errors its standard error
    public record Outcome(int status, List<String> output, String errors) {
    }

    /// A program about to be started, without bytecode files left in the source tree.
    ///
    /// @param script a file name in `src/test/python`
    /// @throws IllegalStateException if no interpreter has the modules
    public static ProcessBuilder program(String script, String... arguments)
            throws IOException, InterruptedException {
        var command = new ArrayList<String>(List.of(interpreter(), "-B", SCRIPTS.resolve(script).toString()));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command);
    }

    /// Runs a program to its end.
    ///
    /// @throws IllegalStateException if it takes longer than the limit; it is killed then
    public static Outcome run(Duration limit, ProcessBuilder program) throws IOException, InterruptedException {
        var output = Files.createTempFile("python", ".out");
        var errors = Files.createTempFile("python", ".err");
        try {
            var process = program.redirectOutput(output.toFile()).redirectError(errors.toFile()).start();
            process.getOutputStream().close();
            if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly().waitFor();
                throw new IllegalStateException("killed after %s: %s%n%s%n%s".formatted(
                        limit, program.command(), Files.readString(output), Files.readString(errors)));
            }
            return new Outcome(process.exitValue(), Files.readAllLines(output), Files.readString(errors));
        } finally {
            Files.delete(output);
            Files.delete(errors);
        }
    }

    private static synchronized String interpreter() throws IOException, InterruptedException {
        if (interpreter != null) {
            return interpreter;
        }
        for (String candidate : CANDIDATES) {
            if (importsModules(candidate)) {
                interpreter = candidate;
                return candidate;
            }
        }
        throw new IllegalStateException("No Python interpreter that can `import nacl, cryptography` (tried "
                + String.join(", ", CANDIDATES) + "): install the Debian packages python3-nacl and "
                + "python3-cryptography.");
    }

    private static boolean importsModules(String candidate) throws IOException, InterruptedException {
        try {
            var probe = new ProcessBuilder(candidate, "-c", "import nacl.secret, cryptography");
            return run(PROBE_LIMIT, probe).status() == 0;
        } catch (IOException notInstalled) {
            return false;
        }
    }
}
