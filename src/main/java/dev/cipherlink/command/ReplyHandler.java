package dev.cipherlink.command;

import java.io.IOException;

/// Receives the one outcome of a request. Called under the session's lock by the thread that reads the connection: it must not
/// block, but may send the next request.
public interface ReplyHandler {

    /// The peer answered.
    void answered(Reply reply);

    /// No answer will come.
    ///
    /// @param wasSent whether the request was on its way, so that the peer may have run it
    void failed(IOException cause, boolean wasSent);

    /// How far a request without an answer has come.
    ///
    /// @param doneBytes  of the request: what the peer has acknowledged; of an answer: what has arrived
    /// @param totalBytes of all of it
    /// @param isAnswer   whether the request is with the peer, and its answer arrives in parts
    record Progress(long doneBytes, long totalBytes, boolean isAnswer) {
    }
}
