package dev.cipherlink.cli;

import java.util.LinkedHashSet;

/// Which messages were shown. After a kill of the server one may come again, and one that arrives while a history is asked
/// for is in that history too. Remembers the last ones only. Thread-safe.
final class SeenMessages {
    private static final int MAX_REMEMBERED = 4_096;

    /// @param room empty for a direct message
    private record Message(String room, long id) {
    }

    private final LinkedHashSet<Message> seen = new LinkedHashSet<>();

    /// @param room empty for a direct message
    /// @return whether it was not seen before
    synchronized boolean add(String room, long id) {
        if (!seen.add(new Message(room, id))) {
            return false;
        }
        if (seen.size() > MAX_REMEMBERED) {
            seen.removeFirst();
        }
        return true;
    }
}
