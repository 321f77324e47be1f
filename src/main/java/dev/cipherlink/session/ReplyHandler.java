package dev.cipherlink.session;

import dev.cipherlink.command.Reply;
import java.io.IOException;

/// Receives the one outcome of a request. Called under the session's lock by the thread that reads the connection: it
/// must not block, but it may send the next request.
public interface ReplyHandler {

    /// The peer answered.
    void answered(Reply reply);

    /// No answer will come.
    ///
    /// @param wasSent whether the request was on its way, so that the peer may have run it
    void failed(IOException cause, boolean wasSent);
}
