package dev.cipherlink.session;

import java.time.Duration;

/// How a link treats time and memory.
///
/// @param keepaliveInterval silence after which the peer is asked for a sign of life; three unanswered questions, or
///                          three intervals in which it reads nothing of what it is sent, and it counts as lost
/// @param maxBacklogBytes   sealed bytes that may wait for the peer to read before the reader waits too
public record LinkConfig(Duration keepaliveInterval, int maxBacklogBytes) {

    /// For a server: a peer that does not read its answers is not read from.
    public static LinkConfig server(Duration keepaliveInterval) {
        return new LinkConfig(keepaliveInterval, LinkWriter.BACKLOG_BYTES);
    }

    /// For a client: it always reads, else two ends that wait for each other to read would wait for ever. What it can
    /// have in its backlog is bounded by its window.
    public static LinkConfig client(Duration keepaliveInterval) {
        return new LinkConfig(keepaliveInterval, Integer.MAX_VALUE);
    }
}
