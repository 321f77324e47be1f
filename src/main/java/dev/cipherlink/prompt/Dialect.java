package dev.cipherlink.prompt;

import dev.cipherlink.command.Verb;
import dev.cipherlink.text.NearestMatch;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/// How lines typed at a prompt are interpreted.
public enum Dialect {
    /// A verb in capitals begins a command; any other line is said in the room.
    CHAT(EnumSet.allOf(Verb.class), EnumSet.allOf(SlashCommand.class)),
    /// Every line is a command, in capitals or not; there are no rooms.
    STORE(EnumSet.complementOf(EnumSet.of(Verb.JOIN, Verb.LEAVE, Verb.SAY, Verb.TELL, Verb.KEY, Verb.WHO, Verb.ROOMS, Verb.HISTORY, Verb.AWAY,
            Verb.BACK, Verb.KICK, Verb.MUTE, Verb.UNMUTE)), EnumSet.of(SlashCommand.SOCKETS, SlashCommand.INFO, SlashCommand.TOP,
            SlashCommand.MODE, SlashCommand.MORE,
            SlashCommand.SAVE, SlashCommand.SET, SlashCommand.HELP, SlashCommand.QUIT));

    private final Set<Verb> verbs;
    private final Set<SlashCommand> commands;

    Dialect(Set<Verb> verbs, Set<SlashCommand> commands) {
        this.verbs = verbs;
        this.commands = commands;
    }

    List<String> verbs() {
        return verbs.stream().map(Verb::name).toList();
    }

    List<SlashCommand> commands() {
        return List.copyOf(commands);
    }

    /// The history file of this dialect: lines of one dialect make no sense in the other.
    Path history(Path file) {
        return this == CHAT ? file : file.resolveSibling(file.getFileName() + "-kv");
    }

    TypedLine parse(String line) {
        return switch (TypedLine.parse(this == STORE ? inCapitals(line) : line)) {
            case TypedLine.Slash(SlashCommand command, String _) when !commands.contains(command) -> unknown(command.word());
            case TypedLine.Request(Verb verb, String _) when !verbs.contains(verb) -> unknown(verb.name());
            case TypedLine.Text(String text) when this == STORE -> unknown(TypedLine.firstWord(text));
            case TypedLine meaning -> meaning;
        };
    }

    private String inCapitals(String line) {
        String text = line.stripLeading();
        return verb(TypedLine.firstWord(text)).map(verb -> verb.name() + text.substring(verb.name().length())).orElse(line);
    }

    private TypedLine unknown(String word) {
        List<String> known = word.startsWith("/") ? commands.stream().map(SlashCommand::word).toList() : verbs();
        return new TypedLine.Unknown(word, MistakenLine.foreign(word).or(() -> NearestMatch.find(word, known)));
    }

    /// The verb with this spelling.
    Optional<Verb> verb(String word) {
        return Verb.named(this == STORE ? word.toUpperCase(Locale.ROOT) : word).filter(verbs::contains);
    }

    /// The arguments that may follow the first word of a line; empty if the word is no command.
    Optional<String> arguments(String word) {
        return word.startsWith("/") ? SlashCommand.of(word).filter(commands::contains).map(SlashCommand::arguments)
                : verb(word).map(Verb::arguments);
    }
}
