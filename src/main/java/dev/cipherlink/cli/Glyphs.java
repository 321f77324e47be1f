package dev.cipherlink.cli;

/// The characters that the REPL draws with, beyond ASCII only where the locale can show them.
record Glyphs(boolean utf8) {

    String linked() {
        return utf8 ? "●" : "*";
    }

    String retrying() {
        return utf8 ? "◐" : "~";
    }

    String ended() {
        return utf8 ? "○" : "x";
    }

    String separator() {
        return utf8 ? " · " : " | ";
    }

    String ellipsis() {
        return utf8 ? "…" : "...";
    }

    String arrow() {
        return utf8 ? "→" : "->";
    }

    /// In front of a command that was typed.
    String typed() {
        return utf8 ? "› " : "> ";
    }

    /// Around the text of a divider.
    String rule() {
        return utf8 ? "——" : "--";
    }

    /// @param part 0 .. 1 of it is full
    String bar(double part, int cells) {
        int full = (int) (part * cells);
        return (utf8 ? "█" : "#").repeat(full) + (utf8 ? "░" : ".").repeat(cells - full);
    }

    /// Not sent yet, or sent without an answer yet.
    String queued() {
        return utf8 ? "·" : ".";
    }

    String stored() {
        return utf8 ? "✓" : "v";
    }

    String delivered() {
        return utf8 ? "✓✓" : "vv";
    }

    String failed() {
        return "!";
    }

    String unknown() {
        return "?";
    }
}
