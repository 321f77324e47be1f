package dev.cipherlink.cli;

import dev.cipherlink.peer.JavaProgram;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.awaitility.Awaitility;

/// A real terminal: tmux with one window, in which the program under test runs as a process of its own.
public final class TmuxTerminal implements AutoCloseable {
    private final Path socket;

    /// @param folder of its own, for tmux's socket and the program's library
    public TmuxTerminal(Path folder, int columns, int rows, Map<String, String> environment, String... args) {
        // A shell around it shows how it ended.
        this(folder, columns, rows, environment, program(folder, args) + "; echo \"ended with $?\"; exec sleep 1000");
    }

    private TmuxTerminal(Path folder, int columns, int rows, Map<String, String> environment, String shellCommand) {
        socket = folder.resolve("tmux");
        List<String> command = new ArrayList<>(List.of("new-session", "-d", "-x", String.valueOf(columns),
                "-y", String.valueOf(rows)));
        environment.forEach((name, value) -> command.addAll(List.of("-e", name + "=" + value)));
        command.add(shellCommand);
        tmux(command.toArray(String[]::new));
    }

    private static String program(Path folder, String... args) {
        List<String> program = JavaProgram.command(folder, List.of("-XX:+UseSerialGC"), Main.class, args);
        return "'" + String.join("' '", program) + "'";
    }

    /// A terminal that reports a size of 0 x 0, as a serial line does; the window has 80 columns and 24 rows.
    public static TmuxTerminal withoutSize(Path folder, Map<String, String> environment, String... args) {
        return new TmuxTerminal(folder, 80, 24, environment, "stty rows 0 cols 0; " + program(folder, args)
                + "; echo \"ended with $?\"; exec sleep 1000");
    }

    /// Any command, in the place of the program.
    static TmuxTerminal of(Path folder, int columns, int rows, Map<String, String> environment, String shellCommand) {
        return new TmuxTerminal(folder, columns, rows, environment, shellCommand);
    }

    /// A shell with job control, in which the program runs; its id is in `pid`.
    public static TmuxTerminal withShell(Path folder, int columns, int rows, Map<String, String> environment, String... args)
            throws IOException {
        Path script = Files.writeString(folder.resolve("run"), "echo $$ > '" + folder.resolve("pid") + "'; exec " + program(folder, args));
        var terminal = new TmuxTerminal(folder, columns, rows, environment, "HISTFILE= PS1='shell: ' exec bash --norc --noprofile -i");
        terminal.awaitText("shell:");
        terminal.enter("sh '" + script + "'");
        return terminal;
    }

    private String tmux(String... arguments) {
        List<String> command = new ArrayList<>(List.of("tmux", "-u", "-S", socket.toString(), "-f", "/dev/null"));
        command.addAll(List.of(arguments));
        try {
            var builder = new ProcessBuilder(command).redirectErrorStream(true);
            builder.environment().put("LC_ALL", "C.UTF-8");
            builder.environment().remove("TMUX");
            Process process = builder.start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
                throw new IllegalStateException("tmux " + List.of(arguments) + ": " + output);
            }
            return output;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /// The text on the screen, without colours. A capture may come in the middle of a redraw: use it in a wait only.
    public String screen() {
        return tmux("capture-pane", "-p");
    }

    /// All lines that the terminal remembers and shows, those that it broke joined again.
    public String everything() {
        return tmux("capture-pane", "-p", "-J", "-S", "-");
    }

    /// Gives another pane below so many rows of ours.
    public void split(int rows) {
        tmux("split-window", "-d", "-l", String.valueOf(rows), "exec sleep 1000");
    }

    public void closeSplit() {
        tmux("kill-pane", "-t", ":.1");
    }

    /// The same with its escape sequences.
    public String colouredScreen() {
        return tmux("capture-pane", "-p", "-e");
    }

    public void type(String text) {
        tmux("send-keys", "-l", text);
    }

    /// A key by tmux's name: `Enter`, `Tab`, `C-c`.
    public void press(String key) {
        tmux("send-keys", key);
    }

    /// Bytes as a terminal sends them.
    public void send(int... bytes) {
        List<String> keys = new ArrayList<>(List.of("send-keys", "-H"));
        Arrays.stream(bytes).forEach(each -> keys.add(Integer.toHexString(each)));
        tmux(keys.toArray(String[]::new));
    }

    public void enter(String line) {
        type(line);
        press("Enter");
    }

    public void paste(String text) {
        tmux("set-buffer", text);
        tmux("paste-buffer", "-p");
    }

    public void resize(int columns, int rows) {
        tmux("resize-window", "-x", String.valueOf(columns), "-y", String.valueOf(rows));
    }

    /// Waits until nothing is wrong with the screen.
    public void awaitScreen(Consumer<String> assertions) {
        Awaitility.await().pollInterval(Duration.ofMillis(100)).untilAsserted(() -> assertions.accept(screen()));
    }

    public void awaitText(String text) {
        awaitMatch("(?s).*" + java.util.regex.Pattern.quote(text) + ".*");
    }

    /// Waits until the whole screen matches.
    public void awaitMatch(String pattern) {
        Awaitility.await().pollInterval(Duration.ofMillis(100))
                .until(this::screen, screen -> screen.matches(pattern));
    }

    @Override
    public void close() {
        tmux("kill-server");
    }
}
