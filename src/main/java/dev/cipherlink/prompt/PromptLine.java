package dev.cipherlink.prompt;

import dev.cipherlink.prompt.Chat.ChatParts;
import dev.cipherlink.prompt.StatusLine.LinkState;
import dev.cipherlink.prompt.StatusLine.StatusFacts;
import dev.cipherlink.text.TerminalText;
import java.util.function.Supplier;
import org.jline.reader.LineReader;
import org.jline.utils.AttributedStringBuilder;

/// The prompt, and reading the line behind it. One thread reads, another refreshes.
final class PromptLine {
    private final EditedLine reader;
    private final Dialect dialect;
    private final Palette palette;
    private final Supplier<StatusFacts> facts;
    private volatile boolean isPrompting;
    private volatile String shownPrompt = "";

    PromptLine(EditedLine reader, ChatParts parts, Supplier<StatusFacts> facts) {
        this.reader = reader;
        this.dialect = parts.dialect();
        this.palette = parts.palette();
        this.facts = facts;
    }

    /// Reads a line. Blocks.
    String read() {
        shownPrompt = text();
        isPrompting = true;
        return reader.readLine(shownPrompt);
    }

    /// Whether the last line read had lines pasted into it.
    boolean takePasted() {
        return reader.takePasted();
    }

    /// Asks a question, whose answer does not go into the history. Blocks.
    String ask(String question) {
        isPrompting = false;
        reader.setVariable(LineReader.DISABLE_HISTORY, true);
        try {
            return reader.readLine(question);
        } finally {
            reader.setVariable(LineReader.DISABLE_HISTORY, false);
        }
    }

    /// The text of the prompt: the room, or for the store the server, and whether there is a connection.
    private String text() {
        StatusFacts now = facts.get();
        String place = dialect == Dialect.STORE ? now.server() : now.room();
        String away = now.link() instanceof LinkState.Linked ? "" : place.isEmpty() ? "(offline)" : " (offline)";
        return new AttributedStringBuilder().styled(palette.keyword(), TerminalText.escapeLine(place))
                .styled(palette.warning(), away).styled(palette.quiet(), "> ")
                .toAttributedString().toAnsi(reader.getTerminal());
    }

    /// Inserts a text into the edited line, unless it has text already. To be called in a widget of the reader.
    ///
    /// @param text called only if the line is empty; empty for none
    void offer(Supplier<String> text) {
        if (!isPrompting || reader.getBuffer().length() > 0) {
            return;
        }
        String offered = text.get();
        if (!offered.isEmpty()) {
            reader.getBuffer().write(offered);
            reader.redisplay();
        }
    }

    /// Redraws the prompt if it has changed, but not during a question. To be called in a widget of the reader.
    void refresh() {
        String prompt = text();
        if (isPrompting && !prompt.equals(shownPrompt)) {
            shownPrompt = prompt;
            reader.setPrompt(prompt);
            reader.redisplay();
        }
    }
}
