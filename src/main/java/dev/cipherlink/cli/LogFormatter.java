package dev.cipherlink.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.logging.Formatter;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/// One line a record: local ISO time, level, short name of the logger, message, and the exception's text if there is
/// one. A stack trace follows only when the root logger is at debug level (`-vv` for clients, `-v` for a server).
final class LogFormatter extends Formatter {
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
