package dev.cipherlink.log;

import dev.cipherlink.text.CliException.FailureText;
import dev.cipherlink.text.TerminalText;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;
import java.util.logging.Level;
import java.util.logging.LogRecord;

/// Where lines of the log go, and in which format: stderr as text, until a server has read its settings. Thread-safe.
///
/// On the stderr of a service of systemd each line begins with its priority, as `<6>`: journald takes it off.
public final class LogOutput {

    private static final Path STDERR = Path.of("/proc/self/fd/2");
    private static final String JOURNAL_VARIABLE = "JOURNAL_STREAM";
    private static LogOutput current = new LogOutput(LogFormat.TEXT, Optional.empty(), new FileOutputStream(FileDescriptor.err),
            isJournal(System.getenv(JOURNAL_VARIABLE)));

    private final LogFormat format;
    private final Optional<Path> file;
    private final OutputStream out;
    private final boolean isJournal;
    private boolean isLossTold;

    private LogOutput(LogFormat format, Optional<Path> file, OutputStream out, boolean isJournal) {
        this.format = format;
        this.file = file;
        this.out = out;
        this.isJournal = isJournal;
    }

    /// Chooses the format and the file from now on. Opens the file anew also if it is the same: another program may have renamed it.
    ///
    /// @param file appended to, and made with mode 0600 if it is not there; empty for stderr
    /// @throws IOException if it cannot be opened; then nothing has changed
    public static void use(LogFormat format, Optional<Path> file) throws IOException {
        OutputStream out = file.isPresent() ? open(file.get()) : new FileOutputStream(FileDescriptor.err);
        boolean isJournal = file.isEmpty() && isJournal(System.getenv(JOURNAL_VARIABLE));
        LogOutput before;
        synchronized (LogOutput.class) {
            before = current;
            current = new LogOutput(format, file, out, isJournal);
            if (before.file.isPresent()) {
                before.out.close();
            }
        }
    }

    private static OutputStream open(Path file) throws IOException {
        if (!Files.exists(file)) {
            Files.newByteChannel(file, Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))).close();
        }
        // Not that channel: it closes when an interrupted thread writes, and this stream does not.
        return Files.newOutputStream(file, StandardOpenOption.APPEND);
    }

    /// Whether stderr is the stream of journald that systemd has named, as `DEVICE:INODE`.
    static boolean isJournal(String stream) {
        if (stream == null) {
            return false;
        }
        try {
            return stream.equals(Files.getAttribute(STDERR, "unix:dev") + ":" + Files.getAttribute(STDERR, "unix:ino"));
        } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
            return false;
        }
    }

    /// Loads what a line needs, without writing one.
    static synchronized void load(LogRecord record) {
        withPriority(current.format.line(record), record.getLevel());
    }

    /// Writes a record in one piece. A line that cannot be written is lost; stderr is told of the first one of a file.
    static synchronized void write(LogRecord record) {
        String line = current.format.line(record);
        try {
            current.out.write((current.isJournal ? withPriority(line, record.getLevel()) : line).getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            current.tellLoss(e);
        }
    }

    private void tellLoss(IOException failure) {
        if (file.isEmpty() || isLossTold) {
            return;
        }
        isLossTold = true;
        String line = "cipherlink: lines of the log are lost: cannot write " + TerminalText.escapeLine(file.get().toString()) + ": "
                + FailureText.of(failure) + "\n";
        try {
            new FileOutputStream(FileDescriptor.err).write(line.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            // Stderr has no reader: there is no place to tell.
        }
    }

    /// Each row of a record with the number of its level: 3 error, 4 warning, 6 information, 7 debug.
    static String withPriority(String lines, Level level) {
        int priority = level.intValue() >= Level.SEVERE.intValue() ? 3 : level.intValue() >= Level.WARNING.intValue() ? 4
                : level.intValue() >= Level.INFO.intValue() ? 6 : 7;
        return lines.lines().map(row -> "<" + priority + ">" + row + "\n").reduce("", String::concat);
    }
}
