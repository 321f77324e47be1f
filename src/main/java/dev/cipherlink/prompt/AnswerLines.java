package dev.cipherlink.prompt;

import dev.cipherlink.command.CommandParser;
import dev.cipherlink.command.KeyListing;
import dev.cipherlink.command.Reply;
import dev.cipherlink.command.Verb;
import dev.cipherlink.console.Glyphs;
import dev.cipherlink.prompt.Requests.PendingCommands;
import dev.cipherlink.text.Json;
import dev.cipherlink.text.ListAnswer;
import dev.cipherlink.text.TerminalText;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jline.utils.AttributedString;
import org.jline.utils.AttributedStringBuilder;

/// An answer as lines for the screen, which escapes them. Binary values are shown as a size only.
final class AnswerLines {
    private static final int MAX_LINES = 500;
    private static final int MAX_LABEL_CHARACTERS = 40;
    private static final Pattern PERSON = Pattern.compile("(?m)^(\\S+) (here|away) (\\d{1,18})$");
    private static final Pattern ROOM = Pattern.compile("(?m)^(#\\S+) (\\d{1,18}) \\d{1,19}$");
    private static final long SLOW_NANOS = 500_000_000;

    private final Palette palette;
    private final Glyphs glyphs;

    AnswerLines(Palette palette, Glyphs glyphs) {
        this.palette = palette;
        this.glyphs = glyphs;
    }

    /// @param isLate whether other lines were typed in between, so that the answer has to name its command
    List<AttributedString> of(Screen.Answer answer, boolean isLate) {
        List<AttributedString> lines = new ArrayList<>();
        Reply reply = answer.reply();
        if (reply.isError()) {
            lines.add(new AttributedString("ERROR " + reply.reason(), palette.error()));
        } else {
            lines.addAll(good(answer));
        }
        if (isLate) {
            var label = new AttributedStringBuilder().styled(palette.quiet(), label(answer.command()) + " " + glyphs.arrow() + " ");
            lines.addFirst(lines.size() == 1 ? label.append(lines.removeFirst()).toAttributedString()
                    : label.toAttributedString());
        }
        if (answer.took().toNanos() >= SLOW_NANOS) {
            var last = new AttributedStringBuilder().append(lines.isEmpty() ? AttributedString.EMPTY : lines.removeLast());
            lines.add(last.styled(palette.quiet(),
                    String.format(Locale.ROOT, " (%.2fs)", answer.took().toNanos() / 1e9)).toAttributedString());
        }
        return lines;
    }

    private List<AttributedString> good(Screen.Answer answer) {
        Optional<List<String>> items = Verb.named(TypedLine.firstWord(answer.command()))
                .flatMap(verb -> ListAnswer.itemLines(verb, answer.reply().payload()));
        if (items.isPresent() && !items.get().isEmpty()) {
            return shown(items.get());
        }
        byte[] payload = Json.withoutLineEnd(answer.reply().payload());
        Optional<String> text = TerminalText.decode(payload).filter(decoded -> decoded.indexOf('\0') < 0);
        if (text.isEmpty()) {
            return List.of(new AttributedString(binary(answer.command(), payload.length), palette.warning()));
        }
        if (payload.length == 0) {
            return List.of(new AttributedString(answer.reply().payload().length == 0 ? "(nothing)" : "(empty)", palette.quiet()));
        }
        List<AttributedString> lines = shown(TerminalText.escape(readable(answer.command(), text.get())).lines().toList());
        if (KeyListing.mayGoOn(answer.command().getBytes(StandardCharsets.UTF_8), answer.reply())) {
            lines.add(new AttributedString("there may be more keys: " + nextPage(answer.command(), text.get()), palette.quiet()));
        }
        return lines;
    }

    private List<AttributedString> shown(List<String> all) {
        List<AttributedString> lines = new ArrayList<>();
        all.stream().limit(MAX_LINES).forEach(line -> lines.add(new AttributedString(line)));
        if (all.size() > MAX_LINES) {
            lines.add(new AttributedString(glyphs.ellipsis() + " " + (all.size() - MAX_LINES) + " more lines: /save FILE keeps all",
                    palette.quiet()));
        }
        return lines;
    }

    /// The command for the next page of `KEYS [prefix [limit [after]]]`.
    private static String nextPage(String command, String keys) {
        String[] words = command.split(" ", -1);
        String prefix = quoted(words.length > 1 ? words[1] : "");
        String limit = words.length > 2 ? words[2] : String.valueOf(CommandParser.DEFAULT_KEYS_LIMIT);
        return TerminalText.escapeLine("KEYS " + prefix + " " + limit + " " + quoted(keys.substring(keys.lastIndexOf('\n') + 1)));
    }

    /// A word as it has to be typed: in quotes if it is empty, or begins with one.
    private static String quoted(String word) {
        return !word.isEmpty() && word.charAt(0) != '"' && word.charAt(0) != '\'' ? word
                : '"' + word.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }

    /// Answers to chat lists as a sentence; any other answer unchanged.
    private static String readable(String command, String text) {
        return switch (TypedLine.firstWord(command)) {
            case "WHO" -> PERSON.matcher(text).replaceAll(person -> Matcher.quoteReplacement(String.format("%-16s %s, last request %s ago",
                    person.group(1), person.group(2), StatusLine.age(Duration.ofSeconds(Long.parseLong(person.group(3)))))));
            case "ROOMS" -> ROOM.matcher(text).replaceAll(room -> Matcher.quoteReplacement(String.format("%-20s %s", room.group(1),
                    room.group(2) + (room.group(2).equals("1") ? " person" : " people"))));
            default -> text;
        };
    }

    private static String binary(String command, int bytes) {
        String[] words = command.split(" ", 3);
        String kv = words[0].equals("GET") && words.length == 2
                ? ", or cipherlink kv GET " + words[1] + " > FILE" : "";
        return String.format(Locale.ROOT, "binary, %,d bytes; to keep them: /save FILE", bytes) + kv;
    }

    private String label(String command) {
        String shown = PendingCommands.head(command);
        return shown.length() <= MAX_LABEL_CHARACTERS ? shown
                : shown.substring(0, MAX_LABEL_CHARACTERS) + glyphs.ellipsis();
    }
}
