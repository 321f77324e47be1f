package dev.cipherlink.prompt;

import dev.cipherlink.command.Verb;
import dev.cipherlink.text.NearestMatch;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// What a line that somebody typed means.
sealed interface TypedLine {
    List<String> LEAVE = List.of("exit", "quit");

    /// Nothing but blanks.
    record Nothing() implements TypedLine {
    }

    /// A message for the current room.
    record Text(String text) implements TypedLine {
    }

    /// A command of the protocol.
    ///
    /// @param command the whole line, less blanks in front, and at the end where they cannot be meant
    record Request(Verb verb, String command) implements TypedLine {
        /// What stands behind the verb and one space.
        String rest() {
            return command.length() > verb.name().length() ? command.substring(verb.name().length() + 1) : "";
        }
    }

    /// A command of the REPL.
    ///
    /// @param rest what stands behind it, without blanks around
    record Slash(SlashCommand command, String rest) implements TypedLine {
    }

    /// A word that should be a command and is none.
    ///
    /// @param near a command that is almost the same
    record Unknown(String word, Optional<String> near) implements TypedLine {
    }

    static TypedLine parse(String line) {
        String trimmed = line.strip();
        if (trimmed.isEmpty()) {
            return new Nothing();
        }
        if (trimmed.startsWith("//")) {
            return new Text(trimmed.substring(1));
        }
        if (trimmed.startsWith("/")) {
            return slash(trimmed);
        }
        if (LEAVE.contains(trimmed)) {
            return new Slash(SlashCommand.QUIT, "");
        }
        if (trimmed.equals("?")) {
            return new Slash(SlashCommand.HELP, "");
        }
        String first = firstWord(trimmed);
        String topic = trimmed.substring(first.length()).strip();
        if (first.equalsIgnoreCase("help") && isTopic(topic)) {
            return new Slash(SlashCommand.HELP, topic);
        }
        String leading = line.stripLeading();
        return Verb.named(firstWord(leading))
                .<TypedLine>map(verb -> new Request(verb, verb.endsWithText() ? leading : leading.stripTrailing()))
                .orElse(new Text(trimmed));
    }

    private static boolean isTopic(String word) {
        return word.isEmpty() || Verb.named(word.toUpperCase(Locale.ROOT)).isPresent() || SlashCommand.of(word).isPresent();
    }

    private static TypedLine slash(String line) {
        String word = firstWord(line);
        String rest = line.substring(word.length()).strip();
        return SlashCommand.of(word).<TypedLine>map(command -> new Slash(command, rest))
                .orElseGet(() -> new Unknown(word, NearestMatch.find(word, SlashCommand.words())));
    }

    /// What to type to say this in a room: the text alone where that does it.
    static String saying(String room, String current, String text) {
        return room.equals(current) && parse(text).equals(new Text(text)) ? text : Verb.SAY + " " + room + " " + text;
    }

    static String firstWord(String text) {
        int end = 0;
        while (end < text.length() && !Character.isWhitespace(text.charAt(end))) {
            end++;
        }
        return text.substring(0, end);
    }
}
