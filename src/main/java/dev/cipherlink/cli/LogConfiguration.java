package dev.cipherlink.cli;

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
    static void use(LogLevel level) {
        if (System.getProperty(CLASS_PROPERTY) == null && System.getProperty("java.util.logging.config.file") == null) {
            System.setProperty(LEVEL_PROPERTY, level.julName());
            System.setProperty(CLASS_PROPERTY, LogConfiguration.class.getName());
        }
    }

    /// Makes the handler now, and loads all that a record needs: for the first record of a server there may be no
    /// descriptor left to load it with.
    static void load() {
        var record = new LogRecord(Level.WARNING, "{0}");
        record.setParameters(new Object[] {""});
        record.setThrown(new IOException());
        for (Handler handler : Logger.getLogger("").getHandlers()) {
            handler.getFormatter().format(record);
        }
    }
}
