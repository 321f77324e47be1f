package dev.cipherlink.message;

/// A client's first message: its wishes (`docs/protocol.md`, section 3).
///
/// @param clientId display name that the client claims; empty if none
/// @param resume   which session is to go on; null for a new one
/// @param target   `host:port` to connect to in stream mode; empty in the other modes
/// @param challenge what the answer has to repeat, in version 1; empty if the client does not ask for that
/// @param extras   what the client understands and wishes beside
public record Syn(SessionParameters wishes, String clientId, Resume resume, String target, String challenge, Extras extras) {

    /// What both sides have to agree on, in version 2, since earlier ones do not know it.
    ///
    /// @param rekeysByTime whether each side may replace the key of its direction in front of any packet
    /// @param pads         whether both sides fill small packets up
    public record Extras(boolean rekeysByTime, boolean pads) {
        public static final Extras NONE = new Extras(false, false);

        public Extras and(Extras other) {
            return new Extras(rekeysByTime && other.rekeysByTime, pads && other.pads);
        }
    }

    /// Without extras.
    public Syn(SessionParameters wishes, String clientId, Resume resume, String target, String challenge) {
        this(wishes, clientId, resume, target, challenge, Extras.NONE);
    }

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
        return new Syn(wishes, clientId, resume, target, newChallenge, extras);
    }

    /// The same, with extras.
    public Syn with(Extras newExtras) {
        return new Syn(wishes, clientId, resume, target, challenge, newExtras);
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
        /// @param extras    those of the SYN that hold
        record Granted(String sessionId, SessionParameters parameters, String clientId, int received, String challenge,
                       String nextKey, Extras extras) implements SynAck {

            public static final int NOT_RESUMED = -1;

            /// Of a new session.
            public Granted(String sessionId, SessionParameters parameters, String clientId) {
                this(sessionId, parameters, clientId, NOT_RESUMED);
            }

            /// Of a session that goes on, or [#NOT_RESUMED].
            public Granted(String sessionId, SessionParameters parameters, String clientId, int received) {
                this(sessionId, parameters, clientId, received, null, "", Extras.NONE);
            }

            /// The same, under another id and with a challenge.
            public Granted answering(String newSessionId, String newChallenge) {
                return new Granted(newSessionId, parameters, clientId, received, newChallenge, nextKey, extras);
            }

            /// The same, with the server's next key.
            public Granted announcing(String newNextKey) {
                return new Granted(sessionId, parameters, clientId, received, challenge, newNextKey, extras);
            }

            /// The same, with extras.
            public Granted with(Extras newExtras) {
                return new Granted(sessionId, parameters, clientId, received, challenge, nextKey, newExtras);
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
