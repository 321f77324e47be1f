package dev.cipherlink.cli;

import java.util.List;
import org.jline.reader.CompletingParsedLine;
import org.jline.reader.ParsedLine;
import org.jline.reader.Parser;

/// Splits the line at its spaces, for completion only: there are no quotes and no escapes.
final class SpaceParser implements Parser {

    /// @param begin of the word that the cursor is in
    private record Words(String line, int cursor, List<String> words, int wordIndex, int begin, int end)
            implements CompletingParsedLine {
        @Override
        public String word() {
            return line.substring(begin, end);
        }

        @Override
        public int wordCursor() {
            return cursor - begin;
        }

        @Override
        public CharSequence escape(CharSequence candidate, boolean complete) {
            return candidate;
        }

        @Override
        public int rawWordCursor() {
            return wordCursor();
        }

        @Override
        public int rawWordLength() {
            return end - begin;
        }
    }

    @Override
    public ParsedLine parse(String line, int cursor, ParseContext context) {
        int at = Math.clamp(cursor, 0, line.length());
        int begin = line.lastIndexOf(' ', at - 1) + 1;
        int end = line.indexOf(' ', at) < 0 ? line.length() : line.indexOf(' ', at);
        String before = line.substring(0, begin);
        int index = (int) before.chars().filter(c -> c == ' ').count();
        return new Words(line, at, List.of(line.split(" ", -1)), index, begin, end);
    }
}
