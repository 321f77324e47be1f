package dev.cipherlink.session;

/// Why a connection ended. Every end has exactly one.
public enum CloseReason {
    /// The peer ended the session with DISCONNECT.
    PEER_DISCONNECTED,
    /// We ended the session with DISCONNECT, and the peer acknowledged it.
    DISCONNECTED,
    /// The peer closed the connection between two packets, without DISCONNECT.
    PEER_CLOSED,
    /// The connection broke: a reset, or an end inside a packet.
    PEER_LOST,
    /// Nothing came from the peer, not even answers to keepalives.
    KEEPALIVE_TIMEOUT,
    /// The peer does not read what we send.
    PEER_STALLED,
    /// The peer lives, but has not answered a message that was sent again five times.
    UNACKNOWLEDGED,
    /// The client has resumed its session with another connection.
    TAKEN_OVER,
    /// The peer broke the rules of the protocol.
    PROTOCOL_ERROR,
    /// The peer said that we broke the rules, with ERROR and sequence 0.
    REFUSED_BY_PEER,
    /// No session was established: the key is wrong, the packets are foreign, or the wishes cannot be granted.
    HANDSHAKE_FAILED,
    /// An admitted client closed before it asked for a session: it had kept the connection ready.
    NOT_USED,
    /// No session was established before the deadline.
    HANDSHAKE_TIMEOUT,
    /// Too many connections of this address, or in all, were waiting to be established.
    TOO_MANY_HANDSHAKES,
    /// The client's key is not, or no longer, let in.
    NOT_AUTHORIZED,
    /// An operator ended the connection, or its session.
    ENDED_BY_OPERATOR,
    /// The target of a forward is not allowed, or was not reached.
    FORWARD_REFUSED,
    /// A forwarded connection came to its end in both directions.
    STREAM_ENDED,
    /// The target of a forward broke its connection.
    TARGET_LOST,
    /// A forward moved nothing for too long.
    IDLE_TIMEOUT,
    /// The server is stopping.
    SERVER_STOPPED,
    /// Our own fault.
    INTERNAL_ERROR
}
