package dev.cipherlink.cli.base;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.IHelpSectionRenderer;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.IGetter;
import picocli.CommandLine.Model.ISetter;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.Model.UsageMessageSpec;

/// A command's options, parameters and help: commands fill it in, picocli reads it.
///
/// Calls, not annotations: to read those the JVM makes classes while the program starts, for longer than a request takes.
/// Options and parameters show in the help in the order of the calls, and go where `target` puts them, if they are given.
public final class Syntax implements IHelpSectionRenderer {
    /// The groups of options, in the order in which the help shows them.
    static final String OWN = "Options:";
    static final String CONNECTION = "Options of the connection:";
    static final String COMMON = "Options of every command:";

    private static final int WIDTH = 80;

    private final CommandSpec spec;
    private final Map<String, List<OptionSpec>> groups = new LinkedHashMap<>();
    private List<OptionSpec> group;

    Syntax(String name, ProgramCommand command) {
        spec = CommandSpec.wrapWithoutInspection(command).name(name);
        List.of(OWN, CONNECTION, COMMON).forEach(heading -> groups.put(heading, new ArrayList<>()));
        group(OWN);
        spec.usageMessage().parameterListHeading("%nArguments:%n").optionListHeading("")
                .commandListHeading("%nCommands:%n").footerHeading("%nExamples:%n")
                .synopsisSubcommandLabel("COMMAND").width(WIDTH).sortOptions(false).abbreviateSynopsis(true);
        spec.usageMessage().sectionMap().put(UsageMessageSpec.SECTION_KEY_OPTION_LIST, this);
    }

    /// The options of a command by the headings of their groups, in the order of the help; a group may be empty.
    public static Map<String, List<OptionSpec>> groups(CommandSpec command) {
        return Collections.unmodifiableMap(
                ((Syntax) command.usageMessage().sectionMap().get(UsageMessageSpec.SECTION_KEY_OPTION_LIST)).groups);
    }

    /// Whether an option of a command is one that every command has.
    public static boolean isCommon(CommandSpec command, OptionSpec option) {
        return groups(command).get(COMMON).contains(option);
    }

    @Override
    public String render(CommandLine.Help help) {
        StringBuilder text = new StringBuilder();
        groups.forEach((heading, options) -> {
            if (!options.isEmpty()) {
                var layout = help.createDefaultLayout(options, List.of(), help.colorScheme());
                layout.addOptions(options, help.parameterLabelRenderer());
                text.append(System.lineSeparator()).append(heading).append(System.lineSeparator()).append(layout);
            }
        });
        return text.toString();
    }

    /// The options that follow belong to this group.
    void group(String heading) {
        group = groups.get(heading);
    }

    CommandSpec spec() {
        return spec;
    }

    /// The description; its first paragraph also stands in the list of commands.
    public void about(String... paragraphs) {
        spec.usageMessage().description(paragraphs);
    }

    /// The end of the help.
    public void examples(String... lines) {
        spec.usageMessage().footer(Stream.concat(Arrays.stream(lines),
                Stream.of("", "Exit status: cipherlink help exit-status")).toArray(String[]::new));
    }

    /// A command under this one.
    public void subcommand(String name, ProgramCommand command) {
        spec.addSubcommand(name, new CommandLine(command.specify(name)));
    }

    /// Behind the first parameter everything is one, whatever it looks like.
    public void endsOptionsAtFirstParameter() {
        spec.parser().stopAtPositional(true);
    }

    /// An option with a value.
    ///
    /// @param names all of them, with spaces between
    public void option(String names, String label, Consumer<String> target, String... description) {
        choice(names, label, List.of(), target, description);
    }

    /// The same, with a few words that the shell can complete.
    public void choice(String names, String label, List<String> words, Consumer<String> target, String... description) {
        var builder = option(names, description).paramLabel(label).arity("1").type(String.class);
        add(words.isEmpty() ? builder : builder.completionCandidates(words), target);
    }

    /// An option with a value, which may be given many times.
    public void manyOptions(String names, String label, Consumer<List<String>> target, String... description) {
        add(option(names, description).paramLabel(label).arity("1").type(List.class).auxiliaryTypes(String.class), target);
    }

    /// An option without a value.
    public void flag(String names, Consumer<Boolean> target, String... description) {
        add(option(names, description).type(boolean.class), target);
    }

    /// An option without a value that may be given many times: as many elements.
    void repeatedFlag(String names, Consumer<boolean[]> target, String... description) {
        add(option(names, description).arity("0").type(boolean[].class), target);
    }

    /// The option that asks for this help.
    void help(String names, String... description) {
        add(option(names, description).type(boolean.class).usageHelp(true).build());
    }

    /// The option that asks for the version.
    public void version(String names, String... description) {
        add(option(names, description).type(boolean.class).versionHelp(true).build());
    }

    /// An argument that is no option.
    ///
    /// @param arity `1`, or `0..1` for one that may be missing
    public void parameter(String arity, String label, Consumer<String> target, String... description) {
        add(parameter(arity, label, description), target);
    }

    /// The same, which must be there, with the words that the shell can complete.
    public void parameter(String label, List<String> words, Consumer<String> target, String... description) {
        add(parameter("1", label, description).completionCandidates(words), target);
    }

    /// The name of a file or folder, which must be there; the shell can complete it.
    public void file(String label, Consumer<Path> target, String... description) {
        add(parameter("1", label, description).type(Path.class), target);
    }

    /// All arguments that are no options.
    ///
    /// @param arity such as `1..*`
    public void parameters(String arity, String label, Consumer<List<String>> target, String... description) {
        add(parameter(arity, label, description).index("0..*").type(List.class).auxiliaryTypes(String.class), target);
    }

    private static OptionSpec.Builder option(String names, String... description) {
        return OptionSpec.builder(names.split(" ")).description(description);
    }

    private static PositionalParamSpec.Builder parameter(String arity, String label, String... description) {
        return PositionalParamSpec.builder().index("0").arity(arity).required(arity.startsWith("1"))
                .paramLabel(label).description(description).type(String.class);
    }

    private <V> void add(OptionSpec.Builder option, Consumer<V> target) {
        Binding<V> binding = new Binding<>(target);
        add(option.getter(binding).setter(binding).build());
    }

    private void add(OptionSpec option) {
        spec.addOption(option);
        group.add(option);
    }

    private <V> void add(PositionalParamSpec.Builder parameter, Consumer<V> target) {
        Binding<V> binding = new Binding<>(target);
        spec.addPositional(parameter.getter(binding).setter(binding).build());
    }

    /// Where picocli puts a value, and finds it again when it adds to it.
    private static final class Binding<V> implements IGetter, ISetter {
        private final Consumer<V> target;
        private V value;

        Binding(Consumer<V> target) {
            this.target = target;
        }

        @Override
        @SuppressWarnings("unchecked") // picocli asks for what it has put here
        public <T> T get() {
            return (T) value;
        }

        @Override
        @SuppressWarnings("unchecked") // the type of the option is the target's
        public <T> T set(T given) {
            T before = get();
            value = (V) given;
            if (value != null) { // as it is before there is one: the target keeps its own default
                target.accept(value);
            }
            return before;
        }
    }
}
