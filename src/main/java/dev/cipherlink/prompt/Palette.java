package dev.cipherlink.prompt;

import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import org.jline.utils.AttributedStyle;

/// The colours of the REPL. Without colours what matters is still told apart: bold, inverse, and by characters.
final class Palette {
    /// Of the 256 colours some that can be read on a dark and on a light background and told apart, none of them red.
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

    /// What is there if one looks for it: times, rooms, hints.
    AttributedStyle quiet() {
        return colour ? AttributedStyle.DEFAULT.foreground(GREY) : AttributedStyle.DEFAULT;
    }

    /// What was not typed, but could be.
    AttributedStyle offered() {
        return quiet().faint();
    }

    AttributedStyle error() {
        return colour ? AttributedStyle.DEFAULT.foreground(AttributedStyle.RED) : AttributedStyle.DEFAULT;
    }

    /// A word that cannot be right.
    AttributedStyle wrong() {
        return error().underline();
    }

    AttributedStyle warning() {
        return colour ? AttributedStyle.DEFAULT.foreground(AMBER) : AttributedStyle.BOLD;
    }

    AttributedStyle good() {
        return colour ? AttributedStyle.DEFAULT.foreground(AttributedStyle.GREEN) : AttributedStyle.DEFAULT;
    }

    /// A verb, a `/` command.
    AttributedStyle keyword() {
        return colour ? AttributedStyle.BOLD.foreground(AttributedStyle.CYAN) : AttributedStyle.BOLD;
    }

    /// Our own name where others write it.
    AttributedStyle mention() {
        return AttributedStyle.BOLD.inverse(); // of whatever colours the terminal has: they can be read
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
