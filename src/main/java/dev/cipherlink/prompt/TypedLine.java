package dev.cipherlink.prompt;

import dev.cipherlink.command.Verb;
import dev.cipherlink.text.NearestMatch;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// The meaning of a typed line.
sealed interface TypedLine {
    List<String> LEAVE = List.of("exit", "quit");

    /// Only blanks.
    record Nothing() implements TypedLine {
    }

    /// A message for the current room.
    record Text(String text) implements TypedLine {
    }

    /// A command of the protocol.
    ///
    /// @param command the whole line without leading blanks, and without trailing ones where they cannot be part of it
    record Request(Verb verb, String command) implements TypedLine {
        /// The text after the verb and one space.
        String rest() {
            return command.length() > verb.name().length() ? command.substring(verb.name().length() + 1) : "";
        }
    }

    /// A command of the REPL.
    ///
    /// @param rest the text after it, trimmed
    record Slash(SlashCommand command, String rest) implements TypedLine {
    }

    /// A word that looks like a command and is none.
    ///
    /// @param near a command of nearly the same spelling
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

    /// The line that says this text in a room: the text alone if possible.
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
