package dev.cipherlink.server.sessions;

import dev.cipherlink.command.Command;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;

/// What a session changed behind its large reads, and others, whose answers are not kept: such a read may run again only if it would not see
/// that. Numbers count from the first request of the session on. Used by its reading thread.
final class LaterChanges {

    /// @param number of the request
    /// @param key    a hash of what it changed
    private record Change(long number, int key) {
    }

    private final int windowSize;
    /// Of requests up to this one it is not known what they changed: another process ran them.
    private final long unknown;
    private long lastChange;
    private long lastLargeRead;
    /// Those of the last window behind a large read; made on first use.
    private Deque<Change> changes;

    /// @param lastChange the number of the last request that may have changed something, by another process; 0 if there was none
    /// @param accepted   how many requests another process ran, of which any may have been a large read; 0 if there was none
    LaterChanges(int windowSize, long lastChange, long accepted) {
        this.windowSize = windowSize;
        unknown = lastChange;
        this.lastChange = lastChange;
        lastLargeRead = accepted > 0 ? accepted : -windowSize;
    }

    /// A read had an answer that is not kept.
    void largeRead(long number) {
        lastLargeRead = number;
    }

    /// A request may have changed something.
    void changed(long number, Command command) {
        lastChange = number;
        if (number - lastLargeRead < windowSize) {
            if (changes == null) {
                changes = new ArrayDeque<>();
            }
            while (!changes.isEmpty() && changes.getFirst().number <= number - windowSize) {
                changes.removeFirst();
            }
            changes.add(new Change(number, keyOf(command)));
        }
    }

    /// Whether a read could see what a later request of its session changed. Of changes and reads that are not of one key each, it
    /// is taken for granted.
    boolean mayBeSeenBy(Command read, long number) {
        return switch (read) {
            case Command.Echo _ -> false;
            case Command.Get(byte[] key) when number >= unknown -> changes != null
                    && changes.stream().anyMatch(change -> change.number > number && change.key == Arrays.hashCode(key));
            default -> lastChange > number;
        };
    }

    private static int keyOf(Command command) {
        return switch (command) {
            case Command.Set(byte[] key, _) -> Arrays.hashCode(key);
            case Command.Cas(byte[] key, _, _) -> Arrays.hashCode(key);
            case Command.Delete(byte[] key) -> Arrays.hashCode(key);
            case Command.Incr(byte[] key, _) -> Arrays.hashCode(key);
            case Command.Append(byte[] key, _) -> Arrays.hashCode(key);
            case Command.Expire(byte[] key, _) -> Arrays.hashCode(key);
            case Command.Persist(byte[] key) -> Arrays.hashCode(key);
            // Values of keys stay as they are.
            default -> 0;
        };
    }
}
