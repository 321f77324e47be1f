package dev.cipherlink.console;

import dev.cipherlink.text.CliException;
import dev.cipherlink.text.CliException.FailureText;
import java.io.ByteArrayOutputStream;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/// Asks people questions on a terminal: the question on stderr, the answer from stdin, byte by byte, so that what
/// follows it is left for others.
public final class Prompt {
    private static final int MAX_ANSWER_BYTES = 1_024;

    private final ProcessEnvironment surroundings;
    private final Output output;

    public Prompt(ProcessEnvironment surroundings, Output output) {
        this.surroundings = surroundings;
        this.output = output;
    }

    /// Whether there is a terminal to ask on.
    public boolean canAsk() {
        return surroundings.terminals().stdin() && surroundings.terminals().stderr();
    }

    /// Blocks until a line is typed.
    ///
    /// @return the answer without blanks around it; empty at the end of input
    public Optional<String> line(String question) throws IOException {
        output.errorText(question);
        return read().map(bytes -> new String(bytes, StandardCharsets.UTF_8).strip());
    }

    /// Blocks until a line is typed, which the terminal does not show.
    ///
    /// @return the answer, which the caller wipes; empty at the end of input
    /// @throws IOException if the terminal would show it, or it has more than 1,024 bytes
    public Optional<char[]> secret(String question) throws IOException {
        return secretBytes(question).map(Prompt::decode);
    }

    /// The same, byte for byte.
    public Optional<byte[]> secretBytes(String question) throws IOException {
        try (Echo echo = Echo.off(surroundings.stdin())) {
            output.errorText(question);
            Optional<byte[]> answer = read();
            echo.finishLine(output);
            return answer;
        }
    }

    /// Asks for a new passphrase, twice. Blocks until both are typed.
    ///
    /// @return at least one character; the caller wipes it
    /// @throws CliException if it is empty, or the two differ
    public char[] newPassphrase() {
        try {
            char[] first = secret("new passphrase: ").orElse(new char[0]);
            char[] second = secret("again: ").orElse(new char[0]);
            boolean isGood = first.length > 0 && Arrays.equals(first, second);
            Arrays.fill(second, '\0');
            if (!isGood) {
                Arrays.fill(first, '\0');
                throw CliException.usage(first.length == 0 ? "the passphrase is empty" : "the two passphrases differ");
            }
            return first;
        } catch (IOException e) {
            throw CliException.usage("cannot ask for the passphrase: " + FailureText.of(e)).withCause(e);
        }
    }

    private static char[] decode(byte[] bytes) {
        CharBuffer chars = StandardCharsets.UTF_8.decode(ByteBuffer.wrap(bytes));
        char[] secret = Arrays.copyOf(chars.array(), chars.limit());
        Arrays.fill(chars.array(), '\0');
        Arrays.fill(bytes, (byte) 0);
        return secret;
    }

    private Optional<byte[]> read() throws IOException {
        var line = new WipedBytes();
        InputStream in = surroundings.stdin();
        int next = in.read();
        if (next < 0) {
            return Optional.empty();
        }
        boolean isTooLong = false;
        for (; next >= 0 && next != '\n'; next = in.read()) {
            if (line.size() == MAX_ANSWER_BYTES) {
                isTooLong = true;
            } else if (next != '\r') {
                line.write(next);
            }
        }
        byte[] bytes = line.toByteArray();
        line.wipe();
        if (isTooLong) {
            Arrays.fill(bytes, (byte) 0);
            throw new IOException("an answer has at most " + MAX_ANSWER_BYTES + " bytes");
        }
        return Optional.of(bytes);
    }

    private static final class WipedBytes extends ByteArrayOutputStream {
        WipedBytes() {
            super(MAX_ANSWER_BYTES);
        }

        void wipe() {
            Arrays.fill(buf, (byte) 0);
        }
    }

    /// The terminal's echo while a secret is typed. `java.io.Console` would need stdout to be a terminal too.
    private static final class Echo implements AutoCloseable {
        private final boolean isTerminal;
        private final Thread restorer = Thread.ofPlatform().unstarted(Echo::restore);

        private Echo(boolean isTerminal) throws IOException {
            this.isTerminal = isTerminal;
            if (isTerminal) {
                // Ctrl-C ends the process without unwinding, and would leave a terminal that shows nothing.
                Runtime.getRuntime().addShutdownHook(restorer);
                if (!stty("-echo")) {
                    Runtime.getRuntime().removeShutdownHook(restorer);
                    throw new IOException("cannot make the terminal hide what is typed");
                }
            }
        }

        static Echo off(InputStream in) throws IOException {
            return new Echo(in instanceof FileInputStream file && file.getFD() == FileDescriptor.in);
        }

        void finishLine(Output output) {
            output.errorText("\n");
        }

        private static void restore() {
            try {
                stty("echo");
            } catch (IOException _) {
                // there was a terminal a moment ago; now there is nothing left to restore
            }
        }

        private static boolean stty(String mode) throws IOException {
            var process = new ProcessBuilder("stty", mode).redirectInput(ProcessBuilder.Redirect.INHERIT)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD).redirectError(ProcessBuilder.Redirect.DISCARD).start();
            try {
                return process.waitFor() == 0;
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
                return false;
            }
        }

        @Override
        public void close() {
            if (isTerminal) {
                restore();
                Runtime.getRuntime().removeShutdownHook(restorer);
            }
        }
    }
}
