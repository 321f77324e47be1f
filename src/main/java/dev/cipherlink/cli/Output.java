package dev.cipherlink.cli;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/// Where a command writes: answers on stdout, everything else on stderr.
///
/// Stdout is buffered; what must be seen now needs [#flush], and [Program] flushes at the end. Thread-safe, and the
/// two streams do not mix inside a line.
final class Output {
    private static final int BUFFER_BYTES = 64 * 1024;

    private final OutputStream stdout;
    private final PrintStream stderr;
    private final Terminals terminals;
    private final boolean utf8;
    private final CommonOptions.Effective options;

    Output(Surroundings surroundings, CommonOptions.Effective options) {
        this.stdout = new BufferedOutputStream(surroundings.stdout(), BUFFER_BYTES);
        this.stderr = new PrintStream(surroundings.stderr(), false, StandardCharsets.UTF_8);
        this.terminals = surroundings.terminals();
        this.utf8 = surroundings.isUtf8Locale();
        this.options = options;
    }

    boolean isJson() {
        return options.json();
    }

    boolean isStdoutTerminal() {
        return terminals.stdout();
    }

    /// Whether stderr can show a bar that redraws itself.
    boolean canShowProgress() {
        return terminals.stderr() && !options.quiet() && !options.json();
    }

    /// Whether the terminal's locale can show characters beyond ASCII.
    boolean isUtf8() {
        return utf8;
    }

    /// Writes bytes to stdout as they are.
    ///
    /// @throws StdoutLostException if stdout takes no more
    synchronized void bytes(byte[] bytes, int length) {
        try {
            stdout.write(bytes, 0, length);
        } catch (IOException e) {
            throw new StdoutLostException(e);
        }
    }

    /// Writes a line to stdout, or several, escaped as [TerminalText] says.
    ///
    /// @throws StdoutLostException if stdout takes no more
    void line(String text) {
        byte[] bytes = (TerminalText.escape(text) + "\n").getBytes(StandardCharsets.UTF_8);
        bytes(bytes, bytes.length);
    }

    /// Whether `-v` was given.
    boolean isVerbose() {
        return options.verbosity() > 0;
    }

    /// Writes one line to stderr if `-v` was given.
    void detail(String text) {
        if (isVerbose()) {
            errorLine("cipherlink: " + text);
        }
    }

    /// Writes one line to stderr, unless `-q` was given.
    void notice(String text) {
        if (!options.quiet()) {
            errorLine(text);
        }
    }

    /// Writes a line to stderr, or several, whatever the options are, escaped as [TerminalText] says.
    synchronized void errorLine(String text) {
        stderr.print(TerminalText.escape(text) + "\n");
        stderr.flush();
    }

    /// Writes to stderr without a line end, for what redraws itself.
    synchronized void errorText(String text) {
        stderr.print(text);
        stderr.flush();
    }

    /// @throws StdoutLostException if stdout takes no more
    synchronized void flush() {
        try {
            stdout.flush();
        } catch (IOException e) {
            throw new StdoutLostException(e);
        }
    }
}
