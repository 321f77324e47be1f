package dev.cipherlink.chat;

import java.time.Instant;
import java.util.List;
import java.util.Map;

/// What the chat remembers: messages of rooms, direct messages that wait for somebody, names, and who is silenced.
///
/// Names come in lower case. Implementations are thread-safe, bound what they keep, and do not wait for clients.
public interface ChatLog {

    /// At least the largest id that was ever given to a message, also by an earlier process.
    long lastId();

    /// Keeps a message of a room; those of one room come in the order of their ids. The oldest ones go when there are
    /// too many.
    void append(ChatEvent.Message message);

    /// The last messages of a room, oldest first.
    List<ChatEvent.Message> newest(String room, int count);

    /// The first messages of a room with an id larger than this one, oldest first.
    List<ChatEvent.Message> after(String room, long id, int count);

    /// The rooms of which messages are kept, each with the id of its last one.
    Map<String, Long> rooms();

    /// Keeps a direct message until [#delivered].
    ///
    /// @return false if too many are waiting
    boolean keep(String name, ChatEvent.Direct message);

    /// The direct messages that wait for somebody and are not too old, oldest first.
    List<ChatEvent.Direct> waiting(String name);

    /// Forgets the direct message with this id.
    void delivered(String name, long id);

    /// Remembers that somebody has this name.
    void learn(String name);

    /// Whether somebody has, or had, this name.
    boolean knows(String name);

    /// Who is silenced, and until when.
    Map<String, Instant> mutes();

    /// Silences somebody; replaces an earlier one.
    void mute(String name, Instant until);

    /// Lets somebody speak again.
    void unmute(String name);
}
