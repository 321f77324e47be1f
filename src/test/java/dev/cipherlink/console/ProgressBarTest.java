package dev.cipherlink.console;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.console.ProcessEnvironment.Terminals;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ProgressBarTest {
    private final ByteArrayOutputStream stderr = new ByteArrayOutputStream();

    private Output output(boolean onTerminal, String locale) {
        ProcessEnvironment surroundings = new ProcessEnvironment(InputStream.nullInputStream(), new ByteArrayOutputStream(), stderr,
                Map.of("LANG", locale), Path.of(""), Path.of("etc"), new Terminals(false, false, onTerminal));
        return new Output(surroundings, new Output.Options(0, false, false, null));
    }

    @Test
    void showsProgressOnlyAfterASecond() {
        ProgressBar bar = new ProgressBar(output(true, "C"), 100, 0);
        bar.update(10, 5, 999_999_999L);
        assertEquals(0, stderr.size());
        bar.update(50, 20, 2_000_000_000L);
        assertEquals("\r\u001b[K###############...............  50%  20 answered, 10/s, 2.0 s left",
                stderr.toString(StandardCharsets.UTF_8));
        stderr.reset();
        bar.clear();
        assertEquals("\r\u001b[K", stderr.toString(StandardCharsets.UTF_8));
    }

    @Test
    void showsNoProgressWhereThereIsNoTerminal() {
        new ProgressBar(output(false, "C"), 100, 0).update(50, 20, 2_000_000_000L);
        assertEquals(0, stderr.size());
    }

    @Test
    void drawsBlocksWhereTheLocaleHasThem() {
        assertTrue(new ProgressBar(output(true, "C.UTF-8"), 2, 0).text(1, 1, 1).startsWith("█".repeat(15) + "░"));
    }
}
