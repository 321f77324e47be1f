package dev.cipherlink.prompt;

import dev.cipherlink.command.CommandParser;
import dev.cipherlink.command.CommandParser.CommandException;
import dev.cipherlink.command.Verb;
import dev.cipherlink.text.NearestMatch;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// A line that would be said in a room but most likely was meant for the store or a shell. Not every message can be taken
/// back, and it may be a password.
///
/// @param command the command that was meant; empty if it is none of ours
record MistakenLine(String command) {
    private static final CommandParser PARSER = new CommandParser(Integer.MAX_VALUE);
    /// Verbs of other stores and their equivalents.
    private static final Map<String, Verb> FOREIGN = Map.of("DEL", Verb.DELETE, "UNLINK", Verb.DELETE, "PUT", Verb.SET,
            "INCRBY", Verb.INCR, "SCAN", Verb.KEYS, "LIST", Verb.KEYS);
    /// Recognized in lower case too, because they are words of no language.
    private static final Set<String> FOREIGN_IN_SMALL = Set.of("del", "incrby");
    private static final Set<String> SHELL_LINES = Set.of("fg", "bg", "ls", "ll", "cd", "pwd", "jobs", "clear", "reset", "logout",
            "top", "htop", "vi", "vim", ":q", ":q!", ":w", ":wq", ":x", "q", "!!");
    private static final Set<String> SHELL_WORDS = Set.of("sudo", "ssh", "cd", "ls", "vi", "vim", "cipherlink", "export", "passwd");

    /// @param text a line that does not begin with a command
    static Optional<MistakenLine> of(String text) {
        String word = TypedLine.firstWord(text);
        String rest = text.substring(word.length());
        String upper = word.toUpperCase(Locale.ROOT);
        if (SHELL_LINES.contains(text.strip()) || SHELL_WORDS.contains(word) && !rest.isBlank()) {
            return Optional.of(new MistakenLine(""));
        }
        if (FOREIGN.containsKey(word) || FOREIGN_IN_SMALL.contains(word)) {
            return Optional.of(new MistakenLine(FOREIGN.get(upper).name() + rest));
        }
        if (word.length() > 2 && word.equals(upper) && word.chars().allMatch(Character::isLetter)) {
            return NearestMatch.find(word, LineHighlighter.VERBS).filter(verb -> NearestMatch.distance(word, verb) == 1)
                    .map(verb -> new MistakenLine(verb + rest));
        }
        return Arrays.stream(Verb.values()).map(Verb::name)
                .filter(verb -> verb.equals(upper) || isSlip(upper, verb))
                .map(verb -> verb + rest).filter(MistakenLine::isCommand).findFirst().map(MistakenLine::new);
    }

    /// Our equivalent of a verb of another store.
    static Optional<String> foreign(String word) {
        return Optional.ofNullable(FOREIGN.get(word.toUpperCase(Locale.ROOT))).map(Verb::name);
    }

    /// Whether a word is the verb with two neighbouring letters after its first swapped, or one doubled: other near words
    /// are real words.
    private static boolean isSlip(String word, String verb) {
        if (word.length() == verb.length()) {
            return word.charAt(0) == verb.charAt(0) && NearestMatch.distance(word, verb) == 1 && sorted(word).equals(sorted(verb));
        }
        boolean isDoubled = word.length() == verb.length() + 1;
        for (int i = 1; isDoubled && i < word.length(); i++) {
            if (word.charAt(i) == word.charAt(i - 1) && (word.substring(0, i) + word.substring(i + 1)).equals(verb)) {
                return true;
            }
        }
        return false;
    }

    private static String sorted(String word) {
        char[] letters = word.toCharArray();
        Arrays.sort(letters);
        return new String(letters);
    }

    /// Whether the line has the arguments of a command: most sentences that begin with a verb have more words, or others.
    private static boolean isCommand(String line) {
        byte[] bytes = line.getBytes(StandardCharsets.UTF_8);
        try {
            PARSER.parse(bytes, 0, bytes.length);
            return true;
        } catch (CommandException _) {
            return false;
        }
    }
}
