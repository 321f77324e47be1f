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
import java.util.stream.IntStream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The commands of README.md, pasted as they stand: in an empty home folder, without an environment, in the folder of the
/// checkout. And the picture of its first screen.
@Tag("slow")
@Tag("alone")
class ReadmeIT {
    private static final String PORTS = "8888,8000,8080,1080,6379";
    private static final int PORT_IN_USE = 75;

    @TempDir
    Path folder;

    @Test
    void theBlocksWorkWhenTheyArePasted() throws Exception {
        String output = run("bash", "-e", "-c", blocks("README.md", "sh"));

        for (String expected : List.of("authorized ann ", "listening on 127.0.0.1:8888 key ", "the build is green", "OK\n", "hello world",
                "1\n1\n", "ready 127.0.0.1:6379", "1000 OK", "key999", "20,000 requests in ", "ready 127.0.0.1:8080 -> 127.0.0.1:8000", "HTTP/1.0 200 OK")) {
            assertTrue(output.contains(expected), "without " + expected + ": " + output);
        }
        assertEquals(2, Pattern.compile("<!DOCTYPE").matcher(output).results().count(), output);
        assertFalse(output.contains("cannot"), output);
    }

    @Test
    void theJavaProgramRuns() throws Exception {
        Path program = Files.writeString(folder.resolve("Greeting.java"), blocks("README.md", "java"));
        String setUp = blocks("README.md", "sh").split("\n(?=cipherlink chat)")[0];
        String java = Path.of(System.getProperty("java.home"), "bin", "java") + " --enable-native-access=ALL-UNNAMED";

        String output = run("bash", "-e", "-c", setUp + "\n" + java + " -cp '" + System.getProperty("java.class.path") + "' '" + program
                + "'\nkill %1\nwait");

        assertTrue(output.contains("\nhello from Java\n"), output);
    }

    @Test
    void thePictureOfThePromptCanBeMadeAgain() throws Exception {
        Path picture = folder.resolve("prompt.svg");

        run("docs/picture.py", picture.toString());

        List<String> shown = texts(picture);
        List<String> expected = texts(Path.of("docs/prompt.svg")).stream().filter(text -> text.matches("\\D+")).toList();
        assertTrue(expected.size() > 10 && shown.containsAll(expected), () -> "of " + expected + " only " + shown);
    }

    /// Runs of one style, as the picture has them.
    private static List<String> texts(Path picture) throws Exception {
        var elements = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(picture.toFile()).getElementsByTagName("text");
        return IntStream.range(0, elements.getLength()).mapToObj(i -> elements.item(i).getTextContent().strip()).toList();
    }

    @Test
    void theSampleConfigurationIsGood() throws Exception {
        Path file = Files.writeString(folder.resolve("sample.yaml"), blocks("docs/configuration.md", "yaml"));

        assertEquals("configuration is good\n", run("jlink/cipherlink", "serve", "--check", "--config", file.toString()));
    }

    private static String blocks(String document, String language) throws IOException {
        var found = new StringBuilder();
        var fence = Pattern.compile("^```" + language + "\n(.*?)^```$", Pattern.DOTALL | Pattern.MULTILINE);
        fence.matcher(Files.readString(Path.of(document))).results().forEach(block -> found.append(block.group(1)));
        assertFalse(found.isEmpty(), document + " has no blocks of " + language);
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
