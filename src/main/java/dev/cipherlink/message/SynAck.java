package dev.cipherlink.message;

/// A server's answer to SYN (`docs/protocol.md`, section 3).
public sealed interface SynAck {

    /// The session is granted once the client echoes its id.
    ///
    /// @param sessionId 128 random bits in hex
    /// @param clientId  the name the server knows the client by
    record Granted(String sessionId, SessionParameters parameters, String clientId) implements SynAck {
    }

    /// The server closes after this.
    record Refused(String reason) implements SynAck {
    }
}
