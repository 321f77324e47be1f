package dev.cipherlink.cli;

import java.util.HashMap;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import org.jline.reader.LineReader;
import org.jline.reader.impl.LineReaderImpl;
import org.jline.terminal.Size;
import org.jline.terminal.Terminal;
import org.jline.utils.AttributedString;
import org.jline.utils.AttributedStringBuilder;
import org.jline.utils.Display;
import org.jline.utils.InfoCmp.Capability;

/// The line editor with what belongs to it: a line of status below it, and what happens above it, which stays whole whatever
/// size the terminal takes.
///
/// The status line is drawn as a part of what is edited, and not at a fixed place of the screen: so whatever is written
/// scrolls as in any other program, into the terminal's own memory.
final class EditedLine extends LineReaderImpl {
    private static final int LEAST_ROWS_FOR_STATUS = 5;
    private static final int TAB_COLUMNS = 8;
    /// Terminals may tell of a new size that much later than they take it.
    private static final long RESIZE_NANOS = 500_000_000;

    private final Scrollback scrollback;
    private IntFunction<AttributedString> status = _ -> AttributedString.EMPTY;
    private AttributedString drawnStatus = AttributedString.EMPTY;
    private boolean isGivingWay;
    private long writtenAt = System.nanoTime() - RESIZE_NANOS;

    EditedLine(Terminal terminal, Scrollback scrollback) {
        super(terminal, "cipherlink", new HashMap<>());
        this.scrollback = scrollback;
    }

    /// Sets what draws the status line, for a width in columns; empty for none.
    void status(IntFunction<AttributedString> newStatus) {
        status = newStatus;
    }

    /// Writes lines above the edited line, and draws the status line as it has to be now. In a widget.
    void refresh(List<AttributedString> lines) {
        Size now = terminal.getBufferSize();
        if (!now.equals(size)) {
            resized(now, lines);
        } else if (!lines.isEmpty()) {
            display.update(List.of(), 0, false);
            write(lines, 0);
            redisplay(true);
        } else if (!status().equals(drawnStatus)) {
            redisplay(true);
        }
    }

    /// Writes lines where nothing is edited.
    void write(List<AttributedString> lines) {
        write(lines, 0);
    }

    /// @param from column of the first line with which to begin
    private void write(List<AttributedString> lines, int from) {
        int width = Math.max(1, terminal.getBufferSize().getColumns());
        int column = from;
        for (AttributedString line : lines) {
            AttributedString shown = new AttributedStringBuilder().tabs(TAB_COLUMNS).append(line).toAttributedString();
            // What is left of a line whose beginning is in the terminal's memory goes on as it was written.
            AttributedString whole = line instanceof HangingLine && column == 0 ? new HangingLine(shown).filled(width) : shown;
            terminal.writer().print(whole.columnSubSequence(column, Integer.MAX_VALUE).toAnsi(terminal) + "\n");
            scrollback.add(line, whole, width);
            column = 0;
        }
        writtenAt = System.nanoTime();
        terminal.flush();
    }

    /// What is above the edited line was written by others.
    void forgetAbove() {
        scrollback.forget();
    }

    /// Leaves the terminal to others while this runs, with the line as it is being typed, and draws it anew behind what they
    /// wrote.
    void giveWay(Runnable others) {
        lock.lock();
        try {
            isGivingWay = true;
            if (reading) {
                redisplay(false); // without status
                terminal.puts(Capability.keypad_local);
                terminal.writer().print(BRACKETED_PASTE_OFF + "\r\n");
            }
            others.run();
            isGivingWay = false;
            scrollback.forget();
            if (reading) {
                terminal.puts(Capability.keypad_xmit);
                terminal.writer().print(BRACKETED_PASTE_ON);
                begin(terminal.getBufferSize());
            }
        } finally {
            isGivingWay = false;
            lock.unlock();
        }
    }

    private void begin(Size now) {
        size = now;
        display = new Display(terminal, false);
        display.resize(size);
        redisplay(true);
    }

    private AttributedString status() {
        return size.getRows() >= LEAST_ROWS_FOR_STATUS && size.getColumns() > 0 ? status.apply(size.getColumns())
                : AttributedString.EMPTY;
    }

    @Override
    protected void redisplay(boolean flush) {
        lock.lock();
        try {
            Supplier<AttributedString> others = post; // a list of completions, a search
            if (others == null && reading && !isGivingWay) {
                drawnStatus = status();
                post = drawnStatus.isEmpty() ? null : () -> drawnStatus;
            }
            super.redisplay(flush);
            post = others;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public boolean clearScreen() {
        scrollback.forget();
        return super.clearScreen();
    }

    @Override
    protected void handleSignal(Terminal.Signal signal) {
        lock.lock();
        try {
            Size now = terminal.getBufferSize();
            if (signal != Terminal.Signal.WINCH) {
                scrollback.forget(); // somebody else had the terminal meanwhile
                super.handleSignal(signal);
            } else if (reading && !now.equals(size)) {
                resized(now, List.of());
            }
        } finally {
            lock.unlock();
        }
    }

    /// Writes again what the terminal shows of ours, from its first row on, and then what is new.
    private void resized(Size now, List<AttributedString> lines) {
        int rowsBefore = rowsToCursor(size.getColumns());
        // A message that was written before the new size was known may have taken rows of those before it.
        int spare = System.nanoTime() - writtenAt < RESIZE_NANOS ? rowsBefore : 0;
        int rows = rowsToCursor(now.getColumns());
        Scrollback.Visible visible = scrollback.takeVisible(now.getColumns(), Math.max(0, now.getRows() - 1 - rows), spare);
        terminal.puts(Capability.carriage_return);
        if (visible.rows() + rows > 0) {
            terminal.puts(Capability.parm_up_cursor, visible.rows() + rows);
        }
        terminal.writer().print(' '); // some terminals take a screen that is cleared from its first column on for one to be kept
        terminal.puts(Capability.clr_eos);
        terminal.puts(Capability.carriage_return);
        write(visible.lines(), visible.columns());
        write(lines, 0);
        begin(now);
    }

    /// How many rows of the edited line are above the cursor's.
    private int rowsToCursor(int width) {
        int rows = 0;
        int columns = prompt.columnLength();
        String text = buf.upToCursor();
        for (int from = 0; ; ) {
            int end = text.indexOf('\n', from);
            columns += new AttributedString(text.substring(from, end < 0 ? text.length() : end)).columnLength();
            if (end < 0) {
                return rows + Math.max(0, columns - 1) / Math.max(1, width);
            }
            rows += Math.max(1, Math.ceilDiv(columns, Math.max(1, width)));
            columns = String.valueOf(getVariable(LineReader.SECONDARY_PROMPT_PATTERN)).length();
            from = end + 1;
        }
    }
}
