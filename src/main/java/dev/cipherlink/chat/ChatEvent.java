package dev.cipherlink.chat;

import java.time.Instant;

/// What sessions are told. Texts are kept as they were said, control characters included.
public sealed interface ChatEvent {

    /// Said in a room.
    ///
    /// @param id larger than that of every message said before it
    record Message(String room, long id, String from, Instant at, String text) implements ChatEvent {
    }

    /// Said to one person.
    record Direct(long id, String from, Instant at, String text) implements ChatEvent {
    }

    /// Somebody is in a room now, with their first session.
    record Joined(String room, String name) implements ChatEvent {
    }

    /// Somebody is not in a room any more, with any session.
    record Left(String room, String name) implements ChatEvent {
    }

    /// Somebody is away.
    record Away(String name) implements ChatEvent {
    }

    /// Somebody is back.
    record Back(String name) implements ChatEvent {
    }

    /// Messages that a session was not told of, since it was slow.
    ///
    /// @param after the id of the message before the first of them; 0 if there is none
    record Skipped(String room, long count, long after) implements ChatEvent {
    }

    /// A sentence for people.
    record Notice(String text) implements ChatEvent {
    }
}
