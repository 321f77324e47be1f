package dev.cipherlink.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// Which of the three standard streams are terminals.
///
/// `System.console()` cannot tell: since JDK 22 there is one even if all streams are files, and its `isTerminal` asks
/// about stdin and stdout together. Linux shows each descriptor in `/proc`; elsewhere `test -t` inherits it and looks.
record Terminals(boolean stdin, boolean stdout, boolean stderr) {
    private static final Path DESCRIPTORS = Path.of("/proc/self/fd");

    /// For programs inside a program, such as tests.
    static final Terminals NONE = new Terminals(false, false, false);

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

    /// Whether stdout may have a reader who has left. A file or a device has none: there a failed write means a full disk, and
    /// the like.
    static boolean mayStdoutHaveReader() {
        Path stdout = DESCRIPTORS.resolve("1");
        try {
            return !Files.isRegularFile(stdout) && !Files.readSymbolicLink(stdout).startsWith("/dev");
        } catch (IOException _) {
            return !Files.exists(DESCRIPTORS); // closed, or not Linux
        }
    }

    /// The size of the file that stdin is redirected from; -1 if it is no file.
    static long stdinFileBytes() {
        Path stdin = DESCRIPTORS.resolve("0");
        try {
            return Files.isRegularFile(stdin) ? Files.size(stdin) : -1;
        } catch (IOException _) {
            return -1;
        }
    }
}
