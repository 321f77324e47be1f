package dev.cipherlink.console;

import dev.cipherlink.text.CliException;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;

/// The streams, variables and folders that the process was started with. Tests bring their own.
///
/// @param stdout unbuffered: [Output] buffers
/// @param folder the working folder
/// @param systemFolder where the configuration of the whole machine is
public record ProcessEnvironment(InputStream stdin, OutputStream stdout, OutputStream stderr, Map<String, String> environment,
                    Path folder, Path systemFolder, Terminals terminals) {

    /// Set by the launcher, which opens something else in its place: the JVM would give the number to one of its own files.
    private static final String STDIN_CLOSED_PROPERTY = "cipherlink.stdin-closed";

    public static ProcessEnvironment ofProcess() {
        InputStream stdin = Boolean.getBoolean(STDIN_CLOSED_PROPERTY) ? new ClosedStdin() : new FileInputStream(FileDescriptor.in);
        return new ProcessEnvironment(stdin, new FileOutputStream(FileDescriptor.out),
                new FileOutputStream(FileDescriptor.err), System.getenv(), Path.of(""), Path.of("/etc/cipherlink"),
                Terminals.ofProcess());
    }

    public boolean hasVariable(String name) {
        return !environment.getOrDefault(name, "").isEmpty();
    }

    /// Whether no variable forbids colours.
    public boolean allowsColour() {
        return !hasVariable("NO_COLOR") && !hasVariable("CIPHERLINK_NO_COLOR") && !"dumb".equals(environment.get("TERM"));
    }

    /// Whether text beyond ASCII can be shown, by the variables of the locale in their order of strength.
    public boolean isUtf8Locale() {
        for (String name : new String[] {"LC_ALL", "LC_CTYPE", "LANG"}) {
            if (hasVariable(name)) {
                String value = environment.get(name).toLowerCase(Locale.ROOT);
                return value.contains("utf-8") || value.contains("utf8");
            }
        }
        return false;
    }

    /// In the place of a stdin that was closed when the program started.
    private static final class ClosedStdin extends InputStream {
        @Override
        public int read() {
            throw CliException.usage("stdin is closed").withHint("</dev/null, if nothing is meant");
        }

        @Override
        public int available() {
            return read();
        }
    }

    /// A resource that a `try` closes in its order, without failing.
    public interface Closing extends AutoCloseable {
        @Override
        public void close();
    }

    /// Which of the three standard streams are terminals.
    ///
    /// `System.console()` cannot tell: since JDK 22 there is one even if all streams are files, and its `isTerminal` asks
    /// about stdin and stdout together. Linux shows each descriptor in `/proc`; elsewhere `test -t` inherits it and looks.
    public record Terminals(boolean stdin, boolean stdout, boolean stderr) {
        private static final Path DESCRIPTORS = Path.of("/proc/self/fd");

        /// For programs inside a program, such as tests.
        public static final Terminals NONE = new Terminals(false, false, false);

        static Terminals ofProcess() {
            return new Terminals(isTerminal(0), isTerminal(1), isTerminal(2));
        }

        private static boolean isTerminal(int descriptor) {
            Path link = DESCRIPTORS.resolve(String.valueOf(descriptor));
            try {
                if (Files.isSymbolicLink(link)) {
                    String device = Files.readSymbolicLink(link).toString();
                    return device.startsWith("/dev/pts/") || device.startsWith("/dev/tty") || device.equals("/dev/console");
                }
            } catch (IOException _) {
                return false; // the descriptor is closed
            }
            return !Files.exists(DESCRIPTORS) && asked(descriptor);
        }

        private static boolean asked(int descriptor) {
            try {
                Process test = new ProcessBuilder("test", "-t", String.valueOf(descriptor)).inheritIO().start();
                return test.waitFor() == 0;
            } catch (IOException _) {
                return false; // no such program: not a Unix
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
                return false;
            }
        }

        /// Whether stdout may be a pipe or socket whose reader has left. On a file or a device a failed write means a full disk, and
        /// the like.
        public static boolean mayStdoutHaveReader() {
            Path stdout = DESCRIPTORS.resolve("1");
            try {
                return !Files.isRegularFile(stdout) && !Files.readSymbolicLink(stdout).startsWith("/dev");
            } catch (IOException _) {
                return !Files.exists(DESCRIPTORS); // closed, or not Linux
            }
        }

        /// The size of the file that stdin is redirected from; -1 if it is no file.
        public static long stdinFileBytes() {
            Path stdin = DESCRIPTORS.resolve("0");
            try {
                return Files.isRegularFile(stdin) ? Files.size(stdin) : -1;
            } catch (IOException _) {
                return -1;
            }
        }
    }
}
