package dev.cipherlink.session;

import dev.cipherlink.command.Reply;
import dev.cipherlink.message.Message.Payload;

/// Runs the DATA payloads that a peer sends: requests at a server, events at a client.
///
/// Called by the link's reading thread, in order, each payload once, under the session's lock: it must not wait for
/// the network or for a lock of another session, nor for anything without a limit of time.
public interface RequestHandler {

    /// An answer from here on ends its batch: no other is held in memory beside it.
    int LARGE_ANSWER_BYTES = 64 * 1024;
    /// Small answers of one batch, together.
    int MAX_SMALL_ANSWERS_BYTES = 256 * 1024;

    /// Runs one request. The payload is a view of a buffer that is reused: copy what is kept.
    ///
    /// @param sequence the number that the answer will have
    /// @return the answer. If it has more than [Session#MAX_STORED_REPLY_BYTES], the request changes nothing, and a duplicate may
    ///         run it again; or [#stored] has the answer
    Reply handle(int sequence, Payload request);

    /// Answers a duplicate of a request whose answer is not kept: if it changes nothing, and no later request of the peer has
    /// changed anything, it may run again.
    ///
    /// @param sequence the number of its answer
    default Reply repeat(int sequence, Payload request) {
        return Session.NOT_KEPT;
    }

    /// The answer that is stored apart, since it is large and belongs to a change: that must not run again.
    ///
    /// @param sequence its number
    /// @return null if there is none
    default Reply stored(int sequence) {
        return null;
    }

    /// A request in fragments does not run.
    ///
    /// @param sequence the number of its last fragment, and of the answer
    default void refused(int sequence, Reply answer) {
    }

    /// Takes memory for a large request that is about to run. Blocks for a few seconds while there is none.
    ///
    /// @return why it cannot run; null if it can
    default String prepare(int requestBytes) {
        return null;
    }

    /// Releases what other sessions must not wait for: the session is about to wait for memory, for a few seconds.
    default void beforeWait() {
    }

    /// The last answer was not kept for a duplicate, nor its request: there is no memory for it.
    default void notKept(int sequence) {
    }

    /// Commits what the requests that arrived together have changed; their answers leave when this returns. Blocks until the changes
    /// are durable. Called without the session's lock.
    ///
    /// @throws RuntimeException if they cannot be made durable: no answer leaves, and the link and the session end
    default void completeBatch() {
    }

    /// Whether the batch is to be completed, and its answers to leave, before another request runs.
    default boolean endsBatch() {
        return false;
    }

    /// Whether there is memory for [#MAX_SMALL_ANSWERS_BYTES] of answers; if not, the batch ends with a few of them.
    default boolean mayExtendBatch() {
        return true;
    }

    /// Whether the answers of the batch hold memory that other sessions may wait for, until [#answersWritten].
    default boolean holdsMemory() {
        return false;
    }

    /// Releases the memory of the batch's answers: they are on the wire, or never will be.
    default void answersWritten() {
    }

    /// The session is over: no request runs, and none will come.
    default void end() {
    }
}
