package dev.cipherlink.text;

import dev.cipherlink.command.Verb;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// Quotes in a command that was typed or stands in a file.
///
/// An argument that begins with a quote ends with the same quote, and is what stands between them. In `"..."` a backslash
/// begins an escape: `\"`, `\\`, `\n`, `\r`, `\t`, `\xHH`; in `'...'` only `\'` is one. Any other argument is what it is, quotes
/// in its midst and backslashes included; a value is all that is left of the line. What is said to people (SAY, TELL) is
/// theirs, quotes included. What is meant for quotes and is none is refused: nothing is stored that was meant as syntax.
public final class Quotes {
    private final byte[] line;
    private final ByteArrayOutputStream resolved = new ByteArrayOutputStream();
    private int position;

    private Quotes(byte[] line) {
        this.line = line;
    }

    /// Resolves the options of SET too, as on the command line.
    ///
    /// @param typed a command, without the end of its line
    /// @return the command as it is sent, the same array if there are no quotes and options
    /// @throws CliException if a quote is not closed, or something follows it, or the options are wrong
    public static byte[] resolve(byte[] typed) {
        byte[] line = OneShot.withoutOptions(typed);
        int end = 0;
        while (end < line.length && line[end] != ' ') {
            end++;
        }
        Verb verb = Verb.of(line, 0, end);
        return verb == null || verb == Verb.SAY || verb == Verb.TELL || !mayHaveQuotes(line) ? line
                : new Quotes(line).arguments(verb, end);
    }

    private static boolean mayHaveQuotes(byte[] line) {
        for (int i = 1; i < line.length; i++) {
            if ((line[i] == '"' || line[i] == '\'') && line[i - 1] == ' ') {
                return true;
            }
        }
        return false;
    }

    private byte[] arguments(Verb verb, int verbEnd) {
        List<String> labels = OneShot.labels(verb);
        copy(verbEnd);
        for (int i = 0; i < labels.size() && position < line.length; i++) {
            copy(position + 1); // the space
            boolean isValue = OneShot.isValue(verb, i);
            if (position < line.length && (line[position] == '"' || line[position] == '\'')) {
                quoted(verb, isValue, labels.get(i).equals("prefix"));
            } else {
                copy(isValue ? line.length : wordEnd());
            }
        }
        copy(line.length);
        return resolved.toByteArray();
    }

    private void copy(int to) {
        resolved.write(line, position, to - position);
        position = to;
    }

    private int wordEnd() {
        int end = position;
        while (end < line.length && line[end] != ' ') {
            end++;
        }
        return end;
    }

    private void quoted(Verb verb, boolean isValue, boolean mayBeEmpty) {
        byte[] content = content();
        if (position < line.length && (isValue || line[position] != ' ')) {
            throw refused("something follows the closing quote");
        }
        String text = new String(content, StandardCharsets.UTF_8);
        if (!isValue && (text.isEmpty() && !mayBeEmpty || text.chars().anyMatch(c -> Character.isWhitespace(c) || Character.isSpaceChar(c)))) {
            throw CliException.usage(verb + ": '" + TerminalText.escapeLine(text) + "' is empty or has white space");
        }
        resolved.writeBytes(content);
        if (isValue && content.length > 0 && content[content.length - 1] == '\n') {
            resolved.write('\n'); // the protocol drops one at the end
        }
    }

    private byte[] content() {
        byte quote = line[position++];
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        while (position < line.length && line[position] != quote) {
            byte b = line[position++];
            boolean isEscape = b == '\\' && position < line.length && (quote == '"' || line[position] == quote);
            content.write(isEscape ? escaped(quote) : b);
        }
        if (position == line.length) {
            throw refused("the quote is not closed");
        }
        position++;
        return content.toByteArray();
    }

    private int escaped(byte quote) {
        byte b = line[position++];
        return switch (b) {
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case '\\', '"', '\'' -> b;
            case 'x' -> hex();
            default -> throw refused("there is no escape \\" + TerminalText.escape(new byte[] {b}) + " in " + (char) quote);
        };
    }

    private int hex() {
        int high = position < line.length ? Character.digit(line[position], 16) : -1;
        int low = position + 1 < line.length ? Character.digit(line[position + 1], 16) : -1;
        if (high < 0 || low < 0) {
            throw refused("\\x needs two hexadecimal digits");
        }
        position += 2;
        return high << 4 | low;
    }

    private CliException refused(String why) {
        return CliException.usage(OneShot.head(line) + ": " + why
                + "; an argument that begins with a quote ends with it, and \"\\\"\" is a quote itself");
    }
}
