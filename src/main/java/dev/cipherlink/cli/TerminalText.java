package dev.cipherlink.cli;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/// Text from a peer made safe for a terminal.
///
/// Shown as `\xNN` or `\\uNNNN`: C0 controls but tab and newline, DEL, C1 controls, the characters that change the
/// direction of text or are invisible, line and paragraph separators, lone surrogates, and bytes that are not UTF-8.
final class TerminalText {

    private TerminalText() {
    }

    /// @return printable text; line feeds and tabs stay as they are
    static String escape(byte[] bytes) {
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
    static String escape(CharSequence text) {
        StringBuilder out = new StringBuilder(text.length() + 16);
        escape(text, out);
        return out.toString();
    }

    /// For text that must stay on one line: line feeds and tabs are escaped too.
    static String escapeLine(CharSequence text) {
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
    static Optional<String> decode(byte[] bytes) {
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
