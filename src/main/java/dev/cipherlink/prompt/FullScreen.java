package dev.cipherlink.prompt;

import dev.cipherlink.console.Signals;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jline.terminal.Attributes;
import org.jline.terminal.Size;
import org.jline.terminal.Terminal;
import org.jline.terminal.Terminal.Signal;
import org.jline.terminal.Terminal.SignalHandler;
import org.jline.utils.AttributedString;
import org.jline.utils.Display;
import org.jline.utils.InfoCmp.Capability;

/// Takes over the whole terminal, on its alternate screen where it has one, and restores it on close. Keys are read on
/// the thread that opened it; Ctrl-C counts as the end of the input.
final class FullScreen implements AutoCloseable {
    private final Terminal terminal;
    private final Attributes before;
    private final Display display;
    private final SignalHandler onInterrupt;
    private final SignalHandler onStop;
    private Size size;
    private List<AttributedString> drawn = List.of();

    FullScreen(Terminal terminal) {
        this.terminal = terminal;
        this.before = terminal.enterRawMode();
        this.display = new Display(terminal, true);
        Thread reader = Thread.currentThread();
        onInterrupt = terminal.handle(Signal.INT, _ -> reader.interrupt());
        onStop = terminal.handle(Signal.TSTP, _ -> suspend());
        enter();
    }

    private synchronized void enter() {
        size = null;
        terminal.puts(Capability.enter_ca_mode);
        terminal.puts(Capability.cursor_invisible);
        terminal.puts(Capability.keypad_xmit);
    }

    private synchronized void leave() {
        terminal.puts(Capability.keypad_local);
        terminal.puts(Capability.cursor_visible);
        terminal.puts(Capability.exit_ca_mode);
        terminal.flush();
    }

    private synchronized void suspend() {
        leave();
        Signals.stop(terminal, before);
        enter();
        draw(drawn);
    }

    int rows() {
        return sizeOf(terminal).getRows();
    }

    int columns() {
        return sizeOf(terminal).getColumns();
    }

    /// 80 columns and 24 rows where the terminal does not know, as on a serial line: it then reports 0, which JLine takes for a row
    /// without an end.
    static Size sizeOf(Terminal terminal) {
        Size reported = terminal.getSize();
        return Size.of(reported.getColumns() > 0 ? reported.getColumns() : 80, reported.getRows() > 0 ? reported.getRows() : 24);
    }

    /// Replaces the screen with these lines; lines beyond its height are left out.
    synchronized void draw(List<AttributedString> lines) {
        drawn = lines;
        Size now = sizeOf(terminal);
        var all = new ArrayList<>(lines.subList(0, Math.min(lines.size(), now.getRows())));
        while (all.size() < now.getRows()) {
            all.add(AttributedString.EMPTY);
        }
        display.resize(now);
        if (!now.equals(size)) {
            display.clear();
            size = now;
        }
        display.update(all, 0);
        terminal.flush();
    }

    /// Blocks until a key is pressed, at most for this time.
    ///
    /// @return its first character; negative on a timeout and at the end of the input
    int read(long millis) throws IOException {
        return terminal.reader().read(millis);
    }

    @Override
    public void close() {
        leave();
        terminal.handle(Signal.INT, onInterrupt);
        terminal.handle(Signal.TSTP, onStop);
        terminal.setAttributes(before);
        Thread.interrupted(); // a late Ctrl-C must not reach the code that follows
    }
}
