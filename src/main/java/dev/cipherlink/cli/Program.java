package dev.cipherlink.cli;

import dev.cipherlink.cli.Main.ProcessArguments;
import dev.cipherlink.cli.base.CommonOptions;
import dev.cipherlink.cli.base.ProgramCommand;
import dev.cipherlink.cli.bench.BenchCommand;
import dev.cipherlink.cli.forward.ForwardCommand;
import dev.cipherlink.cli.gateway.GatewayCommand;
import dev.cipherlink.cli.keys.AgentCommand;
import dev.cipherlink.cli.keys.AuthorizeCommand;
import dev.cipherlink.cli.keys.HostsCommand;
import dev.cipherlink.cli.keys.KeygenCommand;
import dev.cipherlink.cli.keys.KeysCommand;
import dev.cipherlink.cli.kv.KvCommand;
import dev.cipherlink.cli.store.StoreCommand;
import dev.cipherlink.console.Output;
import dev.cipherlink.console.Output.StdoutLostException;
import dev.cipherlink.console.ProcessEnvironment;
import dev.cipherlink.console.ProcessEnvironment.Terminals;
import dev.cipherlink.crypto.Sodium;
import dev.cipherlink.text.CliException;
import dev.cipherlink.text.CliException.ExitStatus;
import dev.cipherlink.text.CliException.FailureText;
import dev.cipherlink.text.Json;
import dev.cipherlink.text.NearestMatch;
import dev.cipherlink.text.TerminalText;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/// Runs one command from arguments to exit status: the one place where a failure becomes text and a number.
public final class Program {
    private final ProcessEnvironment surroundings;
    private final String[] args;
    /// As far as it is known: before the arguments are understood, the word counts wherever it stands.
    private boolean asJson;

    private Program(String[] args, ProcessEnvironment surroundings) {
        this.args = args;
        this.surroundings = surroundings;
        this.asJson = Arrays.asList(args).contains("--json");
    }

    /// @return the exit status; the caller ends the process
    public static int run(String[] args, ProcessEnvironment surroundings) {
        return new Program(args, surroundings).run();
    }

    private int run() {
        for (int i = 0; i < args.length; i++) {
            if (args[i].indexOf(ProcessArguments.DAMAGED) >= 0) {
                return print(CliException.usage("argument " + (i + 1) + " is not UTF-8, and would be changed: "
                        + TerminalText.escapeLine(args[i]))
                        .withHint("bytes that are no text come from a file: kv SET KEY --from FILE, or kv --file FILE"), false);
            }
        }
        CommandLine tree = CommandTree.createFor(args, surroundings);
        PrintWriter helpOut = new PrintWriter(new OutputStreamWriter(surroundings.stdout(), StandardCharsets.UTF_8));
        tree.setExpandAtFiles(false); // `SET k @home` is a value
        tree.setOut(helpOut);
        tree.setErr(new PrintWriter(new OutputStreamWriter(surroundings.stderr(), StandardCharsets.UTF_8), true));
        tree.setColorScheme(CommandLine.Help.defaultColorScheme(hasColour() ? Ansi.ON : Ansi.OFF));
        tree.setParameterExceptionHandler((failure, _) -> print(usage(failure), false));
        tree.setExecutionExceptionHandler((failure, command, _) -> report(failure, command));
        tree.setExecutionStrategy(this::execute);
        int status = execute(tree);
        return helpOut.checkError() ? stdoutLost(null) : status;
    }

    private int execute(CommandLine tree) {
        try {
            return tree.execute(args);
        } catch (Error e) {
            // No command can handle it, and a thread's dying words would be a stack trace.
            return print(unexpected(e), Arrays.asList(args).contains("-vv"));
        }
    }

    private int execute(ParseResult result) {
        List<CommandLine> called = result.asCommandLineList();
        for (CommandLine command : called) { // picocli lets them pass where help is asked for
            List<String> unmatched = command.getUnmatchedArguments();
            if (!unmatched.isEmpty()) {
                return print(unmatched(command, unmatched.getFirst())
                        .withHint(command.getCommandSpec().qualifiedName() + " --help"), false);
            }
        }
        if (called.stream().anyMatch(CommandLine::isVersionHelpRequested) && !result.isUsageHelpRequested()) {
            result.commandSpec().commandLine().getOut().println("cipherlink " + Version.text());
            return ExitStatus.DONE.code();
        }
        return new CommandLine.RunLast().execute(result);
    }

    private boolean hasColour() {
        return surroundings.terminals().stdout() && surroundings.allowsColour() && !Arrays.asList(args).contains("--no-color");
    }

    private int report(Exception failure, CommandLine command) {
        Output.Options options = command.getCommand() instanceof ProgramCommand ours ? ours.options()
                : CommonOptions.together(List.of());
        boolean debug = options.isDebug();
        asJson = options.json();
        return switch (failure) {
            case StdoutLostException lost -> stdoutLost(lost);
            case CliException known -> {
                flushAnswers(command);
                yield print(known, debug);
            }
            case InterruptedException _ -> ExitStatus.INTERRUPTED.code();
            case Sodium.UncheckedNativeException noLibrary -> print(CliException.usage(FailureText.of(noLibrary))
                    .withHint("a temporary folder that is writable and not mounted noexec: -Djava.io.tmpdir=FOLDER"), debug);
            default -> {
                flushAnswers(command);
                yield print(unexpected(failure), debug);
            }
        };
    }

    /// Answers that came before the failure still count.
    private static void flushAnswers(CommandLine command) {
        try {
            if (command.getCommand() instanceof ProgramCommand ours) {
                ours.output().flush();
            }
        } catch (StdoutLostException _) {
            // the failure being reported is the better news
        }
    }

    private int stdoutLost(StdoutLostException lost) {
        if (Terminals.mayStdoutHaveReader()) {
            return ExitStatus.BROKEN_PIPE;
        }
        String why = lost == null ? "is the disk full?" : FailureText.of(lost.getCause());
        return print(CliException.usage("cannot write to stdout: " + why), false);
    }

    private static CliException unexpected(Throwable failure) {
        String what = failure.getClass().getSimpleName();
        return new CliException(ExitStatus.BUG, "unexpected failure: " + what + ": " + FailureText.of(failure))
                .withCause(failure).withHint("the same with -vv, and report the trace as a bug");
    }

    private int print(CliException failure, boolean debug) {
        Output output = new Output(surroundings, new Output.Options(-1, asJson, false, null));
        if (asJson) {
            output.errorLine(Json.error(failure, Optional.empty()));
        } else {
            output.errorLine("cipherlink: " + failure.getMessage());
            failure.hint().ifPresent(hint -> output.errorLine("  try: " + hint));
        }
        if (debug && failure.getCause() != null) {
            StringWriter trace = new StringWriter();
            failure.getCause().printStackTrace(new PrintWriter(trace));
            output.errorText(TerminalText.escape(trace.toString()));
        }
        return failure.status().code();
    }

    private static CliException usage(ParameterException failure) {
        CommandLine command = failure.getCommandLine();
        String help = command.getCommandSpec().qualifiedName() + " --help";
        if (failure instanceof UnmatchedArgumentException unmatched && !unmatched.getUnmatched().isEmpty()) {
            return unmatched(command, unmatched.getUnmatched().getFirst()).withHint(help);
        }
        if (failure.getCause() instanceof CliException ours) {
            return ours;
        }
        String message = failure.getMessage().lines().findFirst().orElse("wrong usage");
        return CliException.usage(TerminalText.escapeLine(message)).withHint(help);
    }

    private static CliException unmatched(CommandLine command, String word) {
        boolean option = word.startsWith("-") && word.length() > 1;
        boolean group = !option && (command.getParent() == null || !command.getSubcommands().isEmpty());
        var known = new TreeSet<String>();
        if (option) {
            known.addAll(command.getCommandSpec().optionsMap().keySet());
        } else if (group) {
            known.addAll(command.getParent() == null ? CommandTree.names() : command.getSubcommands().keySet());
        }
        String name = option && word.indexOf('=') > 0 ? word.substring(0, word.indexOf('=')) : word;
        String kind = option ? "unknown option" : group ? "unknown command" : "unexpected argument";
        return CliException.usage(kind + ": " + TerminalText.escapeLine(name)
                + NearestMatch.find(name, known).map(near -> ", did you mean " + near + "?").orElse(""));
    }

    /// All commands, by name, and the picocli tree of them.
    static final class CommandTree {
        private static final Map<String, Supplier<ProgramCommand>> COMMANDS = new LinkedHashMap<>();

        static {
            COMMANDS.put("serve", ServeCommand::new);
            COMMANDS.put("keygen", KeygenCommand::new);
            COMMANDS.put("authorize", AuthorizeCommand::new);
            COMMANDS.put("keys", KeysCommand::new);
            COMMANDS.put("hosts", HostsCommand::new);
            COMMANDS.put("agent", AgentCommand::new);
            COMMANDS.put("store", StoreCommand::new);
            COMMANDS.put("kv", KvCommand::new);
            COMMANDS.put("chat", ChatCommand::new);
            COMMANDS.put("forward", ForwardCommand::new);
            COMMANDS.put("gateway", GatewayCommand::new);
            COMMANDS.put("ping", PingCommand::new);
            COMMANDS.put("whoami", QueryCommand.WhoAmI::new);
            COMMANDS.put("sockets", QueryCommand.Sockets::new);
            COMMANDS.put("sessions", OperatorCommand.Sessions::new);
            COMMANDS.put("connections", OperatorCommand.Connections::new);
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
        static CommandLine create(ProcessEnvironment surroundings) {
            return create(surroundings, names());
        }

        /// The tree that these arguments need: the others only count where all are listed.
        ///
        /// An argument that only happens to be a command's name brings in one command too many, which harms nothing.
        static CommandLine createFor(String[] args, ProcessEnvironment surroundings) {
            List<String> named = names().stream().filter(Arrays.asList(args)::contains).toList();
            boolean all = named.contains("completion") || named.contains("help") || Arrays.stream(args).anyMatch(CommandTree::mayAskForHelp);
            return create(surroundings, all ? names() : named);
        }

        /// `--help`, `-h`, or several letters such as `-vh`.
        private static boolean mayAskForHelp(String arg) {
            return arg.startsWith("--help")
                    || arg.startsWith("-") && !arg.startsWith("--") && arg.indexOf('h') > 0;
        }

        private static CommandLine create(ProcessEnvironment surroundings, List<String> names) {
            CommandLine tree = new CommandLine(new CipherlinkCommand(surroundings).specify("cipherlink"));
            names.forEach(name -> tree.addSubcommand(name, new CommandLine(COMMANDS.get(name).get().specify(name))));
            return tree;
        }
    }

    /// The version of this program.
    static final class Version {

        private Version() {
        }

        /// From the manifest of our jar; `development` when the classes are not in a jar.
        static String text() {
            String version = Version.class.getPackage().getImplementationVersion();
            return version == null ? "development" : version;
        }
    }
}
