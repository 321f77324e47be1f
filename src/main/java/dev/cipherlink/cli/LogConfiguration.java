package dev.cipherlink.cli;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.logging.LogManager;

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
        String properties = "handlers=" + LogHandler.class.getName() + "\n.level=" + level + "\n";
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
}
