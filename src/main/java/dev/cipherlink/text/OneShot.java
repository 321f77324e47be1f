package dev.cipherlink.text;

import dev.cipherlink.command.CommandParser;
import dev.cipherlink.command.CommandParser.CommandException;
import dev.cipherlink.command.KeyListing;
import dev.cipherlink.command.Verb;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// One command of the protocol as the arguments of a process: each of them is one argument of the command, whatever is in it.
///
/// Nothing behind the verb is an option but `--from FILE` and `--ask` in the value's place, and those of SET in front of its key, which
/// make it a PUT; behind the first `--` not even those.
///
/// @param arguments those behind the verb, less a value that comes from elsewhere
/// @param source    where else the value comes from
/// @param sealedFor what `SET --seal` and `--seal-to` say: names and keys with commas between them, empty for oneself alone
public record OneShot(Verb verb, List<String> arguments, Optional<ValueSource> source, Optional<String> sealedFor) {
    public static final String FROM = "--from";
    public static final String ASK = "--ask";
    private static final int MAX_HEAD_BYTES = 80;
    private static final String END_OF_OPTIONS = "--";
    private static final Set<String> NAMES = Set.of("--nx", "--xx", "--get", "--keep-ttl", "--ex", "--px", "--seal", "--seal-to");
    private static final CommandParser PARSER = new CommandParser(Integer.MAX_VALUE);

    /// The source of a value that is no argument of the process, which all users of the machine can read and a shell's history keeps.
    ///
    /// @param file its name, or `-` for stdin; empty for a question on the terminal
    public record ValueSource(Optional<String> file) {
        /// What the options in front of the verb say.
        ///
        /// @param file of `--from`, or null
        public static ValueSource of(String file, boolean ask) {
            if (file != null && ask) {
                throw CliException.usage("either " + FROM + " or " + ASK);
            }
            return file == null && !ask ? null : new ValueSource(Optional.ofNullable(file));
        }
    }

    /// @param words verb and arguments
    /// @param before what the options in front of the verb said, or null
    /// @param options names of options, which are refused where a key or a number belongs
    /// @throws CliException if that is no command
    public static OneShot of(List<String> words, ValueSource before, Set<String> options) {
        Verb given = verb(words.getFirst());
        List<String> arguments = new ArrayList<>();
        List<String> sealedFor = new ArrayList<>();
        int first = given == Verb.SET ? SetOptions.take(words, arguments, sealedFor) : 1;
        Verb verb = arguments.isEmpty() ? given : Verb.PUT;
        ValueSource source = before;
        boolean literal = false;
        for (int i = first; i < words.size(); i++) {
            String word = words.get(i);
            if (!literal && word.equals(END_OF_OPTIONS)) {
                literal = true;
            } else if (!literal && (word.equals(FROM) || word.equals(ASK)) && isValue(verb, arguments.size())) {
                source = source(verb, source, words, i);
                i = words.size();
            } else if (!literal && !isValue(verb, arguments.size()) && options.contains(name(word))) {
                throw CliException.usage(word + " stands behind " + verb + ": options go in front of it")
                        .withHint("-- in front of it, if it is an argument of " + verb);
            } else {
                arguments.add(word);
            }
        }
        return new OneShot(verb, List.copyOf(arguments), Optional.ofNullable(source), sealedFor.stream().reduce(OneShot::joined)).checked();
    }

    /// A line of a script or at the prompt whose SET has options, as the PUT that it stands for; any other line as it is.
    ///
    /// @throws CliException if the options are wrong, or no key and value follow them
    static byte[] withoutOptions(byte[] line) {
        String start = new String(line, 0, Math.min(line.length, SetOptions.MOST_CHARACTERS), StandardCharsets.ISO_8859_1);
        if (!start.regionMatches(true, 0, "SET --", 0, 6)) {
            return line;
        }
        List<String> words = List.of(start.split(" ", -1));
        List<String> taken = new ArrayList<>();
        List<String> sealedFor = new ArrayList<>();
        int first = SetOptions.take(words, taken, sealedFor);
        if (!sealedFor.isEmpty()) {
            throw CliException.usage("SET: a line has no --seal of its own; cipherlink kv --seal seals the values of all lines");
        }
        String word = first < words.size() ? words.get(first) : "";
        if (word.equals(END_OF_OPTIONS)) {
            first++;
        } else if (word.startsWith("--")) {
            throw CliException.usage("SET has no option " + TerminalText.escapeLine(word) + "; a key that begins with -- stands behind --: SET -- "
                    + TerminalText.escapeLine(word) + " value");
        }
        int from = words.stream().limit(first).mapToInt(each -> each.length() + 1).sum();
        if (words.size() < first + 2) {
            throw CliException.usage("usage: SET [OPTION ...] key value; a key that begins with -- stands behind --: SET -- --nx value");
        }
        byte[] head = (taken.isEmpty() ? "SET " : "PUT " + taken.getFirst() + " ").getBytes(StandardCharsets.US_ASCII);
        byte[] sent = Arrays.copyOf(head, head.length + line.length - from);
        System.arraycopy(line, from, sent, head.length, line.length - from);
        return sent;
    }

    private static Verb verb(String word) {
        return Verb.named(word.toUpperCase(Locale.ROOT)).orElseThrow(() -> {
            String shown = TerminalText.escapeLine(word);
            if (word.isBlank()) {
                return CliException.usage("no command: the first argument is empty").withHint("cipherlink kv --help");
            }
            if (word.chars().anyMatch(Character::isWhitespace)) {
                return CliException.usage("unknown command: '" + shown + "' is one argument; verb, key and value are one each")
                        .withHint("cipherlink kv SET greeting 'hello world'");
            }
            return CliException.usage("unknown command: " + shown
                    + NearestMatch.find(word.toUpperCase(Locale.ROOT), verbs()).map(near -> ", did you mean " + near + "?").orElse(""))
                    .withHint("cipherlink kv --help");
        });
    }

    public static List<String> verbs() {
        return List.of(Verb.values()).stream().map(Verb::name).toList();
    }

    private static String joined(String one, String other) {
        return one.isEmpty() || other.isEmpty() ? one + other : one + "," + other;
    }

    /// @param at the position of the option, which has to be the last
    private static ValueSource source(Verb verb, ValueSource before, List<String> words, int at) {
        String option = words.get(at);
        boolean isAsked = option.equals(ASK);
        if (before != null) {
            throw CliException.usage(before.file().isEmpty() == isAsked ? option + " stands there twice" : "either " + FROM + " or " + ASK)
                    .withHint("-- in front of it, if it is the value");
        }
        if (words.size() - 1 != (isAsked ? at : at + 1)) {
            throw CliException.usage(words.size() - 1 > at ? (isAsked ? ASK : FROM + " FILE") + " is the value, and nothing follows it"
                    : FROM + " needs the name of a file").withHint("cipherlink kv " + verb + " ... -- " + option + ", if it is the value");
        }
        return new ValueSource(isAsked ? Optional.empty() : Optional.of(words.getLast()));
    }

    private static String name(String word) {
        return word.startsWith("--") && word.indexOf('=') > 0 ? word.substring(0, word.indexOf('=')) : word;
    }

    /// Whether the argument at this position is all that is left of the command.
    static boolean isValue(Verb verb, int position) {
        return verb.endsWithText() && position == labels(verb).size() - 1;
    }

    /// The names of a command's arguments.
    public static List<String> labels(Verb verb) {
        return verb.arguments().isEmpty() ? List.of() : List.of(verb.arguments().replaceAll("[\\[\\]]", "").split(" "));
    }

    private OneShot checked() {
        List<String> labels = labels(verb);
        int given = arguments.size() + (source.isPresent() ? 1 : 0);
        if (source.isPresent() && !isValue(verb, arguments.size())) {
            throw CliException.usage(verb.endsWithText() ? usage() : verb + " takes no value: "
                    + (source.get().file().isPresent() ? FROM : ASK) + " does not belong to it");
        }
        boolean hasMany = !labels.isEmpty() && labels.getLast().endsWith("...");
        if (verb == Verb.TXN) {
            throw CliException.usage("TXN is for scripts: commands between a line TXN and a line END")
                    .withHint("cipherlink kv --file commands.txt");
        }
        if (given > labels.size() && !hasMany) {
            String key = arguments.get(Math.max(0, labels.size() - 2));
            if ((verb == Verb.SET || verb == Verb.PUT) && key.startsWith("--")) {
                throw CliException.usage("SET has no option " + TerminalText.escapeLine(key)).withHint("cipherlink kv --help");
            }
            CliException tooMany = CliException.usage(usage() + ", and here are " + given + " arguments");
            throw verb.endsWithText()
                    ? tooMany.withHint("quotes around one that has spaces: 'hello world'") : tooMany;
        }
        for (int i = 0; i < arguments.size(); i++) {
            if (!isValue(verb, i) && arguments.get(i).chars().anyMatch(c -> Character.isWhitespace(c) || Character.isSpaceChar(c))) {
                throw CliException.usage(verb + ": '" + TerminalText.escapeLine(arguments.get(i)) + "' has white space, and a "
                        + labels.get(Math.min(i, labels.size() - 1)) + " has none");
            }
        }
        return this;
    }

    private String usage() {
        return verb.arguments().isEmpty() ? verb + " takes no arguments" : "usage: " + verb + " " + verb.arguments();
    }

    /// The bytes to send. The protocol drops one line feed at the end, so a value that ends with one gets another.
    ///
    /// @param foreign the value that comes from elsewhere; ignored if there is none
    /// @throws CliException if the server would refuse them
    public byte[] command(byte[] foreign) {
        String front = Stream.concat(Stream.of(verb.name()), arguments.stream()).collect(Collectors.joining(" "));
        ByteArrayOutputStream command = new ByteArrayOutputStream();
        command.writeBytes(front.getBytes(StandardCharsets.UTF_8));
        if (source.isPresent()) {
            command.write(' ');
            command.writeBytes(foreign);
        }
        if (source.isPresent() || front.endsWith("\n")) {
            command.write('\n');
        }
        return checked(command.toByteArray());
    }

    /// For KEYS: all that it asks for, however many.
    ///
    /// @param limit what `--limit` said; 0 if it was not given
    public Optional<KeyListing> listing(long limit) {
        if (verb != Verb.KEYS) {
            if (limit > 0) {
                throw CliException.usage("--limit is for KEYS");
            }
            return Optional.empty();
        }
        if (limit > 0 && arguments.size() > 1) {
            throw CliException.usage("the limit of KEYS stands there twice: --limit " + limit + " and " + arguments.get(1));
        }
        List<byte[]> parts = arguments.stream().map(part -> part.getBytes(StandardCharsets.UTF_8)).toList();
        long most = limit > 0 ? limit : parts.size() > 1 ? number(arguments.get(1)) : Long.MAX_VALUE;
        KeyListing listing = new KeyListing(parts.isEmpty() ? new byte[0] : parts.getFirst(), most,
                parts.size() > 2 ? parts.get(2) : new byte[0]);
        checked(listing.request());
        return Optional.of(listing);
    }

    private static long number(String text) {
        try {
            long number = Long.parseLong(text);
            if (number > 0) {
                return number;
            }
        } catch (NumberFormatException _) {
            // said below
        }
        throw CliException.usage("KEYS: limit must be a whole number from 1 on, not '" + TerminalText.escapeLine(text) + "'");
    }

    private byte[] checked(byte[] command) {
        try {
            PARSER.parse(command, 0, command.length);
            return command;
        } catch (CommandException e) {
            throw CliException.usage(e.getMessage().startsWith("usage: ") ? e.getMessage() : verb + ": " + e.getMessage())
                    .withHint("cipherlink kv --help");
        }
    }

    /// The first words, which are never a value: verb and key, and the options between them. Of a transaction, its first line.
    public static String head(byte[] command) {
        Verb verb = CommandParser.verb(command, 0, command.length);
        int words = verb == Verb.PUT || verb == Verb.GETEX ? 3 : 2;
        int end = 0;
        for (int spaces = 0; end < command.length && end < MAX_HEAD_BYTES; end++) {
            if (command[end] == '\n' || command[end] == ' ' && ++spaces == words) {
                break;
            }
        }
        if (end > 0 && command[end - 1] == ' ') {
            end--; // an empty prefix
        }
        return TerminalText.escapeLine(TerminalText.escape(Arrays.copyOf(command, end)));
    }

    /// The options of SET, between the verb and the key.
    private static final class SetOptions {
        /// Of all of them together, and the key behind them.
        private static final int MOST_CHARACTERS = 1_024;

        private SetOptions() {
        }

        /// @param taken     gets the options of PUT, if there are any
        /// @param sealedFor gets the recipients of each `--seal-to`, and nothing of `--seal`
        /// @return where the other words begin
        static int take(List<String> words, List<String> taken, List<String> sealedFor) {
            List<String> options = new ArrayList<>();
            int at = 1;
            while (at < words.size() && isOption(words.get(at))) {
                String word = words.get(at);
                String name = name(word);
                boolean needsValue = name.equals("--ex") || name.equals("--px");
                if (name.equals("--seal")) {
                    sealedFor.add("");
                } else if (name.equals("--seal-to")) {
                    at += name.equals(word) ? 1 : 0;
                    sealedFor.add(name.equals(word) ? at < words.size() ? words.get(at) : "" : word.substring(name.length() + 1));
                } else if (!needsValue) {
                    options.add(name.equals("--keep-ttl") ? "KEEPTTL" : name.substring(2).toUpperCase(Locale.ROOT));
                } else if (!name.equals(word)) {
                    options.add("PX=" + millis(name, word.substring(name.length() + 1)));
                } else {
                    at++;
                    options.add("PX=" + millis(name, at < words.size() ? words.get(at) : ""));
                }
                at++;
            }
            if (options.contains("NX") && options.contains("XX")) {
                throw CliException.usage("SET: either --nx or --xx");
            }
            if (options.stream().filter(option -> option.startsWith("PX=") || option.equals("KEEPTTL")).count() > 1) {
                throw CliException.usage("SET: one of --ex, --px and --keep-ttl");
            }
            if (!options.isEmpty()) {
                taken.add(String.join(",", options));
            }
            return at;
        }

        private static boolean isOption(String word) {
            return NAMES.contains(name(word));
        }

        private static long millis(String name, String text) {
            try {
                return name.equals("--px") ? Long.parseLong(text) : DurationText.parse(text).toMillis();
            } catch (IllegalArgumentException e) {
                throw CliException.usage("wrong value for " + name + ": '" + TerminalText.escapeLine(text) + "', must be "
                        + (name.equals("--px") ? "a number of milliseconds" : DurationText.ALLOWED));
            }
        }
    }
}
