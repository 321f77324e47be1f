package dev.cipherlink.session;

import dev.cipherlink.command.Reply;
import dev.cipherlink.message.Payload;

/// Runs the DATA payloads that a peer sends: requests at a server, events at a client.
///
/// Called by the link's reading thread, in order, each payload once, under the session's lock: it must not wait for
/// the network or for another session.
public interface RequestHandler {

    /// Runs one request. The payload is a view of a buffer that is reused: copy what is kept.
    ///
    /// @return the answer. An answer of more than [Session#MAX_STORED_REPLY_BYTES] must be that of a request that
    ///         changes nothing: a duplicate of the request may run it again.
    Reply handle(Payload request);

    /// The requests that arrived together have run; their answers leave when this returns.
    default void completeBatch() {
    }

    /// Instead of [#completeBatch], where the link ends in the middle of a batch: no answer of it leaves.
    default void abandonBatch() {
    }
}
