package dev.cipherlink.cli;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import org.jline.utils.AttributedString;

/// The lines that we have written to the terminal, one below the other, the newest just above the line that is edited.
///
/// When its size changes, a terminal moves rows between its screen and its own memory of rows, and most of them break long
/// rows anew: so what was written where is known only from here. Not thread-safe.
final class Scrollback {
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
