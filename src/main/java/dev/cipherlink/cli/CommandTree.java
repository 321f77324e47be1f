package dev.cipherlink.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import picocli.CommandLine;

/// All commands, by name, and the picocli tree of them.
final class CommandTree {
    private static final Map<String, Supplier<ProgramCommand>> COMMANDS = new LinkedHashMap<>();

    static {
        COMMANDS.put("serve", ServeCommand::new);
        COMMANDS.put("keygen", KeygenCommand::new);
        COMMANDS.put("authorize", AuthorizeCommand::new);
        COMMANDS.put("keys", KeysCommand::new);
        COMMANDS.put("store", StoreCommand::new);
        COMMANDS.put("kv", KvCommand::new);
        COMMANDS.put("chat", ChatCommand::new);
        COMMANDS.put("forward", ForwardCommand::new);
        COMMANDS.put("ping", PingCommand::new);
        COMMANDS.put("whoami", QueryCommand.WhoAmI::new);
        COMMANDS.put("sockets", QueryCommand.Sockets::new);
        COMMANDS.put("info", QueryCommand.Info::new);
        COMMANDS.put("bench", BenchCommand::new);
        COMMANDS.put("config", ConfigCommand::new);
        COMMANDS.put("completion", CompletionCommand::new);
        COMMANDS.put("demo", DemoCommand::new);
    }

    private CommandTree() {
    }

    static List<String> names() {
        return List.copyOf(COMMANDS.keySet());
    }

    /// The whole tree.
    static CommandLine create(Surroundings surroundings) {
        return create(surroundings, names());
    }

    /// The tree that these arguments need: reflection on the options of each command takes longer than a request.
    ///
    /// An argument that only happens to be a command's name brings in one command too many, which harms nothing.
    static CommandLine createFor(String[] args, Surroundings surroundings) {
        List<String> named = names().stream().filter(Arrays.asList(args)::contains).toList();
        boolean all = named.isEmpty() || named.contains("completion")
                || Arrays.stream(args).anyMatch(List.of("help", "-h", "--help")::contains);
        return create(surroundings, all ? names() : named);
    }

    private static CommandLine create(Surroundings surroundings, List<String> names) {
        CommandLine tree = new CommandLine(new CipherlinkCommand(surroundings));
        names.forEach(name -> tree.addSubcommand(name, COMMANDS.get(name).get()));
        if (names.contains("kv")) {
            // INCR key -5: what looks like an option and is none reaches the command, which sorts it out
            tree.getSubcommands().get("kv").getCommandSpec().parser().unmatchedOptionsArePositionalParams(true);
        }
        if (names.size() == COMMANDS.size()) {
            tree.addSubcommand("help", new CommandLine.HelpCommand());
        }
        if (names.contains("config")) {
            listSettings(tree.getSubcommands().get("config"));
        }
        describe(tree);
        return tree;
    }

    /// Puts the table of settings into the help of `config`.
    private static void listSettings(CommandLine config) {
        var usage = config.getCommandSpec().usageMessage();
        List<String> lines = new ArrayList<>(List.of(usage.footer()));
        lines.add("");
        lines.add("Settings, each also as a variable such as " + Setting.SERVER_MAX_WINDOW.variable() + ":");
        for (Setting setting : Setting.values()) {
            String value = setting.defaultText().map(text -> " (" + text + ")").orElse("");
            lines.add(String.format("  %-35s %s%s", setting.key(), setting.description(), value));
        }
        usage.footer(lines.toArray(String[]::new));
    }

    private static void describe(CommandLine command) {
        var usage = command.getCommandSpec().usageMessage();
        usage.exitCodeListHeading("%nExit status:%n");
        usage.exitCodeList(ExitStatus.table());
        usage.parameterListHeading("%nArguments:%n");
        usage.optionListHeading("%nOptions:%n");
        usage.commandListHeading("%nCommands:%n");
        usage.footerHeading("%nExamples:%n");
        usage.width(100);
        usage.sortOptions(false);
        usage.abbreviateSynopsis(true);
        command.getSubcommands().values().forEach(CommandTree::describe);
    }
}
