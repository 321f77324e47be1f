package dev.cipherlink.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;

/// Writes one line a record to stderr. Made by the log manager, used by any thread.
public final class LogHandler extends Handler {
    private final PrintStream stderr =
            new PrintStream(new FileOutputStream(FileDescriptor.err), false, StandardCharsets.UTF_8);

    /// For the log manager.
    public LogHandler() {
        setFormatter(new LogFormatter());
        setLevel(Level.ALL);
    }

    @Override
    public synchronized void publish(LogRecord record) {
        if (isLoggable(record)) {
            stderr.print(getFormatter().format(record));
            stderr.flush();
        }
    }

    @Override
    public void flush() {
        stderr.flush();
    }

    @Override
    public void close() {
        stderr.flush(); // stderr belongs to the process
    }
}
