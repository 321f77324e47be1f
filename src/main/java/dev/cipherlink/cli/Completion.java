package dev.cipherlink.cli;

import dev.cipherlink.command.Verb;
import dev.cipherlink.console.ProcessEnvironment;
import dev.cipherlink.console.ProcessEnvironment.Terminals;
import dev.cipherlink.settings.Setting;
import dev.cipherlink.settings.Settings;
import dev.cipherlink.text.OneShot;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/// Candidates for the last word of a command line, the same for every shell. Keys and rooms are asked from the
/// server, for two seconds and without any question to the person.
final class Completion {
    /// In the place of a candidate: names of files or folders, which the shell knows better.
    static final String FILES = ":files";
    static final String FOLDERS = ":folders";

    private static final List<String> DURATIONS = List.of("500ms", "1s", "10s", "1m", "10m", "1h", "1d");
    private static final List<String> SECONDS = List.of("60", "600", "3600", "86400");
    /// They would change what the question to the server prints.
    private static final List<String> LOUD = List.of("--json", "-v", "-vv", "--verbose", "--raw");

    private final CommandLine tree;
    private final ProcessEnvironment surroundings;
    private final Settings settings;
    private final List<String> before;
    private final String last;

    /// @param words all behind the program's name; the last one is to be completed, and may be empty
    Completion(CommandLine tree, ProcessEnvironment surroundings, Settings settings, List<String> words) {
        this.tree = tree;
        this.surroundings = surroundings;
        this.settings = settings;
        this.before = words.isEmpty() ? List.of() : words.subList(0, words.size() - 1);
        this.last = words.isEmpty() ? "" : words.getLast();
    }

    /// Blocks, on the server too.
    List<String> candidates() {
        CommandLine command = tree;
        List<String> arguments = new ArrayList<>();
        for (int i = 0; i < before.size(); i++) {
            String word = before.get(i);
            boolean isKv = command.getCommandName().equals("kv");
            if (isKv && !arguments.isEmpty()) {
                arguments.add(word);
            } else if (word.startsWith("-") && word.length() > 1) {
                OptionSpec option = option(command, word);
                if (option != null && option.arity().max() > 0 && word.indexOf('=') < 0) {
                    if (i == before.size() - 1) {
                        return matching(values(option.paramLabel(), option.completionCandidates()));
                    }
                    i++;
                }
            } else if (command.getSubcommands().containsKey(word)) {
                command = command.getSubcommands().get(word);
            } else {
                arguments.add(word);
            }
        }
        return matching(next(command, arguments));
    }

    private static OptionSpec option(CommandLine command, String word) {
        for (CommandSpec spec = command.getCommandSpec(); spec != null; spec = spec.parent()) {
            OptionSpec option = spec.optionsMap().get(word);
            if (option != null) {
                return option;
            }
        }
        return null;
    }

    private Stream<String> next(CommandLine command, List<String> arguments) {
        boolean isKv = command.getCommandName().equals("kv");
        if (isKv && !arguments.isEmpty()) {
            return ofVerb(arguments);
        }
        if (last.startsWith("-")) {
            return command.getCommandSpec().optionsMap().keySet().stream();
        }
        if (isKv) {
            return OneShot.verbs().stream();
        }
        if (!command.getSubcommands().isEmpty()) {
            return command.getSubcommands().keySet().stream();
        }
        return command.getCommandSpec().positionalParameters().stream()
                .filter(parameter -> parameter.index().contains(arguments.size()))
                .flatMap(parameter -> values(parameter.paramLabel(), parameter.completionCandidates()));
    }

    private Stream<String> values(String label, Iterable<String> known) {
        if (known != null && known.iterator().hasNext()) {
            return StreamSupport.stream(known.spliterator(), false);
        }
        return switch (label) {
            case "FILE" -> Stream.of(FILES);
            case "DIR" -> Stream.of(FOLDERS);
            case "HOST[:PORT]", "HOST" -> hosts();
            case "DURATION" -> DURATIONS.stream();
            case "#ROOM" -> asked("ROOMS").map(line -> line.split(" ")[0]);
            default -> Stream.of();
        };
    }

    private Stream<String> ofVerb(List<String> arguments) {
        Optional<Verb> verb = Verb.named(arguments.getFirst().toUpperCase(Locale.ROOT));
        List<String> labels = verb.map(OneShot::labels).orElse(List.of());
        if (arguments.getLast().equals(OneShot.FROM)) {
            return Stream.of(FILES);
        }
        int at = arguments.size() - 1;
        if (at >= labels.size()) {
            return Stream.of();
        }
        return switch (labels.get(at)) {
            case "key", "key...", "to", "prefix" -> last.isEmpty() ? asked("--limit", "200", "KEYS") : asked("--limit", "200", "KEYS", last);
            case "room" -> asked("ROOMS").map(line -> line.split(" ")[0]);
            case "name" -> asked("WHO").map(line -> line.split(" ")[0]);
            case "seconds" -> SECONDS.stream();
            case "value", "payload", "text" -> Stream.of(OneShot.FROM, OneShot.ASK);
            default -> Stream.of();
        };
    }

    private Stream<String> hosts() {
        try {
            Optional<Path> file = settings.file(Setting.CLIENT_KNOWN_HOSTS).filter(Files::isReadable);
            return file.isEmpty() ? Stream.of() : Files.readAllLines(file.get()).stream()
                    .filter(line -> !line.isBlank() && !line.startsWith("#")).map(line -> line.strip().split(" ")[0]);
        } catch (IOException _) {
            return Stream.of();
        }
    }

    /// The lines of an answer, asked with the options that were typed.
    private Stream<String> asked(String... command) {
        List<String> args = new ArrayList<>();
        for (String word : before) {
            if (word.equals("kv") || word.equals("chat")) {
                break;
            }
            args.add(word);
        }
        args.add("kv");
        int own = before.indexOf("kv") + 1;
        for (int i = own; own > 0 && i < before.size() && Verb.named(before.get(i).toUpperCase(Locale.ROOT)).isEmpty(); i++) {
            args.add(before.get(i));
        }
        args.removeAll(LOUD);
        args.addAll(List.of("--timeout", "2s"));
        args.addAll(List.of(command));
        var out = new ByteArrayOutputStream();
        var quiet = new ProcessEnvironment(InputStream.nullInputStream(), out, OutputStream.nullOutputStream(), surroundings.environment(),
                surroundings.folder(), surroundings.systemFolder(), Terminals.NONE);
        int status = Program.run(args.toArray(String[]::new), quiet);
        return status == 0 ? out.toString(StandardCharsets.UTF_8).lines() : Stream.of();
    }

    private List<String> matching(Stream<String> candidates) {
        return candidates.filter(each -> each.equals(FILES) || each.equals(FOLDERS) || each.startsWith(last)
                || isVerb(each) && each.startsWith(last.toUpperCase(Locale.ROOT))).distinct().sorted().toList();
    }

    private static boolean isVerb(String word) {
        return Verb.named(word).isPresent();
    }
}
