package dev.cipherlink.chat;

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
}
