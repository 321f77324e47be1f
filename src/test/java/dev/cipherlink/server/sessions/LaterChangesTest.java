package dev.cipherlink.server.sessions;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.command.Command;
import dev.cipherlink.command.CommandParser;
import dev.cipherlink.command.CommandParser.CommandException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Issue 13.11a: whether a read may run again, by what its session changed after it.
class LaterChangesTest {

    private static final int WINDOW = 10;

    private final LaterChanges changes = new LaterChanges(WINDOW, 0, 0);

    private static Command command(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        try {
            return new CommandParser(1_000).parse(bytes, 0, bytes.length);
        } catch (CommandException e) {
            throw new IllegalArgumentException(text, e);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"SET k 1", "CAS k 1 v", "DELETE k", "INCR k", "APPEND k x", "EXPIRE k 1", "PERSIST k"})
    void aChangeOfAKeyIsSeenByItsReadersOnly(String change) {
        changes.largeRead(1);
        changes.changed(2, command(change));
        assertTrue(changes.mayBeSeenBy(command("GET k"), 1));
        assertFalse(changes.mayBeSeenBy(command("GET k"), 2));
        assertFalse(changes.mayBeSeenBy(command("GET other"), 1));
        assertFalse(changes.mayBeSeenBy(command("ECHO k"), 1));
    }

    /// A listing may have the key, a history the message, and so on.
    @Test
    void anyChangeIsSeenByWhatReadsMoreThanAKey() {
        changes.largeRead(1);
        for (String change : new String[] {"SET k 1", "SAY #room text", "WATCH"}) {
            changes.changed(2, command(change));
            for (String read : new String[] {"KEYS", "COUNT", "HISTORY #room", "INFO", "SOCKETS", "WHO"}) {
                assertTrue(changes.mayBeSeenBy(command(read), 1), change + ", " + read);
                assertFalse(changes.mayBeSeenBy(command(read), 2), change + ", " + read);
            }
            assertFalse(changes.mayBeSeenBy(command("GET other"), 1), change);
        }
    }

    @Test
    void ofWhatAnotherProcessRanEverythingMayHaveChanged() {
        var restored = new LaterChanges(WINDOW, 5, 5);
        assertTrue(restored.mayBeSeenBy(command("GET k"), 4));
        assertFalse(restored.mayBeSeenBy(command("GET k"), 5));
        assertFalse(restored.mayBeSeenBy(command("GET k"), 6));
    }

    /// After a restart a read of the last process ran again, and saw what its session had changed since.
    @Test
    void ofWhatAnotherProcessRanAnythingMayHaveBeenALargeRead() {
        var restored = new LaterChanges(WINDOW, 2, 5);
        restored.changed(6, command("SET k 1"));
        assertTrue(restored.mayBeSeenBy(command("GET k"), 4));
        assertTrue(restored.mayBeSeenBy(command("GET k"), 5));
        assertFalse(restored.mayBeSeenBy(command("GET k"), 6));
        assertFalse(restored.mayBeSeenBy(command("GET other"), 4));
    }

    @Test
    void knowsEachChangeOfTheWindowBehindALargeRead() {
        for (int number = 1; number < 1_000; number++) {
            if (number % WINDOW == 1) {
                changes.largeRead(number);
            } else {
                changes.changed(number, command("SET k" + number % WINDOW + " x"));
            }
            int read = number - (number - 1) % WINDOW;
            for (int key = 2; key < WINDOW; key++) {
                assertEquals(read + key - 1 <= number, changes.mayBeSeenBy(command("GET k" + key), read), number + ", " + key);
            }
        }
    }
}
