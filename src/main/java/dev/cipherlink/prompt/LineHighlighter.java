package dev.cipherlink.prompt;

import dev.cipherlink.command.Verb;
import dev.cipherlink.prompt.Chat.Switches;
import dev.cipherlink.text.NearestMatch;
import dev.cipherlink.text.TerminalText;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jline.reader.Highlighter;
import org.jline.reader.LineReader;
import org.jline.utils.AttributedString;
import org.jline.utils.AttributedStringBuilder;
import org.jline.utils.InfoCmp.Capability;

/// Colours the edited line, and shows a dim suggestion behind it: the rest of an earlier line, or the arguments to come.
/// Characters that are not safe for a terminal, from a paste or the history, are shown as question marks.
final class LineHighlighter implements Highlighter {
    static final List<String> VERBS = Arrays.stream(Verb.values()).map(Verb::name).toList();

    private final Dialect dialect;
    private final Palette palette;
    private final Switches switches;

    LineHighlighter(Dialect dialect, Palette palette, Switches switches) {
        this.dialect = dialect;
        this.palette = palette;
        this.switches = switches;
    }

    @Override
    public AttributedString highlight(LineReader reader, String buffer) {
        boolean isHinting = isHinting(reader) && reader.getBuffer().cursor() == reader.getBuffer().length();
        String before = isHinting && reader.getHistory() instanceof TypedHistory history ? history.continuation(buffer) : "";
        AttributedString shown = highlight(TerminalText.masked(buffer), isHinting && before.isEmpty());
        return before.isEmpty() ? shown : new AttributedStringBuilder().append(shown)
                .styled(palette.offered(), TerminalText.escapeLine(before)).toAttributedString();
    }

    /// Whether suggestions may be shown: a terminal without attributes could not tell them from typed text.
    boolean isHinting(LineReader reader) {
        Integer colours = reader.getTerminal().getNumericCapability(Capability.max_colors);
        return switches.isOn(Switches.HINTS) && colours != null && colours >= 8;
    }

    AttributedString highlight(String line, boolean withHint) {
        String word = TypedLine.firstWord(line);
        var shown = new AttributedStringBuilder();
        if (word.isEmpty() || line.startsWith("//")) {
            return shown.append(line).toAttributedString();
        }
        boolean isWhole = line.length() > word.length();
        String rest = line.substring(word.length());
        Optional<String> arguments = dialect.arguments(word);
        if (arguments.isPresent()) {
            shown.styled(palette.keyword(), word).append(rest);
            if (withHint && line.indexOf('\n') < 0) {
                shown.styled(palette.offered(), hint(arguments.get(), rest));
            }
        } else if (isWrong(word, isWhole)) {
            shown.styled(palette.wrong(), word).append(rest);
        } else {
            shown.append(line);
        }
        return shown.toAttributedString();
    }

    /// Whether a word should be marked as wrong: an unfinished word that no command begins with, or a whole one that
    /// names none. Words in capitals may be text, unless they are nearly a verb.
    private boolean isWrong(String word, boolean isWhole) {
        if (word.startsWith("/")) {
            return SlashCommand.words().stream().noneMatch(known -> isWhole ? known.equals(word) : known.startsWith(word));
        }
        if (dialect == Dialect.STORE) {
            return isWhole && dialect.parse(word) instanceof TypedLine.Unknown;
        }
        return isWhole && word.length() > 2 && word.chars().allMatch(c -> c >= 'A' && c <= 'Z')
                && NearestMatch.find(word, VERBS).filter(verb -> NearestMatch.distance(word, verb) == 1).isPresent();
    }

    /// The arguments that have not been typed yet.
    static String hint(String arguments, String rest) {
        List<String> all = arguments.isEmpty() ? List.of() : List.of(arguments.split(" "));
        int typed = rest.isBlank() ? 0 : rest.strip().split("\\s+").length;
        boolean isOpen = !rest.isEmpty() && !rest.endsWith(" ");
        if (typed >= all.size()) {
            return "";
        }
        return (rest.isEmpty() || isOpen ? " " : "") + String.join(" ", all.subList(typed, all.size()));
    }
}
