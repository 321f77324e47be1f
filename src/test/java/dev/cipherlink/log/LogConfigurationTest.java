package dev.cipherlink.log;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.cipherlink.log.LogConfiguration.LogFormatter;
import dev.cipherlink.log.LogConfiguration.LogLevel;
import java.io.IOException;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import org.junit.jupiter.api.Test;

class LogConfigurationTest {
    @Test
    void logsOneLineARecord() {
        LogRecord record = new LogRecord(Level.WARNING, "peer said {0}");
        record.setParameters(new Object[] {"a\nb\u001b[2J"});
        record.setLoggerName("dev.cipherlink.server.Server");
        record.setInstant(LocalDateTime.of(2026, 11, 21, 3, 4, 5, 6_000_000).atZone(ZoneId.systemDefault()).toInstant());
        record.setThrown(new IOException("broken"));
        String line = new LogFormatter().format(record);
        assertEquals("2026-11-21T03:04:05.006 WARN  Server: peer said a\\nb\\x1b[2J: broken\n", line);
    }

    @Test
    void raisesAndLowersTheLevelFromTheCommandsOwn() {
        assertEquals(LogLevel.WARNING, LogLevel.forClient(0));
        assertEquals(LogLevel.DEBUG, LogLevel.forClient(2));
        assertEquals(LogLevel.ERROR, LogLevel.forClient(-1));
        assertEquals(LogLevel.INFO, LogLevel.forServer(0));
        assertEquals(LogLevel.TRACE, LogLevel.forServer(5));
    }
}
