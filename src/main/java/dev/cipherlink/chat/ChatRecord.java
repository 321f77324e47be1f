package dev.cipherlink.chat;

import java.time.Instant;

/// One thing that the chat remembers beyond its process. Names are in lower case.
public sealed interface ChatRecord {

    /// A message of a room; found by its room and id.
    record Said(ChatEvent.Message message) implements ChatRecord {
    }

    /// A direct message that nobody has acknowledged; found by its mailbox ([People]) and its id.
    record Waiting(String mailbox, ChatEvent.Direct direct) implements ChatRecord {
    }

    /// Somebody has, or had, this name; found by the name.
    ///
    /// @param mailbox where messages for that person wait
    /// @param order   larger than that of every name learned before
    record Known(String name, String mailbox, long order) implements ChatRecord {
    }

    /// Who is silenced, and until when; found by the name.
    record Muted(String name, Instant until) implements ChatRecord {
    }

    /// There is one: no larger id was given to a message.
    record LastId(long id) implements ChatRecord {
    }
}
