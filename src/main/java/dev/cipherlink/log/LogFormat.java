package dev.cipherlink.log;

import dev.cipherlink.audit.AuditEvent;
import dev.cipherlink.text.CliException.FailureText;
import dev.cipherlink.text.Json;
import dev.cipherlink.text.TerminalText;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import java.util.logging.Formatter;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/// What a line of the log looks like. Each has the local time with its distance from UTC, the level, the short name of the
/// logger, the message or event, and the exception's text if there is one.
///
/// A stack trace follows only when the root logger is at debug level (`-vv` for clients, `-v` for a server).
public enum LogFormat {
    TEXT {
        @Override
        String line(LogRecord record) {
            StringBuilder line = new StringBuilder(120)
                    .append(time(record)).append(' ').append(String.format("%-5s", levelName(record.getLevel())))
                    .append(' ').append(shortName(record.getLoggerName()))
                    .append(": ").append(TerminalText.escapeLine(message(record)));
            Throwable thrown = record.getThrown();
            if (thrown != null) {
                line.append(": ").append(FailureText.of(thrown));
            }
            line.append('\n');
            if (thrown != null && isDebug()) {
                line.append(TerminalText.escape(trace(thrown)));
            }
            return line.toString();
        }
    },
    /// One object a line. An event has the member `event` and its fields, everything else a `message`.
    JSON {
        @Override
        String line(LogRecord record) {
            Map<String, Object> members = Json.members("time", time(record), "level", levelName(record.getLevel()).toLowerCase(),
                    "logger", shortName(record.getLoggerName()));
            if (event(record) instanceof AuditEvent event) {
                members.put("event", event.name());
                members.putAll(event.fields());
            } else {
                members.put("message", message(record));
            }
            Throwable thrown = record.getThrown();
            if (thrown != null) {
                members.put("error", FailureText.of(thrown));
            }
            if (thrown != null && isDebug()) {
                members.put("trace", trace(thrown));
            }
            return Json.object(members) + "\n";
        }
    };

    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSXXX");

    /// The line of a record, with its line feed.
    abstract String line(LogRecord record);

    static String time(LogRecord record) {
        return TIME.format(record.getInstant().atZone(ZoneId.systemDefault()));
    }

    static String message(LogRecord record) {
        return event(record) instanceof AuditEvent event ? event.toString() : Parameters.FORMATTER.formatMessage(record);
    }

    /// The event that is the record's only parameter, or something else.
    static Object event(LogRecord record) {
        Object[] parameters = record.getParameters();
        return parameters != null && parameters.length == 1 ? parameters[0] : null;
    }

    static boolean isDebug() {
        Level root = Logger.getLogger("").getLevel();
        return root != null && root.intValue() <= Level.FINE.intValue();
    }

    static String levelName(Level level) {
        if (level.intValue() >= Level.SEVERE.intValue()) {
            return "ERROR";
        }
        if (level.intValue() >= Level.WARNING.intValue()) {
            return "WARN";
        }
        if (level.intValue() >= Level.INFO.intValue()) {
            return "INFO";
        }
        return level.intValue() >= Level.FINE.intValue() ? "DEBUG" : "TRACE";
    }

    static String shortName(String logger) {
        return logger == null ? "-" : logger.substring(logger.lastIndexOf('.') + 1);
    }

    static String trace(Throwable thrown) {
        StringWriter trace = new StringWriter();
        thrown.printStackTrace(new PrintWriter(trace));
        return trace.toString();
    }

    /// Puts the parameters of a record into its message.
    private static final class Parameters extends Formatter {
        private static final Parameters FORMATTER = new Parameters();

        @Override
        public String format(LogRecord record) {
            return formatMessage(record);
        }
    }
}
