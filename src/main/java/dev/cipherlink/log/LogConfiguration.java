package dev.cipherlink.log;

import dev.cipherlink.text.CliException.FailureText;
import dev.cipherlink.text.TerminalText;
import java.io.ByteArrayInputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.logging.Formatter;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/// Sets up `java.util.logging`, behind `System.Logger`, when the first logger is made and not before.
///
/// A one-shot command usually logs nothing: naming this class in a system property costs it nothing. The log manager
/// makes an instance, once.
public final class LogConfiguration {
    private static final String CLASS_PROPERTY = "java.util.logging.config.class";
    private static final String LEVEL_PROPERTY = "cipherlink.log.level";

    /// For the log manager.
    ///
    /// @throws IOException never: the properties come from memory
    public LogConfiguration() throws IOException {
        String level = System.getProperty(LEVEL_PROPERTY, LogLevel.WARNING.julName());
        String properties = "handlers=" + LogHandler.class.getName() + "\n.level=" + level
                + "\ncom.sun.jna.level=WARNING\n"; // not its search for libraries
        LogManager.getLogManager().readConfiguration(
                new ByteArrayInputStream(properties.getBytes(StandardCharsets.ISO_8859_1)));
    }

    /// Chooses the level, if no logger has been made yet.
    public static void use(LogLevel level) {
        if (System.getProperty(CLASS_PROPERTY) == null && System.getProperty("java.util.logging.config.file") == null) {
            System.setProperty(LEVEL_PROPERTY, level.julName());
            System.setProperty(CLASS_PROPERTY, LogConfiguration.class.getName());
        }
    }

    /// Makes the handler now, and loads all that a record needs: for the first record of a server there may be no
    /// descriptor left to load it with.
    public static void load() {
        var record = new LogRecord(Level.WARNING, "{0}");
        record.setParameters(new Object[] {""});
        record.setThrown(new IOException());
        for (Handler handler : Logger.getLogger("").getHandlers()) {
            handler.getFormatter().format(record);
        }
    }

    /// One line a record: local ISO time, level, short name of the logger, message, and the exception's text if there is
    /// one. A stack trace follows only when the root logger is at debug level (`-vv` for clients, `-v` for a server).
    static final class LogFormatter extends Formatter {
        private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSS");

        @Override
        public String format(LogRecord record) {
            StringBuilder line = new StringBuilder(120)
                    .append(TIME.format(record.getInstant().atZone(ZoneId.systemDefault())))
                    .append(' ').append(levelName(record.getLevel()))
                    .append(' ').append(shortName(record.getLoggerName()))
                    .append(": ").append(TerminalText.escapeLine(formatMessage(record)));
            Throwable thrown = record.getThrown();
            if (thrown != null) {
                line.append(": ").append(FailureText.of(thrown));
            }
            line.append('\n');
            if (thrown != null && isDebug()) {
                StringWriter trace = new StringWriter();
                thrown.printStackTrace(new PrintWriter(trace));
                line.append(TerminalText.escape(trace.toString()));
            }
            return line.toString();
        }

        private static boolean isDebug() {
            Level root = Logger.getLogger("").getLevel();
            return root != null && root.intValue() <= Level.FINE.intValue();
        }

        private static String levelName(Level level) {
            if (level.intValue() >= Level.SEVERE.intValue()) {
                return "ERROR";
            }
            if (level.intValue() >= Level.WARNING.intValue()) {
                return "WARN ";
            }
            if (level.intValue() >= Level.INFO.intValue()) {
                return "INFO ";
            }
            return level.intValue() >= Level.FINE.intValue() ? "DEBUG" : "TRACE";
        }

        private static String shortName(String logger) {
            return logger == null ? "-" : logger.substring(logger.lastIndexOf('.') + 1);
        }
    }

    /// Writes one line a record to stderr. Made by the log manager, used by any thread.
    public static final class LogHandler extends Handler {
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

    /// How much is logged: the levels of `java.util.logging` under the names of `System.Logger`.
    public enum LogLevel {
        ERROR("SEVERE"), WARNING("WARNING"), INFO("INFO"), DEBUG("FINE"), TRACE("ALL");

        private final String julName;

        LogLevel(String julName) {
            this.julName = julName;
        }

        String julName() {
            return julName;
        }

        /// A client is silent unless something is wrong.
        public static LogLevel forClient(int verbosity) {
            return at(WARNING.ordinal() + verbosity);
        }

        /// A server says what happens.
        public static LogLevel forServer(int verbosity) {
            return at(INFO.ordinal() + verbosity);
        }

        private static LogLevel at(int index) {
            return values()[Math.clamp(index, 0, values().length - 1)];
        }
    }
}
