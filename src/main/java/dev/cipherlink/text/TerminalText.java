package dev.cipherlink.text;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.jline.utils.AttributedString;
import org.jline.utils.AttributedStringBuilder;

/// Text made safe for a terminal. All that goes to a terminal passes here on its last step, in `Output`, in the
/// screen of the prompt, and in what draws the line being typed: so nothing depends on where a text came from.
///
/// Shown as `\xNN` or `\\uNNNN`: C0 controls but tab and newline, DEL, C1 controls, the characters that change the
/// direction of text or are invisible, line and paragraph separators, lone surrogates, and bytes that are not UTF-8.
public final class TerminalText {

    private TerminalText() {
    }

    /// @return printable text; line feeds and tabs stay as they are
    public static String escape(byte[] bytes) {
        StringBuilder out = new StringBuilder(bytes.length + 16);
        ByteBuffer in = ByteBuffer.wrap(bytes);
        CharBuffer chars = CharBuffer.allocate(Math.max(16, bytes.length));
        var decoder = StandardCharsets.UTF_8.newDecoder();
        while (in.hasRemaining()) {
            var result = decoder.decode(in, chars, true);
            escape(chars.flip(), out);
            chars.clear();
            if (result.isError()) {
                for (int i = 0; i < result.length(); i++) {
                    out.append(String.format("\\x%02x", in.get()));
                }
                decoder.reset();
            }
        }
        return out.toString();
    }

    /// @return printable text; line feeds and tabs stay as they are
    public static String escape(CharSequence text) {
        if (isSafeLine(text)) {
            return text.toString();
        }
        StringBuilder out = new StringBuilder(text.length() + 16);
        escape(text, out);
        return out.toString();
    }

    /// A line for the screen with its styles; line feeds in it are escaped, tabs stay.
    public static AttributedString line(AttributedString line) {
        if (isSafeLine(line)) {
            return line;
        }
        var safe = new AttributedStringBuilder();
        for (int i = 0; i < line.length(); ) {
            int length = Character.charCount(Character.codePointAt(line, i));
            AttributedString one = line.subSequence(i, i + length);
            safe.styled(line.styleAt(i), isSafeLine(one) ? one : escape(one).replace("\n", "\\n"));
            i += length;
        }
        return safe.toAttributedString();
    }

    /// Whether nothing in it has to be escaped to show it on one line.
    public static boolean isSafeLine(CharSequence text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < ' ' ? c != '\t' : c >= 0x7F && isUnsafe(Character.codePointAt(text, i))) {
                return false;
            }
            i += Character.isHighSurrogate(c) ? 1 : 0;
        }
        return true;
    }

    /// The same number of characters, those that are not safe as question marks: for a line whose columns count.
    public static String masked(String text) {
        var shown = new StringBuilder(text);
        for (int i = 0; i < shown.length(); ) {
            int c = shown.codePointAt(i);
            int end = i + Character.charCount(c);
            if (c != '\n' && c != '\t' && isUnsafe(c)) {
                shown.replace(i, end, "?".repeat(end - i));
            }
            i = end;
        }
        return shown.toString();
    }

    /// JSON with what is not safe in it as escapes of JSON: it stands in strings only, and means the same.
    static String json(String json) {
        if (isSafeLine(json)) {
            return json;
        }
        var safe = new StringBuilder(json.length() + 64);
        json.codePoints().forEach(c -> {
            if (isUnsafe(c)) {
                for (char unit : Character.toChars(c)) {
                    safe.append(String.format("\\u%04x", (int) unit));
                }
            } else {
                safe.appendCodePoint(c);
            }
        });
        return safe.toString();
    }

    /// For text that must stay on one line: line feeds and tabs are escaped too.
    public static String escapeLine(CharSequence text) {
        return escape(text).replace("\n", "\\n").replace("\t", "\\t");
    }

    private static void escape(CharSequence text, StringBuilder out) {
        text.codePoints().forEach(c -> {
            if (c == '\n' || c == '\t' || !isUnsafe(c)) {
                out.appendCodePoint(c);
            } else if (c < 0x100) {
                out.append(String.format("\\x%02x", c));
            } else {
                out.append(String.format(c < 0x10000 ? "\\u%04x" : "\\U%08x", c));
            }
        });
    }

    private static boolean isUnsafe(int c) {
        if (c >= ' ' && c < 0x7F) {
            return false;
        }
        if (c == 0x200C || c == 0x200D) {
            return false; // the joiners that Persian words and emoji are made with move nothing
        }
        return switch (Character.getType(c)) {
            case Character.CONTROL, Character.FORMAT, Character.SURROGATE, Character.LINE_SEPARATOR,
                 Character.PARAGRAPH_SEPARATOR -> true;
            default -> false;
        };
    }

    /// @return the text, if the bytes are valid UTF-8
    public static Optional<String> decode(byte[] bytes) {
        try {
            return Optional.of(StandardCharsets.UTF_8.newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT)
                    .decode(ByteBuffer.wrap(bytes)).toString());
        } catch (CharacterCodingException e) {
            return Optional.empty();
        }
    }
}
