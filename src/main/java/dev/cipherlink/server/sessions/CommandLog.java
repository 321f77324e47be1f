package dev.cipherlink.server.sessions;

import dev.cipherlink.audit.AuditEvent;
import dev.cipherlink.audit.LineLimit;
import dev.cipherlink.command.Verb;
import dev.cipherlink.server.access.ClientDirectory.ClientIdentity;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/// The log's lines about commands: those that a client has no right to, and what operators do to others. Thread-safe.
public final class CommandLog {

    private static final Logger LOG = System.getLogger(CommandLog.class.getName());
    /// A minute, of one client and in all: a client that repeats a denied command must not fill the disk.
    static final int LINES_PER_CLIENT = 3;
    static final int LINES_IN_ALL = 60;
    private static final int SESSION_DIGITS = 8;

    private final LineLimit<String> denials =
            new LineLimit<>("commands were denied", LINES_PER_CLIENT, LINES_IN_ALL, System.nanoTime());

    /// The beginning of a session's id: enough to find it again, and not enough to resume it.
    public static String shortened(String sessionId) {
        return sessionId.substring(0, Math.min(SESSION_DIGITS, sessionId.length()));
    }

    /// How the log names a key: its fingerprint, or `shared`.
    public static String key(ClientIdentity client) {
        return client.key().map(key -> key.fingerprint().toString()).orElse("shared");
    }

    void denied(SessionOrigin origin, Verb verb, String reason) {
        ClientIdentity client = origin.client();
        if (denials.mayLog(client.name())) {
            LOG.log(Level.INFO, AuditEvent.MESSAGE, event("command-denied", origin, verb).with("reason", reason));
        }
    }

    /// An operator has acted on somebody else.
    void operated(SessionOrigin origin, Verb verb, String room, String person) {
        LOG.log(Level.INFO, AuditEvent.MESSAGE, event("operator", origin, verb).with("room", room).with("person", person));
    }

    private static AuditEvent event(String name, SessionOrigin origin, Verb verb) {
        return new AuditEvent(name).with("verb", verb == null ? "" : verb.name()).with("name", origin.client().name())
                .with("key", key(origin.client())).with("session", shortened(origin.id()));
    }

    /// Tells how many lines were left out. To be called about once a second.
    public void tell(long nanoTime) {
        denials.tell(nanoTime);
    }
}
