package dev.cipherlink.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.cipherlink.console.Terminal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// `demo` in a real terminal.
class DemoIT {
    @TempDir
    Path folder;

    /// Issue 14.17: neither in the home folder nor in the temporary one, however it ends.
    @ParameterizedTest
    @ValueSource(strings = {"/quit", "C-d", "C-c"})
    void leavesNothingBehind(String end) throws IOException {
        Path home = Files.createDirectories(folder.resolve("home"));
        try (TmuxTerminal terminal = new TmuxTerminal(folder, 100, 24, Map.of("HOME", home.toString(), "TERM", "tmux-256color",
                "XDG_CONFIG_HOME", home + "/config", "XDG_STATE_HOME", home + "/state", "XDG_DATA_HOME", home + "/data"), "demo")) {
            terminal.awaitText("#lobby>");
            terminal.enter("SET greeting hello");
            terminal.awaitText("OK");
            if (end.startsWith("/")) {
                terminal.enter(end);
            } else {
                terminal.press(end);
                terminal.press(end); // the first Ctrl-C asks for a second one
            }
            terminal.awaitText("ended with ");

            assertEquals(List.of(), below(home));
            assertEquals(List.of(), below(folder).stream().filter(path -> path.toString().contains("cipherlink-demo")).toList());
        }
    }

    @Test
    void canBeTriedFromAnotherTerminalMeanwhile() throws Exception {
        try (TmuxTerminal terminal = new TmuxTerminal(folder, 200, 24, Map.of("HOME", folder.resolve("home").toString(),
                "TERM", "tmux-256color"), "demo")) {
            terminal.awaitText("#lobby>");
            terminal.enter("SET greeting hello");
            terminal.awaitText("OK");
            String shown = Awaitility.await().until(() -> terminal.screen().lines().filter(line -> line.contains("cipherlink kv "))
                    .findFirst().orElse(""), line -> line.matches(".*cipherlink kv .* GET greeting.*"));
            String[] command = shown.strip().replaceFirst("^cipherlink ", "").split(" ");

            var other = new Terminal(folder);
            assertEquals(0, other.run(command), other.err());
            assertEquals("hello", other.out());
        }
    }

    private static List<Path> below(Path start) throws IOException {
        try (Stream<Path> all = Files.walk(start)) {
            return all.filter(path -> !path.equals(start)).toList();
        }
    }
}
