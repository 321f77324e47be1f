package dev.cipherlink.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.fuzz.FuzzTarget;
import java.nio.charset.StandardCharsets;
import org.jline.utils.AttributedString;

/// Anything on its way to a terminal: text that is safe there.
public final class TerminalTextFuzz implements FuzzTarget {
    @Override
    public byte[][] seeds() {
        return FuzzTarget.utf8("plain", "tab\tand\nline", "\u001b[31mred\u001b]0;title\u0007", "\u202eright to left", "\ud83d\ude00 and \u200d",
                "\u0085\u009b1m", "\u2028\u2029", "\ufeff", "caf\u00e9\u0301");
    }

    @Override
    public boolean isTotal() {
        return true;
    }

    @Override
    public boolean accepts(byte[] input) {
        String escaped = TerminalText.escape(input);
        assertSafe(escaped);
        assertEquals(escaped, TerminalText.escape(escaped), "is escaped once");
        String text = new String(input, StandardCharsets.UTF_8);
        assertSafe(TerminalText.escape(text));
        assertTrue(TerminalText.isSafeLine(TerminalText.escapeLine(text)) && TerminalText.escapeLine(text).indexOf('\t') < 0);
        assertTrue(TerminalText.isSafeLine(TerminalText.line(new AttributedString(text))));
        assertEquals(text.length(), TerminalText.masked(text).length());
        return true;
    }

    private static void assertSafe(String text) {
        assertTrue(TerminalText.isSafeLine(text.replace("\n", "")), text);
    }
}
