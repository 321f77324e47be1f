package dev.cipherlink.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.cipherlink.audit.AuditEvent;
import dev.cipherlink.log.LogConfiguration.LogLevel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogConfigurationTest {
    private static LogRecord record(String message, Object... parameters) {
        LogRecord record = new LogRecord(Level.WARNING, message);
        record.setParameters(parameters);
        record.setLoggerName("dev.cipherlink.server.Server");
        record.setInstant(LocalDateTime.of(2026, 11, 21, 3, 4, 5, 6_000_000).atZone(ZoneId.systemDefault()).toInstant());
        return record;
    }

    /// Issue 19: the time had no zone.
    private static String zone() {
        return DateTimeFormatter.ofPattern("XXX").format(LocalDateTime.of(2026, 11, 21, 3, 4).atZone(ZoneId.systemDefault()));
    }

    @Test
    void logsOneLineARecord() {
        LogRecord record = record("peer said {0}", "a\nb\u001b[2J");
        record.setThrown(new IOException("broken"));
        assertEquals("2026-11-21T03:04:05.006" + zone() + " WARN  Server: peer said a\\nb\\x1b[2J: broken\n", LogFormat.TEXT.line(record));
        assertEquals("{\"time\":\"2026-11-21T03:04:05.006" + zone() + "\",\"level\":\"warn\",\"logger\":\"Server\","
                + "\"message\":\"peer said a\\nb\\u001B[2J\",\"error\":\"broken\"}\n", LogFormat.JSON.line(record));
    }

    /// Issue 19: `detail=` was text with blanks and without quotes.
    @Test
    void quotesTextWithBlanksAndEscapesWhatCouldForgeALineOrAField() {
        LogRecord record = record(AuditEvent.MESSAGE, new AuditEvent("closed").with("name", "Zoë").with("in", 7).with("target", null)
                .with("detail", "a \"b\" reason=X\nc\u202e\\"));
        assertEquals("2026-11-21T03:04:05.006" + zone() + " WARN  Server: closed name=Zoë in=7 detail=\"a \\\"b\\\" reason=X\\nc\\u202e"
                + "\\\\\"\n", LogFormat.TEXT.line(record));
        assertEquals("{\"time\":\"2026-11-21T03:04:05.006" + zone() + "\",\"level\":\"warn\",\"logger\":\"Server\",\"event\":\"closed\","
                + "\"name\":\"Zoë\",\"in\":7,\"detail\":\"a \\\"b\\\" reason=X\\nc\\u202e\\\\\"}\n", LogFormat.JSON.line(record));
    }

    /// sd-daemon(3): each row has its own.
    @Test
    void putsThePriorityOfJournaldBeforeEachRow() {
        assertEquals("<4>a\n<4>  b\n", LogOutput.withPriority("a\n  b\n", Level.WARNING));
        assertEquals("<3>a\n", LogOutput.withPriority("a\n", Level.SEVERE));
        assertEquals("<6>a\n", LogOutput.withPriority("a\n", Level.INFO));
        assertEquals("<7>a\n", LogOutput.withPriority("a\n", Level.FINER));
    }

    @Test
    void takesStderrForTheJournalOnlyIfItIsTheStreamThatSystemdNamed() throws IOException {
        Path stderr = Path.of("/proc/self/fd/2");
        assumeTrue(Files.exists(stderr), "needs Linux");
        String own = Files.getAttribute(stderr, "unix:dev") + ":" + Files.getAttribute(stderr, "unix:ino");
        assertTrue(LogOutput.isJournal(own));
        assertFalse(LogOutput.isJournal(own + "0"));
        assertFalse(LogOutput.isJournal("nonsense"));
        assertFalse(LogOutput.isJournal(null));
    }

    /// One line of an interrupted thread closed the file, and the log had no more lines.
    @Test
    void writesTheLinesOfInterruptedThreads(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("log");
        LogOutput.use(LogFormat.TEXT, Optional.of(file));
        try {
            Thread.currentThread().interrupt();
            LogOutput.write(record("first"));
            assertTrue(Thread.interrupted());
            LogOutput.write(record("second"));
        } finally {
            LogOutput.use(LogFormat.TEXT, Optional.empty());
        }
        assertEquals(2, Files.readAllLines(file).size());
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
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
