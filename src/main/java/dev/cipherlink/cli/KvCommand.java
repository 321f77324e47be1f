package dev.cipherlink.cli;

import dev.cipherlink.command.Reply;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;

/// `kv`: one command of the protocol, or many from a file or stdin.
final class KvCommand extends ClientCommand {

    private List<String> words = List.of();
    private String valueFile;
    private String scriptFile;
    private boolean failFast;
    private boolean raw;

    @Override
    void describe(Syntax syntax) {
        super.describe(syntax);
        syntax.about("Run one command on the server, or many from stdin.",
                "Without a command: those on stdin (or in --file), one a line; blank lines and lines that begin with # are "
                    + "skipped. They are pipelined; answers come in order on stdout, failures with their line number on stderr.");
        syntax.examples("  cipherlink kv SET greeting \"hello world\"", "  cipherlink kv GET greeting",
                "  cipherlink kv SET photo --from cat.jpg && cipherlink kv GET photo > copy.jpg",
                "  cipherlink kv --file commands.txt",
                "  seq 1000 | sed 's/.*/SET key& value&/' | cipherlink kv > answers.txt", "",
                "Commands: SET GET DELETE EXISTS KEYS COUNT INCR CAS PEEK APPEND PERSIST EXPIRE TTL ECHO TIME PING");
        syntax.parameters("0..*", "COMMAND", given -> words = given,
                "Verb and arguments; the last argument may have spaces. Put -- in front of a value that begins with -.");
        syntax.takesUnknownOptionsAsParameters(); // INCR key -5: run sorts them out
        syntax.option("--from", "FILE", given -> valueFile = given,
                "Take the value from this file, byte for byte; - is stdin.");
        syntax.option("-f --file", "FILE", given -> scriptFile = given, "Run the commands in this file; - is stdin.");
        syntax.flag("--fail-fast", given -> failFast = given,
                "Stop at the first failure: commands are then sent one at a time.");
        syntax.flag("--raw", given -> raw = given, "Values as they are, also on a terminal: no escapes, no added line end.");
    }

    @Override
    ExitStatus run() throws InterruptedException, IOException {
        refuseUnknownOptions();
        if (words.isEmpty()) {
            return runScript();
        }
        if (scriptFile != null) {
            throw CliException.usage("kv: either a command or --file, not both").withHint("cipherlink kv --help");
        }
        byte[] command = command();
        try (Connection connection = connectOnce(clientSettings())) {
            Reply reply = connection.request(command);
            if (reply.isError()) {
                throw new CliException(ExitStatus.REFUSED, ScriptSender.head(command) + ": "
                        + TerminalText.escapeLine(reply.reason()));
            }
            new AnswerWriter(output(), raw).writeOnly(reply, words.getFirst().equalsIgnoreCase("GET"));
            output().flush();
            return ExitStatus.DONE;
        }
    }

    /// Values such as `-5` are arguments; all else that looks like an option and is none is a mistake, unless `--` says
    /// otherwise.
    private void refuseUnknownOptions() {
        if (spec().commandLine().getParseResult().originalArgs().contains("--")) {
            return;
        }
        for (String word : words) {
            if (word.startsWith("-") && word.length() > 1 && !word.matches("-\\d+")) {
                throw CliException.usage("unknown option: " + TerminalText.escapeLine(word)
                        + NearestMatch.find(word, spec().optionsMap().keySet())
                        .map(near -> ", did you mean " + near + "?").orElse(""))
                        .withHint("-- in front of the command, if it is a value");
            }
        }
    }

    /// The bytes to send. The protocol drops one line feed at the end, so a value that ends with one gets another.
    private byte[] command() throws IOException {
        byte[] text = String.join(" ", words).getBytes(StandardCharsets.UTF_8);
        ByteArrayOutputStream command = new ByteArrayOutputStream(text.length + 1);
        command.write(text);
        if (valueFile != null) {
            command.write(' ');
            command.write(valueBytes());
            command.write('\n');
        } else if (text[text.length - 1] == '\n') {
            command.write('\n');
        }
        return command.toByteArray();
    }

    private byte[] valueBytes() {
        try {
            return valueFile.equals("-") ? surroundings().stdin().readAllBytes()
                    : Files.readAllBytes(surroundings().folder().resolve(valueFile));
        } catch (IOException | InvalidPathException e) {
            throw CliException.usage("cannot read " + TerminalText.escapeLine(valueFile) + ": " + FailureText.of(e))
                    .withCause(e);
        }
    }

    private ExitStatus runScript() throws InterruptedException {
        if (valueFile != null) {
            throw CliException.usage("kv: --from needs a command").withHint("cipherlink kv SET key --from FILE");
        }
        Settings settings = clientSettings();
        if (scriptFile == null || scriptFile.equals("-")) {
            if (surroundings().terminals().stdin()) {
                output().notice("commands, one a line; Ctrl-D ends");
            }
            // Not closed: the thread that reads it may still hang in a read.
            return runScript(settings, new ScriptRunner.Script("stdin", surroundings().stdin(),
                    Terminals.stdinFileBytes(), failFast));
        }
        try {
            Path file = surroundings().folder().resolve(scriptFile);
            try (InputStream in = Files.newInputStream(file)) {
                return runScript(settings, new ScriptRunner.Script(TerminalText.escapeLine(scriptFile), in,
                        Files.size(file), failFast));
            }
        } catch (IOException | InvalidPathException e) {
            throw CliException.usage("cannot read " + TerminalText.escapeLine(scriptFile) + ": " + FailureText.of(e))
                    .withCause(e);
        }
    }

    private ExitStatus runScript(Settings settings, ScriptRunner.Script script) throws InterruptedException {
        try (Connection connection = connect(settings)) {
            return new ScriptRunner(connection, script, output(), raw).run();
        }
    }
}
