package dev.cipherlink.message;

/// A client's first message: its wishes (`docs/protocol.md`, section 3).
///
/// @param clientId display name that the client claims; empty if none
/// @param resume   which session is to go on; null for a new one
/// @param target   `host:port` to connect to in stream mode; empty in the other modes
/// @param challenge what the answer has to repeat, in version 1; empty if the client does not ask for that
public record Syn(SessionParameters wishes, String clientId, Resume resume, String target, String challenge) {

    /// Asks for a session that has lost its connection (`docs/protocol.md`, section 5).
    ///
    /// @param sessionId    which one
    /// @param received     the highest number up to which the client accepted everything
    /// @param acknowledged the number up to which every request was answered in whole; -1 if the client does not tell
    public record Resume(String sessionId, int received, int acknowledged) {
    }

    /// For a new session.
    public Syn(SessionParameters wishes, String clientId) {
        this(wishes, clientId, null, "", "");
    }

    /// For a session that has lost its connection.
    public Syn(SessionParameters wishes, String clientId, Resume resume) {
        this(wishes, clientId, resume, "", "");
    }

    /// For a stream to a target.
    public Syn(SessionParameters wishes, String clientId, String target) {
        this(wishes, clientId, null, target, "");
    }

    /// The same, with a challenge.
    public Syn challenging(String newChallenge) {
        return new Syn(wishes, clientId, resume, target, newChallenge);
    }

    /// A server's answer to SYN (`docs/protocol.md`, section 3).
    public sealed interface SynAck {

        /// The session is granted once the client echoes its id.
        ///
        /// @param sessionId 128 random bits in hex; where a version 1 session goes on, its own and 128 fresh ones
        /// @param clientId  the name the server knows the client by
        /// @param received  if the session goes on that the client asked for: the highest number up to which the server
        ///                  accepted everything; else [#NOT_RESUMED]
        /// @param challenge that of the SYN, in version 1; null from a server that does not repeat it
        /// @param nextKey   the key that the server will have next, in base64, in version 2; empty if it announces none
        record Granted(String sessionId, SessionParameters parameters, String clientId, int received, String challenge,
                       String nextKey) implements SynAck {

            public static final int NOT_RESUMED = -1;

            /// Of a new session.
            public Granted(String sessionId, SessionParameters parameters, String clientId) {
                this(sessionId, parameters, clientId, NOT_RESUMED);
            }

            /// Of a session that goes on, or [#NOT_RESUMED].
            public Granted(String sessionId, SessionParameters parameters, String clientId, int received) {
                this(sessionId, parameters, clientId, received, null, "");
            }

            /// The same, under another id and with a challenge.
            public Granted answering(String newSessionId, String newChallenge) {
                return new Granted(newSessionId, parameters, clientId, received, newChallenge, nextKey);
            }

            /// The same, with the server's next key.
            public Granted announcing(String newNextKey) {
                return new Granted(sessionId, parameters, clientId, received, challenge, newNextKey);
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
}
