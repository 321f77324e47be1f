package dev.cipherlink.console;

import dev.cipherlink.command.Reply;
import dev.cipherlink.command.Verb;
import dev.cipherlink.console.ProcessEnvironment.Terminals;
import dev.cipherlink.text.Json;
import dev.cipherlink.text.ListAnswer;
import dev.cipherlink.text.TerminalText;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Where a command writes: answers on stdout, everything else on stderr.
///
/// Stdout is buffered; what must be seen now needs [#flush], and `Program` flushes at the end. Thread-safe, and the
/// two streams do not mix inside a line.
public final class Output {

    /// The common options given before and after the command's name, together.
    ///
    /// @param verbosity -1 quiet, 0 normal, 1 for `-v`, 2 for `-vv`
    /// @param configFile the file of `--config`, or null
    public record Options(int verbosity, boolean json, boolean noColor, String configFile) {
        boolean quiet() {
            return verbosity < 0;
        }

        /// Whether stack traces are wanted.
        public boolean isDebug() {
            return verbosity >= 2;
        }
    }

    private static final int BUFFER_BYTES = 64 * 1024;

    private final OutputStream stdout;
    private final PrintStream stderr;
    private final Terminals terminals;
    private final boolean utf8;
    private final Options options;

    public Output(ProcessEnvironment surroundings, Options options) {
        this.stdout = new BufferedOutputStream(surroundings.stdout(), BUFFER_BYTES);
        this.stderr = new PrintStream(surroundings.stderr(), false, StandardCharsets.UTF_8);
        this.terminals = surroundings.terminals();
        this.utf8 = surroundings.isUtf8Locale();
        this.options = options;
    }

    public boolean isJson() {
        return options.json();
    }

    public boolean isStdoutTerminal() {
        return terminals.stdout();
    }

    /// Whether stderr can show a bar that redraws itself.
    boolean canShowProgress() {
        return terminals.stderr() && !options.quiet() && !options.json();
    }

    /// Whether the terminal's locale can show characters beyond ASCII.
    public boolean isUtf8() {
        return utf8;
    }

    /// Writes bytes to stdout as they are.
    ///
    /// @throws StdoutLostException if stdout takes no more
    public synchronized void bytes(byte[] bytes, int length) {
        try {
            stdout.write(bytes, 0, length);
        } catch (IOException e) {
            throw new StdoutLostException(e);
        }
    }

    /// Writes a line to stdout, or several, escaped as [TerminalText] says.
    ///
    /// @throws StdoutLostException if stdout takes no more
    public void line(String text) {
        byte[] bytes = (TerminalText.escape(text) + "\n").getBytes(StandardCharsets.UTF_8);
        bytes(bytes, bytes.length);
    }

    /// Writes what a command has done to stdout: a line, or with `--json` an object with `ok` and these members.
    ///
    /// @throws StdoutLostException if stdout takes no more
    public void done(String text, Map<String, ?> members) {
        if (isJson()) {
            Map<String, Object> all = Json.members("ok", true);
            all.putAll(members);
            line(Json.object(all));
        } else {
            line(text);
        }
    }

    /// Whether `-v` was given.
    public boolean isVerbose() {
        return options.verbosity() > 0;
    }

    /// Writes one line to stderr if `-v` was given.
    public void detail(String text) {
        if (isVerbose()) {
            errorLine("cipherlink: " + text);
        }
    }

    /// Writes one line to stderr, unless `-q` was given.
    public void notice(String text) {
        if (!options.quiet()) {
            errorLine(text);
        }
    }

    /// Writes a line to stderr, or several, whatever the options are, escaped as [TerminalText] says.
    public synchronized void errorLine(String text) {
        stderr.print(TerminalText.escape(text) + "\n");
        stderr.flush();
    }

    /// Writes to stderr without a line end, for what redraws itself.
    public synchronized void errorText(String text) {
        stderr.print(text);
        stderr.flush();
    }

    /// @throws StdoutLostException if stdout takes no more
    public synchronized void flush() {
        try {
            stdout.flush();
        } catch (IOException e) {
            throw new StdoutLostException(e);
        }
    }

    /// Writes good answers to stdout: as JSON, safe for a terminal, or byte for byte.
    public static final class AnswerWriter {
        private static final byte[] LINE_END = {'\n'};
        /// Their answers are values, and nothing else.
        private static final Set<Verb> VALUES = EnumSet.of(Verb.GET, Verb.GETDEL, Verb.GETEX, Verb.GETRANGE);

        private final Output output;
        private final boolean raw;

        /// @param raw no escapes and no added line end, also on a terminal
        public AnswerWriter(Output output, boolean raw) {
            this.output = output;
            this.raw = raw;
        }

        /// Writes the answer of a command of its own. A value is exact to the byte, unless it goes to a
        /// terminal: the line feed that the protocol adds is not part of it.
        public void writeOnly(Verb verb, Reply reply) {
            boolean isValue = VALUES.contains(verb);
            boolean exact = raw || isValue && !output.isStdoutTerminal();
            if (exact && !output.isJson()) {
                byte[] bytes = isValue ? Json.withoutLineEnd(reply.payload()) : reply.payload();
                output.bytes(bytes, bytes.length);
            } else {
                write(verb, reply, Optional.empty(), false);
            }
        }

        /// Writes one of many answers, so that each ends with a line feed.
        ///
        /// @param verb of the command, for JSON; null if unknown
        /// @param line the number of the command's line, for JSON
        /// @param goesOn whether it is a part of an answer, and another follows
        public void write(Verb verb, Reply reply, Optional<Integer> line, boolean goesOn) {
            byte[] payload = reply.payload();
            if (output.isJson()) {
                output.line(Json.answer(verb, payload, line, goesOn));
                return;
            }
            Optional<List<String>> items = raw ? Optional.empty() : ListAnswer.itemLines(verb, payload);
            if (items.isPresent()) {
                items.get().forEach(output::line);
                return;
            }
            byte[] bytes = output.isStdoutTerminal() && !raw
                    ? TerminalText.escape(payload).getBytes(StandardCharsets.UTF_8) : payload;
            output.bytes(bytes, bytes.length);
            if (bytes.length > 0 && bytes[bytes.length - 1] != '\n') {
                output.bytes(LINE_END, LINE_END.length);
            }
        }
    }

    /// Stdout takes no more: its reader has left (`| head -1`), or the disk is full. Ends any command.
    public static final class StdoutLostException extends RuntimeException {
        private static final long serialVersionUID = 1;

        public StdoutLostException(IOException cause) {
            super(cause);
        }
    }
}
