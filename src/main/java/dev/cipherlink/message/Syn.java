package dev.cipherlink.message;

/// A client's first message: what it wishes for (`docs/protocol.md`, section 3).
///
/// @param clientId display name that the client claims; empty if none
public record Syn(SessionParameters wishes, String clientId) {
}
