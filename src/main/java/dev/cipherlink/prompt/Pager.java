package dev.cipherlink.prompt;

import java.io.IOError;
import java.util.ArrayList;
import java.util.List;
import org.jline.keymap.BindingReader;
import org.jline.keymap.KeyMap;
import org.jline.terminal.Terminal;
import org.jline.utils.AttributedString;
import org.jline.utils.AttributedStringBuilder;
import org.jline.utils.InfoCmp.Capability;

/// Shows lines page by page on the alternate screen, with the keys of `less`.
final class Pager {
    private enum Key { DOWN, UP, PAGE_DOWN, PAGE_UP, TOP, BOTTOM, LEAVE, OTHER }

    private final Terminal terminal;
    private final Palette palette;
    private final KeyMap<Key> keys = new KeyMap<>();
    private int top;

    Pager(Terminal terminal, Palette palette) {
        this.terminal = terminal;
        this.palette = palette;
        bind(Key.DOWN, Capability.key_down, "\u001b[B", "\u001bOB", "j", "\r", "\n");
        bind(Key.UP, Capability.key_up, "\u001b[A", "\u001bOA", "k");
        bind(Key.PAGE_DOWN, Capability.key_npage, "\u001b[6~", " ", "f", KeyMap.ctrl('F'));
        bind(Key.PAGE_UP, Capability.key_ppage, "\u001b[5~", "b", KeyMap.ctrl('B'));
        bind(Key.TOP, Capability.key_home, "\u001b[H", "\u001bOH", "\u001b[1~", "g", "<");
        bind(Key.BOTTOM, Capability.key_end, "\u001b[F", "\u001bOF", "\u001b[4~", "G", ">");
        keys.bind(Key.LEAVE, "q", "Q", "\u001b", KeyMap.ctrl('C'), KeyMap.ctrl('D'));
        keys.setNomatch(Key.OTHER);
        keys.setUnicode(Key.OTHER);
    }

    private void bind(Key key, Capability ofTerminal, String... sequences) {
        keys.bind(key, sequences);
        String own = KeyMap.key(terminal, ofTerminal);
        if (own != null && !own.isEmpty()) {
            keys.bind(key, own);
        }
    }

    /// Blocks until the user leaves the pager, then restores the screen.
    ///
    /// @param isAtEnd whether to begin at the end
    void run(List<AttributedString> lines, boolean isAtEnd) {
        try (var screen = new FullScreen(terminal)) {
            var input = new BindingReader(terminal.reader());
            top = isAtEnd ? Integer.MAX_VALUE : 0;
            for (Key key = Key.OTHER; key != null && key != Key.LEAVE; key = input.readBinding(keys)) {
                int page = Math.max(1, screen.rows() - 1);
                List<AttributedString> rows = rows(lines, screen.columns());
                top = Math.clamp(moved(key, page, rows.size()), 0, Math.max(0, rows.size() - page));
                screen.draw(page(rows, page, screen.columns()));
            }
        } catch (IOError _) {
            // Ctrl-C; if the terminal is gone, the REPL notices it
        }
    }

    private int moved(Key key, int page, int rows) {
        return switch (key) {
            case DOWN -> top + 1;
            case UP -> top - 1;
            case PAGE_DOWN -> top + page;
            case PAGE_UP -> top - page;
            case TOP -> 0;
            case BOTTOM -> rows;
            case LEAVE, OTHER -> top;
        };
    }

    static List<AttributedString> rows(List<AttributedString> lines, int width) {
        List<AttributedString> rows = new ArrayList<>();
        for (AttributedString line : lines) {
            rows.addAll(line instanceof HangingLine hanging ? hanging.rows(width)
                    : line.length() == 0 ? List.of(line) : line.columnSplitLength(Math.max(1, width)));
        }
        return rows;
    }

    private List<AttributedString> page(List<AttributedString> rows, int page, int width) {
        int end = Math.min(rows.size(), top + page);
        List<AttributedString> shown = new ArrayList<>(rows.subList(top, end));
        while (shown.size() < page) {
            shown.add(AttributedString.EMPTY);
        }
        var foot = new AttributedStringBuilder().styled(palette.bar(), " " + (top + 1) + " to " + end + " of " + rows.size()
                + " rows   space, b, arrows, g, G; q leaves").toAttributedString();
        shown.add(foot.columnLength() > width ? foot.columnSubSequence(0, width) : foot);
        return shown;
    }
}
