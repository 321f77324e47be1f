package dev.cipherlink.prompt;

import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import org.jline.utils.AttributedStyle;

/// The colours of the REPL. Without colours the differences that matter remain: bold, inverse, and characters.
final class Palette {
    /// Some of the 256 colours that are distinct and readable on dark and light backgrounds; none is red.
    private static final int[] NAMES = {33, 37, 71, 99, 106, 133, 137, 166, 168, 172};
    private static final int GREY = 244;
    private static final int AMBER = 172;

    private final boolean colour;

    Palette(boolean colour) {
        this.colour = colour;
    }

    AttributedStyle plain() {
        return AttributedStyle.DEFAULT;
    }

    /// For secondary text: times, rooms, hints.
    AttributedStyle quiet() {
        return colour ? AttributedStyle.DEFAULT.foreground(GREY) : AttributedStyle.DEFAULT;
    }

    /// For suggestions: text that was not typed.
    AttributedStyle offered() {
        return quiet().faint();
    }

    AttributedStyle error() {
        return colour ? AttributedStyle.DEFAULT.foreground(AttributedStyle.RED) : AttributedStyle.DEFAULT;
    }

    /// For a word that cannot be right.
    AttributedStyle wrong() {
        return error().underline();
    }

    AttributedStyle warning() {
        return colour ? AttributedStyle.DEFAULT.foreground(AMBER) : AttributedStyle.BOLD;
    }

    AttributedStyle good() {
        return colour ? AttributedStyle.DEFAULT.foreground(AttributedStyle.GREEN) : AttributedStyle.DEFAULT;
    }

    /// For verbs and `/` commands.
    AttributedStyle keyword() {
        return colour ? AttributedStyle.BOLD.foreground(AttributedStyle.CYAN) : AttributedStyle.BOLD;
    }

    /// For our own name in a message of others.
    AttributedStyle mention() {
        return AttributedStyle.BOLD.inverse(); // inverse of the terminal's own colours is always readable
    }

    /// The same colour for the same name, always and everywhere.
    AttributedStyle name(String name) {
        if (!colour) {
            return AttributedStyle.BOLD;
        }
        var hash = new CRC32();
        hash.update(name.getBytes(StandardCharsets.UTF_8));
        return AttributedStyle.BOLD.foreground(NAMES[(int) (hash.getValue() % NAMES.length)]);
    }

    AttributedStyle bar() {
        return colour ? AttributedStyle.DEFAULT.foreground(252).background(236) : AttributedStyle.INVERSE;
    }

    AttributedStyle barGood() {
        return colour ? bar().foreground(114) : bar();
    }

    AttributedStyle barWarning() {
        return colour ? bar().foreground(215) : bar();
    }

    AttributedStyle barBold() {
        return bar().bold();
    }
}
