package dev.cipherlink.log;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
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
            handler.flush();
        }
        LogOutput.load(record);
    }

    /// Gives each record to the [LogOutput]. Made by the log manager, used by any thread.
    public static final class LogHandler extends Handler {

        /// For the log manager.
        public LogHandler() {
            setLevel(Level.ALL);
        }

        @Override
        public void publish(LogRecord record) {
            if (isLoggable(record)) {
                LogOutput.write(record);
            }
        }

        @Override
        public void flush() {
            // Nothing is buffered.
        }

        @Override
        public void close() {
            // stderr belongs to the process.
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
