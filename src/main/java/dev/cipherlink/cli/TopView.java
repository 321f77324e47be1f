package dev.cipherlink.cli;

import dev.cipherlink.command.Reply;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.jline.terminal.Terminal;
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
        try (var screen = new FullScreen(terminal)) {
            int key = NonBlockingReader.READ_EXPIRED;
            while (key == NonBlockingReader.READ_EXPIRED) {
                sample();
                screen.draw(page.draw(connection.server().toString(), samples, problem, screen.columns()));
                key = screen.read(INTERVAL_MILLIS);
            }
        } catch (IOException | InterruptedException _) {
            // Ctrl-C is a key too; and if the terminal is gone, the REPL notices it
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
}
