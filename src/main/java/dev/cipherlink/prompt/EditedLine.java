package dev.cipherlink.prompt;

import java.util.HashMap;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import org.jline.keymap.KeyMap;
import org.jline.reader.Binding;
import org.jline.reader.Reference;
import org.jline.reader.impl.LineReaderImpl;
import org.jline.terminal.Size;
import org.jline.terminal.Terminal;
import org.jline.utils.AttributedString;
import org.jline.utils.AttributedStringBuilder;
import org.jline.utils.Display;
import org.jline.utils.InfoCmp.Capability;

/// The line editor, the status line below it, and the lines written above it.
///
/// A terminal resizes at an unknown moment, and then moves and rewraps rows, so screen positions can only be guessed.
/// Lines written above are therefore never touched again: the terminal keeps them as it does for any program. Only the
/// rows of the edited line and the status line are erased: the cursor goes up by the number of rows drawn above it, and
/// everything from there on is cleared. That never reaches a line above, whatever the size is by then: each row ends with
/// our own line break, so a wider terminal does not join rows; a narrower one makes more of them, and a lower one has
/// fewer to go up. Going up too little only leaves a piece of the edited line behind.
final class EditedLine extends LineReaderImpl {
    private static final int LEAST_ROWS_FOR_STATUS = 5;
    private static final int TAB_COLUMNS = 8;
    /// Dragging a window resizes it many times, and tmux reports it every 250 ms.
    private static final long SETTLED_NANOS = 300_000_000;

    private IntFunction<AttributedString> status = _ -> AttributedString.EMPTY;
    private AttributedString drawnStatus = AttributedString.EMPTY;
    private boolean isGivingWay;
    private boolean isPasted;
    private Size seenSize;
    private long seenSizeAt;

    EditedLine(Terminal terminal) {
        super(terminal, "cipherlink", new HashMap<>());
        seenSize = FullScreen.sizeOf(terminal);
        bindKeysOfAllTerminals();
    }

    /// Binds common key sequences too, because a terminal's keys may differ from its terminfo entry, or the entry is
    /// missing.
    private void bindKeysOfAllTerminals() {
        KeyMap<Binding> keys = keyMaps.get(EMACS);
        keys.bind(new Reference(BEGINNING_OF_LINE), "\u001b[H", "\u001bOH", "\u001b[1~", "\u001b[7~");
        keys.bind(new Reference(END_OF_LINE), "\u001b[F", "\u001bOF", "\u001b[4~", "\u001b[8~");
        keys.bind(new Reference(DELETE_CHAR), "\u001b[3~");
        keys.bind(new Reference(UP_LINE_OR_SEARCH), "\u001b[A", "\u001bOA");
        keys.bind(new Reference(DOWN_LINE_OR_SEARCH), "\u001b[B", "\u001bOB");
        keys.bind(new Reference(FORWARD_CHAR), "\u001b[C", "\u001bOC");
        keys.bind(new Reference(BACKWARD_CHAR), "\u001b[D", "\u001bOD");
        keys.bind(new Reference(EMACS_FORWARD_WORD), KeyMap.alt('f'), "\u001b[1;3C", "\u001b[1;5C", "\u001bOc", "\u001b[5C");
        keys.bind(new Reference(BACKWARD_WORD), "\u001b[1;3D", "\u001b[1;5D", "\u001bOd", "\u001b[5D");
        keys.bind(new Reference(SELF_INSERT_UNMETA), "\u001b\r", "\u001b\n");
    }

    /// Whether lines were pasted since the last call.
    boolean takePasted() {
        boolean taken = isPasted;
        isPasted = false;
        return taken;
    }

    /// Inserts pasted text unchanged, except for trailing line ends: nothing is sent before Enter is pressed.
    @Override
    public boolean beginPaste() {
        boolean done = super.beginPaste();
        while (buf.prevChar() == '\n') {
            buf.backspace();
        }
        isPasted = true;
        return done;
    }

    /// At the end of the line, accepts the suggestion shown there.
    @Override
    protected boolean forwardChar() {
        return takeOffered() || super.forwardChar();
    }

    /// Moves to the end of the word, as shells do.
    @Override
    protected boolean emacsForwardWord() {
        while (buf.cursor() < buf.length() && !isWord(buf.currChar())) {
            buf.move(1);
        }
        while (buf.cursor() < buf.length() && isWord(buf.currChar())) {
            buf.move(1);
        }
        return true;
    }

    @Override
    protected boolean endOfLine() {
        return takeOffered() || super.endOfLine();
    }

    private boolean takeOffered() {
        String offered = buf.cursor() == buf.length() && history instanceof TypedHistory typed && highlighter instanceof LineHighlighter shown
                && shown.isHinting(this) ? typed.continuation(buf.toString()) : "";
        buf.write(offered);
        return !offered.isEmpty();
    }

    /// Sets the function that draws the status line for a width in columns; empty for none.
    void status(IntFunction<AttributedString> newStatus) {
        status = newStatus;
    }

    /// Writes lines above the edited line, and redraws the status line. To be called in a widget.
    void refresh(List<AttributedString> lines) {
        if (!lines.isEmpty() || hasNewSize()) {
            erase();
            print(lines);
            draw();
        } else if (seenSize.equals(size) && !status().equals(drawnStatus)) {
            redisplay(true);
        }
    }

    /// Whether to redraw for a new size. A terminal that gets narrower may leave a piece of a long line behind at each
    /// redraw, so there the size must have settled first.
    private boolean hasNewSize() {
        Size now = FullScreen.sizeOf(terminal);
        if (!now.equals(seenSize)) {
            seenSize = now;
            seenSizeAt = System.nanoTime();
        }
        return !now.equals(size) && (now.getColumns() >= size.getColumns() || System.nanoTime() - seenSizeAt >= SETTLED_NANOS);
    }

    /// Writes lines while no line is edited.
    void write(List<AttributedString> lines) {
        print(lines);
        terminal.flush();
    }

    private void print(List<AttributedString> lines) {
        int width = FullScreen.sizeOf(terminal).getColumns();
        for (AttributedString line : lines) {
            AttributedString shown = new AttributedStringBuilder().tabs(TAB_COLUMNS).append(line).toAttributedString();
            List<AttributedString> rows = line instanceof HangingLine ? new HangingLine(shown).rows(width) : List.of(shown);
            rows.forEach(row -> terminal.writer().print(row.toAnsi(terminal) + "\n"));
        }
    }

    /// Hands the terminal to `others` while it runs, then redraws the edited line below their output.
    void giveWay(Runnable others) {
        lock.lock();
        try {
            isGivingWay = true;
            if (reading) {
                redisplay(false); // without the status line
                terminal.puts(Capability.keypad_local);
                terminal.writer().print(BRACKETED_PASTE_OFF + "\r\n");
            }
            others.run();
            isGivingWay = false;
            if (reading) {
                terminal.puts(Capability.keypad_xmit);
                terminal.writer().print(BRACKETED_PASTE_ON);
                draw();
            }
        } finally {
            isGivingWay = false;
            lock.unlock();
        }
    }

    /// Erases the edited line and everything below it; the cursor is then where the line began.
    private void erase() {
        terminal.puts(Capability.carriage_return);
        if (display instanceof Rows rows && rows.aboveCursor() > 0) {
            terminal.puts(Capability.parm_up_cursor, rows.aboveCursor());
        }
        terminal.writer().print(' '); // some terminals save a screen that is cleared from its first column on
        terminal.puts(Capability.clr_eos);
        terminal.puts(Capability.carriage_return);
    }

    /// Draws the edited line at the cursor, which is at the beginning of a row.
    private void draw() {
        display = new Rows(terminal, FullScreen.sizeOf(terminal));
        redisplay(true);
    }

    private AttributedString status() {
        return size.getRows() >= LEAST_ROWS_FOR_STATUS ? status.apply(size.getColumns()) : AttributedString.EMPTY;
    }

    @Override
    protected void redisplay(boolean flush) {
        lock.lock();
        try {
            if (!(display instanceof Rows)) {
                display = new Rows(terminal, FullScreen.sizeOf(terminal)); // a new line
            }
            size = ((Rows) display).size; // completion may have read a newer size
            Supplier<AttributedString> others = post; // a list of completions, or a search
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
    protected void handleSignal(Terminal.Signal signal) {
        lock.lock();
        try {
            boolean isBack = signal == Terminal.Signal.CONT;
            if (reading && (isBack || hasNewSize())) {
                if (isBack) {
                    terminal.enterRawMode();
                    terminal.puts(Capability.keypad_xmit);
                }
                erase();
                draw();
            }
        } finally {
            lock.unlock();
        }
    }

    /// The rows of the edited line and the status line. Each ends with our own line break, even one as wide as the
    /// terminal.
    private static final class Rows extends Display {
        private final Size size;

        Rows(Terminal terminal, Size size) {
            super(terminal, false);
            this.size = size;
            resize(size);
            wrapAtEol = false;
            delayedWrapAtEol = false;
        }

        /// The number of rows above the cursor's.
        int aboveCursor() {
            return cursorPos / columns1;
        }
    }
}
