package dev.cipherlink.build;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.peer.Python;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The scripts in `bench/`, as far as they go without the programs that they compare with. What they measure is never a
/// test.
class BenchScriptsIT {
    private static final Duration LIMIT = Duration.ofMinutes(1);

    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({"kv, burst-set", "tunnel, stream"})
    void explainThemselves(String script, String row) throws Exception {
        Python.Outcome help = bench(script, "--help");

        assertEquals(0, help.status(), help.errors());
        assertTrue(help.output().stream().anyMatch(line -> line.strip().startsWith(row)), help.output()::toString);
    }

    @ParameterizedTest
    @CsvSource({"kv", "tunnel"})
    void refuseARowThatTheyDoNotHave(String script) throws Exception {
        Python.Outcome refused = bench(script, "no-such-row");

        assertEquals(2, refused.status());
        assertTrue(refused.errors().contains("no such row: no-such-row"), refused.errors());
    }

    @Test
    void writeWhatTheyMeasuredAsATableAsJsonAndAsAPicture() throws Exception {
        Python.Outcome done = bench("kv", "--quick", "--output", folder.toString(), "image");

        assertEquals(0, done.status(), done.errors());
        assertTrue(done.output().stream().anyMatch(line -> line.contains("runtime image on disk [image], MB")),
                done.output()::toString);
        assertTrue(Files.readString(folder.resolve("kv.json")).contains("\"name\": \"image\""));
        var picture = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(folder.resolve("kv.svg").toFile());
        assertEquals("svg", picture.getDocumentElement().getNodeName());
    }

    private static Python.Outcome bench(String script, String... arguments) throws Exception {
        return Python.run(LIMIT, Python.program(Path.of("bench", script).toAbsolutePath().toString(), arguments));
    }
}
