package dev.cipherlink.cli;

import dev.cipherlink.command.Reply;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.jline.terminal.Terminal;
import org.jline.terminal.Attributes;
import org.jline.utils.AttributedString;
import org.jline.utils.Display;
import org.jline.utils.InfoCmp.Capability;
import org.jline.utils.NonBlockingReader;

/// `/top`: what the server is doing, once a second on a screen of its own, until a key is pressed.
final class TopView {
    private static final long INTERVAL_MILLIS = 1_000;
    private static final byte[] INFO = "INFO".getBytes(StandardCharsets.US_ASCII);

    private final Terminal terminal;
    private final ChatConnection connection;
    private final TopPage page;
    private final TopSamples samples = new TopSamples();
    private String problem = "";

    TopView(Terminal terminal, ChatConnection connection, ChatParts parts) {
        this.terminal = terminal;
        this.connection = connection;
        this.page = new TopPage(parts.palette(), parts.glyphs());
    }

    /// Blocks until a key is pressed; then the screen is as it was.
    void run() {
        Attributes before = terminal.enterRawMode();
        terminal.puts(Capability.enter_ca_mode);
        terminal.puts(Capability.cursor_invisible);
        terminal.puts(Capability.clear_screen);
        try {
            var display = new Display(terminal, true);
            display.reset();
            int key = NonBlockingReader.READ_EXPIRED;
            while (key == NonBlockingReader.READ_EXPIRED) {
                sample();
                draw(display);
                key = terminal.reader().read(INTERVAL_MILLIS);
            }
        } catch (IOException _) {
            // the terminal is gone; the REPL notices it too
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        } finally {
            terminal.puts(Capability.cursor_visible);
            terminal.puts(Capability.exit_ca_mode);
            terminal.setAttributes(before);
            terminal.flush();
        }
    }

    private void sample() throws InterruptedException {
        if (!connection.isUp()) {
            problem = "no connection; waiting for the next one";
            return;
        }
        long begun = System.nanoTime();
        try {
            Reply reply = connection.request(INFO).get(INTERVAL_MILLIS, TimeUnit.MILLISECONDS);
            long now = System.nanoTime();
            problem = reply.isError() ? TerminalText.escapeLine(reply.reason()) : "";
            if (!reply.isError()) {
                samples.add(now, now - begun, values(reply));
            }
        } catch (ExecutionException e) {
            problem = FailureText.of(e.getCause());
        } catch (TimeoutException _) {
            problem = "no answer within a second";
        }
    }

    private static Map<String, String> values(Reply reply) {
        return TerminalText.escape(reply.text()).lines().filter(line -> line.contains(": "))
                .collect(Collectors.toMap(line -> line.substring(0, line.indexOf(": ")),
                        line -> line.substring(line.indexOf(": ") + 2), (first, _) -> first));
    }

    private void draw(Display display) {
        int width = terminal.getColumns();
        int height = terminal.getRows();
        List<AttributedString> lines = new ArrayList<>(page.draw(connection.server().toString(), samples, problem, width));
        while (lines.size() < height) {
            lines.add(AttributedString.EMPTY);
        }
        display.resize(terminal.getSize());
        display.update(lines.subList(0, height), 0);
        terminal.flush();
    }
}
