package dev.cipherlink.prompt;

import dev.cipherlink.prompt.Repl.TypedHistory;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import org.jline.keymap.KeyMap;
import org.jline.reader.Binding;
import org.jline.reader.LineReader;
import org.jline.reader.Reference;
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
    private boolean isPasted;
    private long writtenAt = System.nanoTime() - RESIZE_NANOS;

    EditedLine(Terminal terminal, Scrollback scrollback) {
        super(terminal, "cipherlink", new HashMap<>());
        this.scrollback = scrollback;
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

    /// The lines that we have written to the terminal, one below the other, the newest just above the line that is edited.
    ///
    /// When its size changes, a terminal moves rows between its screen and its own memory of rows, and most of them break long
    /// rows anew: so what was written where is known only from here. Not thread-safe.
    static final class Scrollback {
        /// More than a screen has rows.
        private static final int MAX_LINES = 500;

        /// @param written the line as the terminal got it
        /// @param rows    that it took then
        private record Written(AttributedString line, AttributedString written, int rows) {
        }

        /// What to write again.
        ///
        /// @param rows    that the lines have above the edited line, as far as they are on the screen
        /// @param lines   those that have a row on the screen, and some before them if wished
        /// @param columns of the first line that are on a row above the screen
        record Visible(int rows, List<AttributedString> lines, int columns) {
        }

        private final Deque<Written> newestFirst = new ArrayDeque<>();
        private final boolean breaksAnew;

        /// @param breaksAnew whether the terminal breaks long rows anew when its width changes, as most do
        Scrollback(boolean breaksAnew) {
            this.breaksAnew = breaksAnew;
        }

        /// A line was written, and the terminal broke it at its width.
        ///
        /// @param written the line for this width
        void add(AttributedString line, AttributedString written, int width) {
            newestFirst.addFirst(new Written(line, written, rows(written, width).size()));
            if (newestFirst.size() > MAX_LINES) {
                newestFirst.removeLast();
            }
        }

        /// What is above the edited line is not ours any more.
        void forget() {
            newestFirst.clear();
        }

        /// What the terminal shows of our lines. The caller writes these lines again, and adds them again.
        ///
        /// @param width of the terminal now
        /// @param room  rows of the screen above the edited line
        /// @param spare how many lines before the visible ones are wanted too
        Visible takeVisible(int width, int room, int spare) {
            var lines = new ArrayList<AttributedString>();
            AttributedString first = AttributedString.EMPTY;
            int rows = 0;
            Iterator<Written> written = newestFirst.iterator();
            for (int left = spare; written.hasNext() && (rows < room || left > 0); ) {
                Written next = written.next();
                written.remove();
                lines.addFirst(next.line);
                first = next.written;
                if (rows < room) {
                    rows += breaksAnew ? rows(next.written, width).size() : next.rows;
                } else {
                    left--;
                }
            }
            int above = spare > 0 || !breaksAnew ? 0 : Math.max(0, rows - room);
            if (above > 0) {
                lines.set(0, first);
            }
            int columns = above == 0 ? 0
                    : rows(first, width).stream().limit(above).mapToInt(AttributedString::columnLength).sum();
            return new Visible(Math.min(rows, room), lines, columns);
        }

        private static List<AttributedString> rows(AttributedString line, int width) {
            return line.length() == 0 ? List.of(line) : line.columnSplitLength(width);
        }
    }
}
