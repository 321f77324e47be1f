package dev.cipherlink.cli;

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
        COMMANDS.put("hosts", HostsCommand::new);
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
        COMMANDS.put("help", HelpCommand::new);
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

    /// The tree that these arguments need: the others only count where all are listed.
    ///
    /// An argument that only happens to be a command's name brings in one command too many, which harms nothing.
    static CommandLine createFor(String[] args, Surroundings surroundings) {
        List<String> named = names().stream().filter(Arrays.asList(args)::contains).toList();
        boolean all = named.contains("completion") || named.contains("help") || Arrays.stream(args).anyMatch(CommandTree::mayAskForHelp);
        return create(surroundings, all ? names() : named);
    }

    /// `--help`, `-h`, or several letters such as `-vh`.
    private static boolean mayAskForHelp(String arg) {
        return arg.startsWith("--help")
                || arg.startsWith("-") && !arg.startsWith("--") && arg.indexOf('h') > 0;
    }

    private static CommandLine create(Surroundings surroundings, List<String> names) {
        CommandLine tree = new CommandLine(new CipherlinkCommand(surroundings).specify("cipherlink"));
        names.forEach(name -> tree.addSubcommand(name, new CommandLine(COMMANDS.get(name).get().specify(name))));
        return tree;
    }
}
