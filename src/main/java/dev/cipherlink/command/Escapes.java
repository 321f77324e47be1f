package dev.cipherlink.command;

import java.util.HexFormat;

/// Makes bytes and texts fit for one line of a terminal: `\n`, `\r`, `\t`, `\xHH`, and four digits after a `u` for
/// larger characters, stand for what would break it.
public final class Escapes {
    private static final HexFormat HEX = HexFormat.of();

    private Escapes() {
    }

    /// Printable ASCII as it is, a backslash doubled, any other byte as an escape: nothing is lost.
    static String bytes(byte[] bytes, int from, int to) {
        var shown = new StringBuilder(to - from + 16);
        for (int i = from; i < to; i++) {
            byte b = bytes[i];
            if (b == '\\') {
                shown.append("\\\\");
            } else if (b >= ' ' && b < 0x7F) {
                shown.append((char) b);
            } else {
                appendEscape(shown, (char) (b & 0xFF));
            }
        }
        return shown.toString();
    }

    /// The text with its control characters, line separators and invisible formatting (bidi overrides, zero width)
    /// escaped, and all else (backslashes too) as it is.
    public static String line(String text) {
        if (text.chars().noneMatch(c -> breaksLine((char) c))) {
            return text;
        }
        var shown = new StringBuilder(text.length() + 16);
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (breaksLine(c)) {
                appendEscape(shown, c);
            } else {
                shown.append(c);
            }
        }
        return shown.toString();
    }

    private static boolean breaksLine(char c) {
        return Character.isISOControl(c) || c == '\u2028' || c == '\u2029' || Character.getType(c) == Character.FORMAT;
    }

    private static void appendEscape(StringBuilder shown, char c) {
        switch (c) {
            case '\n' -> shown.append("\\n");
            case '\r' -> shown.append("\\r");
            case '\t' -> shown.append("\\t");
            default -> {
                if (c <= 0xFF) {
                    shown.append("\\x").append(HEX.toHexDigits((byte) c));
                } else {
                    shown.append("\\u").append(HEX.toHexDigits(c));
                }
            }
        }
    }
}
