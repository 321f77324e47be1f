import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/// Runs other programs, quietly unless they fail.
final class Commands {
    private static final int DEADLINE_MINUTES = 5;

    private Commands() {
    }

    /// Blocks until the program ends.
    ///
    /// @param log receives what it prints
    /// @throws IOException with the text of the log, if the program fails or takes more than five minutes
    static void run(Path log, String... command) throws IOException, InterruptedException {
        var builder = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
        // A user's own JVM options would become part of the image.
        builder.environment().keySet().removeAll(java.util.List.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "CLASSPATH"));
        Process process = builder.start();
        process.getOutputStream().close();
        if (!process.waitFor(DEADLINE_MINUTES, TimeUnit.MINUTES)) {
            process.destroyForcibly().waitFor();
            throw new IOException(String.join(" ", command) + " did not end: " + Files.readString(log));
        }
        if (process.exitValue() != 0) {
            throw new IOException(String.join(" ", command) + " ended with status " + process.exitValue() + ": "
                    + Files.readString(log));
        }
    }
}
