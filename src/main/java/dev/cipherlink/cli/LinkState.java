package dev.cipherlink.cli;

import java.time.Duration;

/// How the REPL's connection to its server is.
sealed interface LinkState {

    /// @param roundTrip of the last request that was timed; zero if none was
    /// @param sinceContact since the server was last heard
    record Linked(Duration roundTrip, Duration sinceContact) implements LinkState {
    }

    /// @param attempt the one to come, 1 for the first
    /// @param untilRetry zero while it is under way
    record Retrying(int attempt, Duration sinceContact, Duration untilRetry) implements LinkState {
    }

    /// There will be no other attempt.
    record Ended() implements LinkState {
    }
}
