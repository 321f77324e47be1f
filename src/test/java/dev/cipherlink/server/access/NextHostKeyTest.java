package dev.cipherlink.server.access;

import static dev.cipherlink.server.access.AuthorizedKeysTest.key;
import static dev.cipherlink.server.access.AuthorizedKeysTest.line;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NextHostKeyTest {

    @TempDir
    Path folder;

    /// The server looks once a second.
    @Test
    void aFileThatCannotBeUsedChangesNothingAndIsLoggedOnce() throws IOException {
        Path file = Files.writeString(folder.resolve("identity.next.pub"), line(1, "server") + "\n");
        NextHostKey next = NextHostKey.load(file);
        Files.delete(file);
        Files.createDirectory(file);
        assertEquals(1, warnings(next));
        assertEquals(Optional.of(key(1)), next.current());
        Files.delete(file);
        Files.writeString(file, line(2, "server") + "\n");
        assertEquals(0, warnings(next));
        assertEquals(Optional.of(key(2)), next.current());
        Files.delete(file);
        Files.createDirectory(file);
        assertEquals(1, warnings(next), "again");
        Files.delete(file);
        Files.writeString(file, "no key\n");
        assertEquals(1, warnings(next), "another problem");
        assertEquals(Optional.of(key(2)), next.current());
    }

    /// Of three looks.
    private static int warnings(NextHostKey next) {
        List<LogRecord> warnings = new ArrayList<>();
        var handler = new Handler() {
            @Override
            public void publish(LogRecord line) {
                if (line.getLevel() == Level.WARNING) {
                    warnings.add(line);
                }
            }

            @Override
            public void flush() {
            }

            @Override
            public void close() {
            }
        };
        Logger logger = Logger.getLogger(NextHostKey.class.getName());
        logger.addHandler(handler);
        try {
            next.refresh();
            next.refresh();
            next.refresh();
        } finally {
            logger.removeHandler(handler);
        }
        return warnings.size();
    }
}
