package dev.cipherlink.chat;

import java.time.Instant;
import java.util.List;

/// Where a [ChatLog] writes what another process needs to go on with it. [#keep] and [#forget] belong to the request that
/// the calling thread runs, and become durable with it; they do not block.
public interface ChatRecords {

    /// Keeps nothing.
    ChatRecords NONE = new ChatRecords() {
        @Override
        public List<ChatRecord> recorded() {
            return List.of();
        }

        @Override
        public void keep(ChatRecord record) {
            // Nothing outlives this process.
        }

        @Override
        public void forget(ChatRecord record) {
            // Nothing was kept.
        }

        @Override
        public void afterCommit(Runnable telling) {
            telling.run();
        }
    };

    /// What earlier processes kept; messages of a room, and those that wait for one person, in the order of their ids.
    List<ChatRecord> recorded();

    /// Keeps a record in the place of one that is found by the same.
    void keep(ChatRecord record);

    /// Takes away what is found by the same, if there is anything.
    void forget(ChatRecord record);

    /// Runs something when what was recorded so far is durable, in the order of the calls; never if it does not become so. May be
    /// called by any thread, with or without a request.
    ///
    /// @param telling must not block
    void afterCommit(Runnable telling);

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
}
