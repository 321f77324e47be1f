package dev.cipherlink.cli;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import org.jline.utils.AttributedString;

/// The last lines of the chat that were shown here, for `/search`. Thread-safe.
final class ShownLines {
    private static final int MAX_LINES = 5_000;
    private static final int MAX_FOUND = 50;

    private final Deque<AttributedString> lines = new ArrayDeque<>();

    synchronized void add(AttributedString line) {
        if (lines.size() >= MAX_LINES) {
            lines.removeFirst();
        }
        lines.add(line);
    }

    /// @return the last 50 lines with this text in them, in capitals or not
    synchronized List<AttributedString> search(String text) {
        String wanted = text.toLowerCase(Locale.ROOT);
        List<AttributedString> found = lines.stream()
                .filter(line -> line.toString().toLowerCase(Locale.ROOT).contains(wanted)).toList();
        return found.subList(Math.max(0, found.size() - MAX_FOUND), found.size());
    }
}
