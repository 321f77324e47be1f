package dev.cipherlink.cli.kv;

import dev.cipherlink.cli.base.ClientCommand;
import dev.cipherlink.cli.base.Syntax;
import dev.cipherlink.command.KeyListing;
import dev.cipherlink.command.Reply;
import dev.cipherlink.command.ReplyItems;
import dev.cipherlink.command.Verb;
import dev.cipherlink.connect.CliClient;
import dev.cipherlink.connect.SealedCommands;
import dev.cipherlink.console.Output.AnswerWriter;
import dev.cipherlink.console.ProcessEnvironment.Terminals;
import dev.cipherlink.console.Prompt;
import dev.cipherlink.prompt.Chat;
import dev.cipherlink.prompt.Dialect;
import dev.cipherlink.settings.Setting;
import dev.cipherlink.settings.Setting.SettingType;
import dev.cipherlink.settings.Settings;
import dev.cipherlink.settings.Settings.OptionLayer;
import dev.cipherlink.text.CliException;
import dev.cipherlink.text.CliException.ExitStatus;
import dev.cipherlink.text.CliException.FailureText;
import dev.cipherlink.text.Json;
import dev.cipherlink.text.OneShot;
import dev.cipherlink.text.OneShot.ValueSource;
import dev.cipherlink.text.TerminalText;
import java.io.IOException;
import java.io.InputStream;
import java.net.ProtocolException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/// `kv`: one command of the protocol, or many from a file or stdin.
public final class KvCommand extends ClientCommand {

    /// Commands whose answers are events, as long as the program runs.
    private static final Set<Verb> EVENTS = EnumSet.of(Verb.WATCH, Verb.SUBSCRIBE, Verb.PSUBSCRIBE);

    private List<String> words = List.of();
    private String valueFile;
    private boolean ask;
    private String scriptFile;
    private boolean failFast;
    private boolean raw;
    private boolean noQuotes;
    private int limit;
    private boolean seals;
    private final List<String> recipients = new ArrayList<>();
    private final List<String> authors = new ArrayList<>();

    @Override
    public void describe(Syntax syntax) {
        super.describe(syntax);
        syntax.about("Run one command on the server, or many from stdin.",
                "Without a command, on a terminal: a prompt for commands, with help for each, completion and a history.",
                "Else those on stdin (or in --file), one a line; blank lines and lines that begin with # are "
                    + "skipped. They are pipelined; answers come in order on stdout, failures with their line number on stderr.");
        syntax.examples("  cipherlink kv SET greeting \"hello world\"", "  cipherlink kv GET greeting",
                "  cipherlink kv SET photo --from cat.jpg && cipherlink kv GET photo > copy.jpg",
                "  cipherlink kv SET token --ask", "  pass show api | cipherlink kv SET token --from -",
                "  cipherlink kv --file commands.txt",
                "  cipherlink --json kv WATCH job:", "  cipherlink kv SET --nx --ex 30s lock me",
                "  printf 'TXN\\nINCR sent\\nAPPEND log x\\nEND\\n' | cipherlink kv",
                "  seq 1000 | sed 's/.*/SET key& value&/' | cipherlink kv > answers.txt",
                "  printf 'SET k \"two\\\\nlines\"\\nGET k\\n' | cipherlink --json kv", "",
                "Commands: SET GET PUT MGET GETDEL GETEX GETRANGE SETRANGE STRLEN VERSION",
                "DELETE EXISTS RENAME COPY RANDOMKEY KEYS COUNT INCR INCRBYFLOAT CAS PEEK",
                "APPEND PERSIST EXPIRE PEXPIRE PEXPIREAT TTL PTTL PEXPIRETIME WATCH PUBLISH",
                "SUBSCRIBE PSUBSCRIBE ECHO TIME PING, those of the chat, WHOAMI SOCKETS",
                "SESSIONS INFO. What one does: help SET, at the prompt.", "",
                "Options of SET on the command line, in front of its key:",
                "  --nx, --xx                   only if the key does not exist, only if it does",
                "  --ex 30s, --px 1500          expires after that time, or milliseconds",
                "  --keep-ttl                   keeps the expiry that the key has",
                "  --get                        prints the value before, if there was one",
                "  --seal, --seal-to ann,bob    seals the value, so that the server cannot read it",
                "So they do in lines of a script and at the prompt, but for --no-quotes and --seal. A",
                "key that begins with -- stands behind --: SET -- --nx v.",
                "",
                "In a script, the lines from TXN or TXN EACH to END run as one; IF key version",
                "in front of them is a condition. MGET and TXN print an item a line: its value with",
                "escapes, (not found), or ERROR and why; --raw prints items as the server sends them.",
                "A value in a line that begins with a quote ends with it, as in a shell.");
        syntax.parameters("0..*", "COMMAND", given -> words = given,
                "Verb and arguments. Options go in front of the verb; behind it only --from FILE and --ask in the value's place are "
                    + "some, and after -- not even those. Arguments are no place for a secret: other users of this machine see them, "
                    + "and a shell keeps them.");
        syntax.endsOptionsAtFirstParameter();
        syntax.option(OneShot.FROM, "FILE", given -> valueFile = given,
                "Take the value from this file, byte for byte; - is stdin.");
        syntax.flag(OneShot.ASK, given -> ask = given, "Ask for the value on the terminal, which does not show it: for secrets.");
        syntax.flag("--seal", given -> seals = given, "Seal the values of SET, PUT and CAS for your own identity, so that the server cannot "
                + "read them. GET, MGET and TXN open them again by themselves.");
        syntax.option("--seal-to", "NAME|KEY,...", given -> recipients.addAll(List.of(given.split(","))),
                "The same for these people too: names, whose keys the server tells, or keys in base64.");
        syntax.option("--sealed-by", "NAME|KEY,...", given -> authors.addAll(List.of(given.split(","))),
                "Show only values that these authors have sealed, or you. Without it unsealed ones are shown too, and those of people you know.");
        syntax.option("--limit", "N", given -> limit = (Integer) OptionLayer.check(
                new SettingType.Whole(1, Integer.MAX_VALUE), "--limit", given), "KEYS: at most so many. Default: all.");
        syntax.option("-f --file", "FILE", given -> scriptFile = given, "Run the commands in this file; - is stdin.");
        syntax.flag("--no-quotes", given -> noQuotes = given,
                "Quotes in the lines are no syntax: a value is the rest of its line, byte for byte.");
        syntax.flag("--fail-fast", given -> failFast = given,
                "Stop at the first failure: commands are then sent one at a time.");
        syntax.flag("--raw", given -> raw = given, "Values as they are, also on a terminal: no escapes, no added line end.");
    }

    @Override
    public ExitStatus run() throws InterruptedException, IOException {
        if (words.isEmpty()) {
            return runScript();
        }
        if (scriptFile != null) {
            throw CliException.usage("kv: either a command or --file, not both").withHint("cipherlink kv --help");
        }
        OneShot oneShot = OneShot.of(words, ValueSource.of(valueFile, ask), spec().optionsMap().keySet());
        Optional<KeyListing> listing = oneShot.listing(limit);
        byte[] command = listing.isPresent() ? null : oneShot.command(valueBytes(oneShot));
        oneShot.sealedFor().ifPresent(list -> {
            seals = true;
            recipients.addAll(list.isEmpty() ? List.of() : List.of(list.split(",")));
        });
        if (EVENTS.contains(oneShot.verb())) {
            try (CliClient connection = connect(clientSettings())) {
                new KeyEvents(connection, command, output()).run();
            }
        }
        Settings settings = clientSettings();
        try (CliClient connection = connectOnce(settings)) {
            SealedCommands sealing = sealing(connection, settings);
            ExitStatus status = listing.isPresent() ? list(oneShot, listing.get(), connection)
                    : answer(oneShot, sealing.open(command, connection.request(sealing.seal(command))), command);
            output().flush();
            return status;
        }
    }

    /// @throws CliException if somebody of the options has no key, or another one than before
    private SealedCommands sealing(CliClient connection, Settings settings) throws InterruptedException {
        var sealing = new SealedCommands(connection.keys(), settings, wishes());
        sealing.resolve(connection.client().session().clientId(), connection::request, news -> output().notice("cipherlink: " + news));
        return sealing;
    }

    private SealedCommands.Wishes wishes() {
        return new SealedCommands.Wishes(seals || !recipients.isEmpty(), recipients, authors);
    }

    private ExitStatus answer(OneShot oneShot, Reply reply, byte[] command) {
        Verb verb = oneShot.verb();
        if (reply.isError()) {
            // SET with options is sent as PUT, whose key is behind them.
            return refused(reply, verb != Verb.PUT ? OneShot.head(command)
                    : words.getFirst().toUpperCase(Locale.ROOT) + " " + TerminalText.escapeLine(oneShot.arguments().get(1)));
        }
        if (verb == Verb.PUT && reply.payload()[0] != 'O') {
            old(reply);
            return ExitStatus.DONE;
        }
        new AnswerWriter(output(), raw).writeOnly(verb, reply);
        return ExitStatus.DONE;
    }

    /// The answer to `SET --get`: the value before; nothing if there was none.
    private void old(Reply reply) {
        try {
            Reply before = ReplyItems.split(reply.payload()).getFirst();
            if (!before.isError()) {
                new AnswerWriter(output(), raw).writeOnly(Verb.GET, before);
            } else if (output().isJson()) {
                output().line(Json.object(Json.members("ok", true, "value", null)));
            }
        } catch (ProtocolException e) {
            throw new CliException(ExitStatus.UNKNOWN_OUTCOME, "SET: " + TerminalText.escapeLine(reply.text())).withCause(e);
        }
    }

    /// An answer like any other with `--json`, else a failure.
    private ExitStatus refused(Reply reply, String head) {
        CliException failure = new CliException(ExitStatus.of(reply), head + ": "
                + TerminalText.escapeLine(reply.reason()));
        if (!output().isJson()) {
            throw failure;
        }
        output().line(Json.error(failure, Optional.empty()));
        return failure.status();
    }

    private ExitStatus list(OneShot oneShot, KeyListing listing, CliClient connection) throws InterruptedException {
        AnswerWriter answers = new AnswerWriter(output(), raw);
        while (true) {
            byte[] request = listing.request();
            Reply page = connection.request(request);
            if (page.isError()) {
                return refused(page, OneShot.head(request));
            }
            boolean goesOn = listing.goesOn(page);
            if (page.payload().length == 0 && oneShot.arguments().stream().limit(1).anyMatch(prefix -> prefix.endsWith("*"))) {
                output().notice("cipherlink: no key begins with '" + TerminalText.escapeLine(oneShot.arguments().getFirst())
                        + "': KEYS takes a prefix, without *");
            }
            answers.write(Verb.KEYS, page, Optional.empty(), goesOn);
            if (!goesOn) {
                return ExitStatus.DONE;
            }
        }
    }

    /// @throws CliException if the file is larger than any value that a server takes, or the value cannot be had
    private byte[] valueBytes(OneShot oneShot) {
        if (oneShot.source().isEmpty()) {
            return new byte[0];
        }
        Optional<String> file = oneShot.source().get().file();
        return file.isEmpty() ? askedValue(oneShot) : new ValueFile(file.get(), surroundings(),
                readSettings().requireValid().size(Setting.STORE_MAX_VALUE_SIZE)).read();
    }

    private byte[] askedValue(OneShot oneShot) {
        var prompt = new Prompt(surroundings(), output());
        if (!prompt.canAsk()) {
            throw CliException.usage(OneShot.ASK + " asks on a terminal, and there is none").withHint("--from -, which reads stdin");
        }
        try {
            return prompt.secretBytes(OneShot.labels(oneShot.verb()).getLast() + ": ").filter(typed -> typed.length > 0)
                    .orElseThrow(() -> CliException.usage("no value was given"));
        } catch (IOException e) {
            throw CliException.usage("cannot ask for the value: " + FailureText.of(e)).withHint("--from FILE").withCause(e);
        }
    }

    private ExitStatus runScript() throws InterruptedException, IOException {
        if (valueFile != null || ask) {
            throw CliException.usage("kv: " + (ask ? "--ask" : "--from") + " needs a command").withHint("cipherlink kv SET key --from FILE");
        }
        Settings settings = clientSettings();
        var prompt = new Chat(surroundings(), output(), settings, Dialect.STORE, wishes(), wantsColour());
        if (scriptFile == null && prompt.isTerminal()) {
            return prompt.run(loadKeys(settings), new Chat.Begin("", OptionalLong.empty()));
        }
        if (scriptFile == null || scriptFile.equals("-")) {
            if (surroundings().terminals().stdin()) {
                output().notice("commands, one a line; Ctrl-D ends");
            }
            surroundings().stdin().available(); // throws before there is a connection, if it is closed
            // Not closed: the thread that reads it may still hang in a read.
            return runScript(settings, new ScriptRunner.Script("stdin", surroundings().stdin(),
                    Terminals.stdinFileBytes(), !noQuotes, failFast));
        }
        try {
            Path file = surroundings().folder().resolve(scriptFile);
            try (InputStream in = Files.newInputStream(file)) {
                return runScript(settings, new ScriptRunner.Script(TerminalText.escapeLine(scriptFile), in,
                        Files.size(file), !noQuotes, failFast));
            }
        } catch (IOException | InvalidPathException e) {
            throw CliException.usage("cannot read " + TerminalText.escapeLine(scriptFile) + ": " + FailureText.of(e))
                    .withCause(e);
        }
    }

    private ExitStatus runScript(Settings settings, ScriptRunner.Script script) throws InterruptedException {
        try (CliClient connection = connect(settings)) {
            return new ScriptRunner(connection, script, sealing(connection, settings), output(), raw).run();
        }
    }
}
