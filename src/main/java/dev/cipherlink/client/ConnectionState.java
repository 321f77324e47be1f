package dev.cipherlink.client;

import java.io.IOException;
import java.time.Duration;

/// What a client knows about its connection.
public sealed interface ConnectionState {

    /// A connection was established again.
    ///
    /// @param isResumed whether the session went on, so that nothing was lost
    /// @param unknown   how many requests were sent and will never be known to have run or not: their handlers were told
    /// @param away      how long there was no connection
    record Connected(boolean isResumed, int unknown, Duration away) implements ConnectionState {
    }

    /// The connection is lost, and another attempt follows.
    ///
    /// @param attempt 1 for the first since the loss
    /// @param delay   until it is made
    /// @param cause   why the connection, or the last attempt, ended
    record Retrying(int attempt, Duration delay, IOException cause) implements ConnectionState {
    }

    /// No further attempt is made.
    record Closed(IOException cause) implements ConnectionState {
    }
}
