package dev.cipherlink.console;

/// The characters that the REPL draws with, beyond ASCII only where the locale can show them.
public record Glyphs(boolean utf8) {

    public String linked() {
        return utf8 ? "●" : "*";
    }

    public String retrying() {
        return utf8 ? "◐" : "~";
    }

    public String ended() {
        return utf8 ? "○" : "x";
    }

    public String separator() {
        return utf8 ? " · " : " | ";
    }

    public String ellipsis() {
        return utf8 ? "…" : "...";
    }

    public String arrow() {
        return utf8 ? "→" : "->";
    }

    /// In front of a command that was typed.
    public String typed() {
        return utf8 ? "› " : "> ";
    }

    /// Around the text of a divider.
    public String rule() {
        return utf8 ? "——" : "--";
    }

    /// @param part 0 .. 1 of it is full
    public String bar(double part, int cells) {
        int full = (int) (part * cells);
        return (utf8 ? "█" : "#").repeat(full) + (utf8 ? "░" : ".").repeat(cells - full);
    }

    /// Not sent yet, or sent without an answer yet.
    public String queued() {
        return utf8 ? "·" : ".";
    }

    public String stored() {
        return utf8 ? "✓" : "v";
    }

    public String delivered() {
        return utf8 ? "✓✓" : "vv";
    }

    public String failed() {
        return "!";
    }

    public String unknown() {
        return "?";
    }
}
