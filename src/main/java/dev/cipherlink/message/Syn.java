package dev.cipherlink.message;

/// A client's first message: what it wishes for (`docs/protocol.md`, section 3).
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
}
