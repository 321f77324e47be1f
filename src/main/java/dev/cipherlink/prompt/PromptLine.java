package dev.cipherlink.prompt;

import dev.cipherlink.prompt.Chat.ChatParts;
import dev.cipherlink.prompt.StatusLine.LinkState;
import dev.cipherlink.prompt.StatusLine.StatusFacts;
import dev.cipherlink.text.TerminalText;
import java.util.function.Supplier;
import org.jline.reader.LineReader;
import org.jline.utils.AttributedStringBuilder;

/// What stands in front of the line being typed, and reading that line. One thread reads, another refreshes.
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

    /// Reads a line behind the prompt. Blocks.
    String read() {
        shownPrompt = text();
        isPrompting = true;
        return reader.readLine(shownPrompt);
    }

    /// Whether lines were pasted into what was read last.
    boolean takePasted() {
        return reader.takePasted();
    }

    /// Reads the answer to a question, which does not go into the history. Blocks.
    String ask(String question) {
        isPrompting = false;
        reader.setVariable(LineReader.DISABLE_HISTORY, true);
        try {
            return reader.readLine(question);
        } finally {
            reader.setVariable(LineReader.DISABLE_HISTORY, false);
        }
    }

    /// What stands in front of the line: the room, or for the store the server, and whether there is a connection.
    private String text() {
        StatusFacts now = facts.get();
        String place = dialect == Dialect.STORE ? now.server() : now.room();
        String away = now.link() instanceof LinkState.Linked ? "" : place.isEmpty() ? "(offline)" : " (offline)";
        return new AttributedStringBuilder().styled(palette.keyword(), TerminalText.escapeLine(place))
                .styled(palette.warning(), away).styled(palette.quiet(), "> ")
                .toAttributedString().toAnsi(reader.getTerminal());
    }

    /// Puts a text into the line, unless something is being typed there. In a widget of the reader.
    ///
    /// @param text asked for only where there is room for it; empty for none
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

    /// Shows the prompt as it has to be now, but not while a question is asked. In a widget of the reader.
    void refresh() {
        String prompt = text();
        if (isPrompting && !prompt.equals(shownPrompt)) {
            shownPrompt = prompt;
            reader.setPrompt(prompt);
            reader.redisplay();
        }
    }
}
