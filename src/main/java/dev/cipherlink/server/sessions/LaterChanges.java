package dev.cipherlink.server.sessions;

import dev.cipherlink.command.Command;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;

/// The changes after reads whose answers are not kept: such a read may run again only if it would not see them.
final class LaterChanges {

    /// @param number of the request
    /// @param key    a hash of the changed key
    /// @param isOfAny whether any key may be changed
    private record Change(long number, int key, boolean isOfAny) {
    }

    private final int windowSize;
    /// The last request that another process ran; the changes up to it are unknown.
    private final long unknown;
    private long lastChange;
    private long lastLargeRead;
    /// The changes of the last window after a large read; created on first use.
    private Deque<Change> changes;

    /// @param lastChange number of the last request of another process that may have changed something; 0 if none
    /// @param received   number of messages that another process received, each perhaps a large read; 0 if none
    LaterChanges(int windowSize, long lastChange, long received) {
        this.windowSize = windowSize;
        unknown = lastChange;
        this.lastChange = lastChange;
        lastLargeRead = received > 0 ? received : -windowSize;
    }

    /// The number of the last request that may have changed something.
    long last() {
        return lastChange;
    }

    /// Notes a read whose answer is not kept.
    void largeRead(long number) {
        lastLargeRead = number;
    }

    /// Notes a request that may have changed something.
    void changed(long number, Command command) {
        lastChange = number;
        if (number - lastLargeRead < windowSize) {
            if (changes == null) {
                changes = new ArrayDeque<>();
            }
            while (!changes.isEmpty() && changes.getFirst().number <= number - windowSize) {
                changes.removeFirst();
            }
            if (command instanceof Command.Transaction) {
                changes.add(new Change(number, 0, true));
            } else {
                command.forEachKey((key, access) -> {
                    if (access.isWrite()) {
                        changes.add(new Change(number, Arrays.hashCode(key), false));
                    }
                });
            }
        }
    }

    /// Whether a read could see a later change of its session. Assumed for changes and reads of other than a single
    /// key.
    boolean mayBeSeenBy(Command read, long number) {
        return switch (read) {
            case Command.Echo _ -> false;
            case Command.Get(byte[] key) when number >= unknown -> changes != null
                    && changes.stream().anyMatch(change -> change.number > number
                            && (change.isOfAny || change.key == Arrays.hashCode(key)));
            default -> lastChange > number;
        };
    }
}
