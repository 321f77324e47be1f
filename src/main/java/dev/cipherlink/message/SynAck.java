package dev.cipherlink.message;

/// A server's answer to SYN (`docs/protocol.md`, section 3).
public sealed interface SynAck {

    /// The session is granted once the client echoes its id.
    ///
    /// @param sessionId 128 random bits in hex
    /// @param clientId  the name the server knows the client by
    /// @param received  if the session goes on that the client asked for: the highest number up to which the server
    ///                  accepted everything; else [#NOT_RESUMED]
    record Granted(String sessionId, SessionParameters parameters, String clientId, int received) implements SynAck {

        public static final int NOT_RESUMED = -1;

        /// Of a new session.
        public Granted(String sessionId, SessionParameters parameters, String clientId) {
            this(sessionId, parameters, clientId, NOT_RESUMED);
        }

        public boolean isResumed() {
            return received != NOT_RESUMED;
        }
    }

    /// The server closes after this.
    record Refused(String reason) implements SynAck {
    }
}
