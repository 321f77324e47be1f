package dev.cipherlink.message;

/// A client's first message: what it wishes for (`docs/protocol.md`, section 3).
///
/// @param clientId display name that the client claims; empty if none
/// @param target   `host:port` to connect to in stream mode; empty in the other modes
public record Syn(SessionParameters wishes, String clientId, String target) {

    /// In a mode without a target.
    public Syn(SessionParameters wishes, String clientId) {
        this(wishes, clientId, "");
    }
}
