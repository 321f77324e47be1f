package dev.cipherlink.message;

/// A server's answer to SYN (`docs/protocol.md`, section 3).
public sealed interface SynAck {

    /// The session is granted once the client echoes its id.
    ///
    /// @param sessionId 128 random bits in hex; where a version 1 session goes on, its own and 128 fresh ones
    /// @param clientId  the name the server knows the client by
    /// @param received  if the session goes on that the client asked for: the highest number up to which the server
    ///                  accepted everything; else [#NOT_RESUMED]
    /// @param challenge that of the SYN, in version 1; null from a server that does not repeat it
    record Granted(String sessionId, SessionParameters parameters, String clientId, int received, String challenge)
            implements SynAck {

        public static final int NOT_RESUMED = -1;

        /// Of a new session.
        public Granted(String sessionId, SessionParameters parameters, String clientId) {
            this(sessionId, parameters, clientId, NOT_RESUMED);
        }

        /// Of a session that goes on, or [#NOT_RESUMED].
        public Granted(String sessionId, SessionParameters parameters, String clientId, int received) {
            this(sessionId, parameters, clientId, received, null);
        }

        /// The same, under another id and with a challenge.
        public Granted answering(String newSessionId, String newChallenge) {
            return new Granted(newSessionId, parameters, clientId, received, newChallenge);
        }

        public boolean isResumed() {
            return received != NOT_RESUMED;
        }
    }

    /// The server closes after this.
    ///
    /// @param reason one line for people
    /// @param code   one word for programs, in stream mode; empty if there is none
    record Refused(String reason, String code) implements SynAck {

        /// Without a word for programs.
        public Refused(String reason) {
            this(reason, "");
        }
    }
}
