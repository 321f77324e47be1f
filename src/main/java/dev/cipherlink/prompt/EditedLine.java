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

/// The line editor, the status line below it, and what is written above it.
///
/// A terminal changes its size at a moment that nobody is told, and moves and breaks rows when it does: where anything on the screen
/// is can only be guessed then. So a line that was written above is never touched again, and the terminal keeps it as it does for
/// any program. Only the rows of the edited line and the status line are erased: the cursor goes up as many rows as were drawn above it,
/// and everything from there on is cleared. That never reaches a line above, whatever the size is by then. Each row was ended
/// by us, so a wider terminal does not join them; a narrower one makes more of them, a lower one has fewer to go up to, and going
/// up too little leaves a piece of the edited line behind, no more.
final class EditedLine extends LineReaderImpl {
    private static final int LEAST_ROWS_FOR_STATUS = 5;
    private static final int TAB_COLUMNS = 8;
    /// A window that is dragged changes its size many times, and tmux tells of it every 250 ms.
    private static final long SETTLED_NANOS = 300_000_000;

    private IntFunction<AttributedString> status = _ -> AttributedString.EMPTY;
    private AttributedString drawnStatus = AttributedString.EMPTY;
    private boolean isGivingWay;
    private boolean isPasted;
    private Size seenSize;
    private long seenSizeAt;

    EditedLine(Terminal terminal) {
        super(terminal, "cipherlink", new HashMap<>());
        seenSize = terminal.getBufferSize();
        bindKeysOfAllTerminals();
    }

    /// Terminals send other sequences than their kind in terminfo has, or there is no terminfo.
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

    /// Whether lines were pasted since this was asked last.
    boolean takePasted() {
        boolean taken = isPasted;
        isPasted = false;
        return taken;
    }

    /// What is pasted goes into the line as it is, less the line ends at its end: nothing is sent before Enter is pressed.
    @Override
    public boolean beginPaste() {
        boolean done = super.beginPaste();
        while (buf.prevChar() == '\n') {
            buf.backspace();
        }
        isPasted = true;
        return done;
    }

    /// At the end of the line this takes what is offered there.
    @Override
    protected boolean forwardChar() {
        return takeOffered() || super.forwardChar();
    }

    /// To the end of the word, as shells do.
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

    /// Sets what draws the status line, for a width in columns; empty for none.
    void status(IntFunction<AttributedString> newStatus) {
        status = newStatus;
    }

    /// Writes lines above the edited line, and draws the status line as it has to be now. In a widget.
    void refresh(List<AttributedString> lines) {
        if (!lines.isEmpty() || hasNewSize()) {
            erase();
            print(lines);
            draw();
        } else if (seenSize.equals(size) && !status().equals(drawnStatus)) {
            redisplay(true);
        }
    }

    /// Whether to draw for another size than before. In a narrower terminal each time may leave a piece of a long line behind: so there
    /// only once it stays as it is.
    private boolean hasNewSize() {
        Size now = terminal.getBufferSize();
        if (!now.equals(seenSize)) {
            seenSize = now;
            seenSizeAt = System.nanoTime();
        }
        return !now.equals(size) && (now.getColumns() >= size.getColumns() || System.nanoTime() - seenSizeAt >= SETTLED_NANOS);
    }

    /// Writes lines where no line is edited.
    void write(List<AttributedString> lines) {
        print(lines);
        terminal.flush();
    }

    private void print(List<AttributedString> lines) {
        int width = Math.max(1, terminal.getBufferSize().getColumns());
        for (AttributedString line : lines) {
            AttributedString shown = new AttributedStringBuilder().tabs(TAB_COLUMNS).append(line).toAttributedString();
            List<AttributedString> rows = line instanceof HangingLine ? new HangingLine(shown).rows(width) : List.of(shown);
            rows.forEach(row -> terminal.writer().print(row.toAnsi(terminal) + "\n"));
        }
    }

    /// Leaves the terminal to others while this runs, with the line as it is being typed, and draws it anew below what they
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

    /// Erases the edited line and what is below it; the cursor is then where it began.
    private void erase() {
        terminal.puts(Capability.carriage_return);
        if (display instanceof Rows rows && rows.aboveCursor() > 0) {
            terminal.puts(Capability.parm_up_cursor, rows.aboveCursor());
        }
        terminal.writer().print(' '); // some terminals remember a screen that is cleared from its first column on
        terminal.puts(Capability.clr_eos);
        terminal.puts(Capability.carriage_return);
    }

    /// Draws the edited line where the cursor is, at the beginning of a row.
    private void draw() {
        display = new Rows(terminal, terminal.getBufferSize());
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
            if (!(display instanceof Rows)) {
                display = new Rows(terminal, size); // a line begins
            }
            size = ((Rows) display).size; // completion may have asked for a newer one
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

    /// The rows of the edited line and the status line. Each is ended by us and not by the terminal, also where it is as wide as that.
    private static final class Rows extends Display {
        private final Size size;

        Rows(Terminal terminal, Size size) {
            super(terminal, false);
            this.size = size;
            resize(size);
            wrapAtEol = false;
            delayedWrapAtEol = false;
        }

        /// How many rows are above the cursor's.
        int aboveCursor() {
            return cursorPos / columns1;
        }
    }
}
