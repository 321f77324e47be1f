package dev.cipherlink.prompt;

import java.util.ArrayList;
import java.util.List;
import org.jline.utils.AttributedString;
import org.jline.utils.AttributedStringBuilder;

/// A line of any kind but an answer, which stays as it is: it wraps between words with an indent. Only a new line begins in the first
/// column, so no text can pass for a line of somebody else.
final class HangingLine extends AttributedString {
    /// The width of the time at the start of most lines, with its space.
    private static final int INDENT = 6;
    /// For a terminal too narrow for that.
    private static final int LEAST_INDENT = 1;

    HangingLine(AttributedString line) {
        super(line);
    }

    /// Splits the line into rows of at most this width.
    List<AttributedString> rows(int width) {
        var rows = new ArrayList<AttributedString>();
        String indent = "";
        AttributedString rest = this;
        while (rest.columnLength() > Math.max(1, width - indent.length())) {
            int end = end(rest, Math.max(1, width - indent.length()), width - indent(width).length());
            rows.add(row(indent, rest.subSequence(0, end)));
            int next = end;
            while (next < rest.length() && rest.charAt(next) == ' ') {
                next++;
            }
            rest = rest.subSequence(next, rest.length());
            indent = indent(width);
        }
        if (rows.isEmpty() || rest.length() > 0) {
            rows.add(row(indent, rest));
        }
        return rows;
    }

    private static String indent(int width) {
        return " ".repeat(width > 3 * INDENT ? INDENT : LEAST_INDENT);
    }

    /// The end of the last word that fits; inside a word that is longer than a row.
    private static int end(AttributedString rest, int room, int roomOfNext) {
        int end = rest.columnSubSequence(0, room).length();
        if (end == 0) {
            return Character.charCount(Character.codePointAt(rest, 0)); // a character wider than the terminal
        }
        if (rest.charAt(end) == ' ') {
            return end;
        }
        int space = end - 1;
        while (space >= 0 && rest.charAt(space) != ' ') {
            space--;
        }
        int wordEnd = end;
        while (wordEnd < rest.length() && rest.charAt(wordEnd) != ' ') {
            wordEnd++;
        }
        boolean fitsNext = rest.subSequence(space + 1, wordEnd).columnLength() <= roomOfNext;
        return space > 0 && fitsNext ? space : end;
    }

    private static AttributedString row(String indent, AttributedString text) {
        return new AttributedStringBuilder().append(indent).append(text).toAttributedString();
    }
}
