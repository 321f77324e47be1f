package dev.cipherlink.build;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.peer.Python;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Issue 14.17: what README.md tells people to paste, as it stands, in a home folder with nothing in it, with nothing in the
/// environment, and the folder of the checkout as working folder.
@Timeout(value = 5, unit = TimeUnit.MINUTES)
@Tag("slow")
class ReadmeIT {
    private static final String PORTS = "8888,8000,8080,1080";
    private static final int PORT_IN_USE = 75;

    @TempDir
    Path folder;

    @Test
    void theQuickStartWorksWhenItIsPasted() throws Exception {
        String blocks = blocks("sh");

        String output = run("bash", "-e", "-c", blocks);

        for (String expected : List.of("authorized ann ", "listening on 127.0.0.1:8888 key ", "OK\n", "hello world", "1000 OK",
                "20,000 requests in ", "authorized bob ", "ready 127.0.0.1:8080 -> 127.0.0.1:8000")) {
            assertTrue(output.contains(expected), "without " + expected + ": " + output);
        }
        assertEquals(2, Pattern.compile("<!DOCTYPE").matcher(output).results().count(), output);
        assertFalse(output.contains("cannot"), output);
    }

    @Test
    void theSampleConfigurationIsGood() throws Exception {
        Path file = Files.writeString(folder.resolve("sample.yaml"), blocks("yaml"));

        assertEquals("configuration is good\n", run("jlink/cipherlink", "serve", "--check", "--config", file.toString()));
    }

    private static String blocks(String language) throws IOException {
        var found = new StringBuilder();
        var fence = Pattern.compile("^```" + language + "\n(.*?)^```$", Pattern.DOTALL | Pattern.MULTILINE);
        fence.matcher(Files.readString(Path.of("README.md"))).results().forEach(block -> found.append(block.group(1)));
        assertFalse(found.isEmpty(), "README.md has no blocks of " + language);
        return found.toString();
    }

    /// @return what it printed; it has ended with status 0
    private String run(String... command) throws Exception {
        var builder = Python.program("own_network.py", PORTS, "/usr/bin/env", "-i",
                "HOME=" + Files.createDirectories(folder.resolve("home")), "PATH=/usr/local/bin:/usr/bin:/bin");
        builder.command().addAll(List.of(command));
        Path output = folder.resolve("output");
        Process shell = builder.redirectErrorStream(true).redirectOutput(output.toFile())
                .redirectInput(Path.of("/dev/null").toFile()).start();
        try {
            assertTrue(shell.waitFor(4, TimeUnit.MINUTES), () -> read(output));
            Assumptions.assumeTrue(shell.exitValue() != PORT_IN_USE, "a port of README.md is in use here");
            assertEquals(0, shell.exitValue(), () -> read(output));
            return read(output);
        } finally {
            shell.descendants().forEach(ProcessHandle::destroy);
            shell.destroyForcibly();
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return e.toString();
        }
    }
}
