package dev.cipherlink.server;

import dev.cipherlink.channel.NoiseChannel;
import dev.cipherlink.channel.NoiseHandshake;
import dev.cipherlink.channel.PacketReader;
import dev.cipherlink.channel.PacketWriter;
import dev.cipherlink.channel.SecureChannel;
import dev.cipherlink.channel.SharedKeyChannel;
import dev.cipherlink.crypto.PublicKey;
import dev.cipherlink.crypto.PublicKeyLine;
import dev.cipherlink.message.SessionParameters.OperationMode;
import dev.cipherlink.message.Syn;
import dev.cipherlink.message.Syn.SynAck;
import dev.cipherlink.server.ServerConfig.ServerKeys;
import dev.cipherlink.server.access.ClientDirectory;
import dev.cipherlink.server.access.ClientDirectory.ClientIdentity;
import dev.cipherlink.server.sessions.SessionOrigin;
import dev.cipherlink.server.sessions.SessionRegistry;
import dev.cipherlink.session.Link;
import dev.cipherlink.session.Link.LinkConfig;
import dev.cipherlink.session.Session;
import dev.cipherlink.session.SessionHandshake;
import java.io.EOFException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.ProtocolException;
import java.util.Optional;

/// Both handshakes of a connection: which client it is, and which session it gets.
///
/// [#establish] runs in one thread, under the deadline of the connection; any thread may call the accessors.
final class Admission {

    private static final Logger LOG = System.getLogger(Admission.class.getName());

    private final Connection connection;
    private final Server server;
    private final ServerKeys keys;
    private volatile PacketReader reader;
    private volatile SecureChannel channel;
    private volatile PublicKey remoteKey;
    private volatile ClientIdentity client;
    /// The session that this connection has; null while it has none.
    private volatile Session session;
    /// On the session that the client wants to resume, until the client has proved that it is there.
    private SessionRegistry.Claim claim;
    /// Whether an admitted client may send its SYN, and has not.
    private volatile boolean isWaiting;
    private volatile boolean hasProved;
    private volatile boolean isCounted;

    Admission(Connection connection, Server server) {
        this.connection = connection;
        this.server = server;
        keys = server.config().keys();
    }

    /// Null before its version is known.
    SecureChannel channel() {
        return channel;
    }

    /// Bytes that have come, from the first one on.
    long bytesIn() {
        PacketReader current = reader;
        return current == null ? 0 : current.bytesRead();
    }

    /// The key that the client has proved to have; null in version 1.
    PublicKey remoteKey() {
        return remoteKey;
    }

    /// Null before the client is known.
    ClientIdentity client() {
        return client;
    }

    /// Whether a client that is let in has not asked for anything yet.
    boolean isWaiting() {
        return isWaiting;
    }

    /// Whether the client has proved that it may come in. Never in version 1 before its session: the SYN may be a recorded one.
    boolean hasProved() {
        return hasProved;
    }

    /// Whether the connection has a session, of which the client may have heard.
    boolean hasSession() {
        return session != null;
    }

    /// Runs both handshakes. Blocks, without a time limit of its own.
    ///
    /// @return null if the connection became a forward
    Link establish() throws IOException {
        try {
            reader = new PacketReader(connection.socket().getInputStream());
            var writer = new PacketWriter(connection.socket().getOutputStream());
            channel = acceptChannel(reader, writer);
            isWaiting = channel.version() == NoiseChannel.VERSION;
            SessionHandshake.Result result = SessionHandshake.accept(channel, this::grant);
            if (claim != null) {
                takeSession();
            }
            return result.granted().parameters().mode() == OperationMode.STREAM ? null : link(result);
        } catch (IOException | RuntimeException e) {
            release();
            throw e;
        } finally {
            if (claim != null) {
                claim.close();
            }
        }
    }

    /// The version of the first packet is that of the connection.
    private SecureChannel acceptChannel(PacketReader reader, PacketWriter writer) throws IOException {
        int version = reader.peekVersion();
        if (version == -1) {
            throw new EOFException("closed without a packet");
        }
        if (version == NoiseChannel.VERSION && keys.identity().isPresent()) {
            return admit(NoiseHandshake.accept(reader, writer,
                    new NoiseHandshake.Responder(keys.suites(), keys.identity().get().keyPair())));
        }
        if (version == SharedKeyChannel.VERSION && keys.sharedKey().isPresent()) {
            return new SharedKeyChannel(reader, writer, keys.sharedKey().get());
        }
        throw new ProtocolException("packet version " + version + " is not served here");
    }

    /// Looks the client's key up before anything else is received from it, among those that are let in now.
    private SecureChannel admit(NoiseHandshake.Result result) throws IOException {
        PublicKey key = PublicKey.of(result.remoteStatic());
        remoteKey = key;
        channel = result.channel();
        server.takeUpClients(connection);
        if (!keys.clients().admits(key)) {
            SessionHandshake.refuse(result.channel());
            // At DEBUG: an operator must not copy it before asking whose key that is.
            LOG.log(Level.DEBUG, () -> "to let that key in: cipherlink authorize '" + new PublicKeyLine(key, "NAME").encode() + "'");
            throw new NotAdmittedException(key);
        }
        hasProved = true;
        connection.visit().proved();
        return result.channel();
    }

    /// A client whose key is not let in.
    static final class NotAdmittedException extends IOException {
        private static final long serialVersionUID = 1;

        NotAdmittedException(PublicKey key) {
            super("unknown key " + key.fingerprint());
        }
    }

    /// Answers SYN: identifies the client, counts the connection against its limits, and finds a session or opens a target.
    private SynAck grant(Syn syn, String sessionId) throws IOException {
        isWaiting = false;
        if (!syn.clientId().isEmpty() && !PublicKeyLine.isName(syn.clientId())) {
            return new SynAck.Refused("client_id must be 1 to " + PublicKeyLine.MAX_NAME_CHARACTERS
                    + " letters, digits, '.', '_' or '-'");
        }
        Optional<ClientIdentity> identified = remoteKey == null
                ? Optional.of(holderOfSharedKey(syn))
                : keys.clients().welcome(remoteKey, syn.clientId(), connection.socket().getInetAddress());
        if (identified.isEmpty()) {
            return new SynAck.Refused("not authorized");
        }
        client = identified.get();
        // A revocation finds this connection by `client`: a change before that was set is noticed here.
        if (remoteKey != null && !isAsBefore(keys.clients())) {
            return new SynAck.Refused("not authorized");
        }
        boolean isStream = syn.wishes().mode() == OperationMode.STREAM;
        boolean isResume = !isStream && syn.resume() != null && claimSession(syn.resume());
        String refusal = server.quota.enter(client, isResume && claim.isHeld());
        if (refusal != null && isResume) {
            // A refusal is final; the session waits, and its client tries again.
            throw new IOException(refusal);
        }
        if (refusal != null) {
            return new SynAck.Refused(refusal);
        }
        isCounted = true;
        return isStream ? openTarget(syn, sessionId) : isResume ? resumeSession(syn.resume()) : openSession(syn, sessionId);
    }

    /// A shared key cannot tell its holders apart: the name is a claim, and all are trusted as operators. A session that
    /// is resumed keeps its name.
    private ClientIdentity holderOfSharedKey(Syn syn) {
        String name = syn.clientId().isEmpty() ? "client-" + connection.id() : syn.clientId();
        return new ClientIdentity(name, Optional.empty(), true);
    }

    /// Whether the directory still has the client under the same name and with the same rights.
    boolean isAsBefore(ClientDirectory clients) {
        ClientIdentity before = client;
        return before == null ? clients.admits(remoteKey)
                : clients.identify(remoteKey).filter(before::equals).isPresent();
    }

    /// Connects to the target of a forward: the answer to SYN says whether it was reached.
    private SynAck openTarget(Syn syn, String sessionId) {
        // From here on the handshakes wait for the target only, and no longer count against their address.
        connection.visit().leave();
        try {
            connection.become(StreamConnection.open(syn,
                    new StreamConnection.Opening(server, client, connection.socket(), channel)));
            return new SynAck.Granted(sessionId, syn.wishes(), client.name());
        } catch (IOException e) {
            server.forwards.countFailure();
            return StreamConnection.refusal(e);
        }
    }

    /// The session is registered before the client hears of it, so that a client that loses this connection can resume it.
    private SynAck openSession(Syn syn, String sessionId) throws InterruptedIOException {
        var origin = new SessionOrigin(sessionId, client, channel.version(),
                syn.wishes().clampedTo(server.config().maxWindowSize()));
        session = origin.open(server.services);
        server.sessions.add(session, origin.owner(), connection);
        requireServing();
        return new SynAck.Granted(sessionId, origin.parameters(), client.name());
    }

    /// Claims the session that the client asks for, unless it cannot go on from what the client says it has received.
    private boolean claimSession(Syn.Resume resume) {
        claim = server.sessions.claim(SessionHandshake.sessionId(resume), SessionOrigin.owner(client));
        if (claim != null && !claim.session().canResumeFrom(resume.received())) {
            claim.close();
            claim = null;
        }
        return claim != null;
    }

    private SynAck resumeSession(Syn.Resume resume) throws InterruptedIOException {
        requireServing();
        Session claimed = claim.session();
        return new SynAck.Granted(claimed.identity().id(), claimed.parameters(),
                claimed.identity().name(), claimed.received(resume.acknowledged()));
    }

    /// Takes the session from the connection that has it: only after the client's ACK, which a recording cannot give.
    private void takeSession() throws IOException {
        try {
            if (!claim.take(connection)) {
                throw new IOException("the session ended while it was being resumed");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while waiting for the session's last connection to end");
        }
        session = claim.session();
        requireServing();
    }

    /// A stopping server finds this connection by `session`, and waits for it: a stop before that was set is noticed here.
    private void requireServing() throws InterruptedIOException {
        if (connection.isDraining()) {
            throw new InterruptedIOException("the server is stopping");
        }
    }

    private Link link(SessionHandshake.Result result) throws IOException {
        server.sessions.established(session);
        var link = new Link(channel, session, LinkConfig.server(server.config().keepaliveInterval()));
        if (result.granted().isResumed()) {
            link.resume(result.syn().resume().received(), result.syn().resume().acknowledged());
        }
        return link;
    }

    /// Lets the session go: it waits for another connection, unless it is over or was never established.
    void release() {
        Session held = session;
        if (held != null) {
            session = null;
            server.sessions.release(held, System.nanoTime());
        }
    }

    /// Takes the connection out of its client's count, and wipes the channel's keys. Called once.
    void close() {
        if (isCounted) {
            server.quota.leave(client);
        }
        SecureChannel last = channel;
        if (last != null) {
            last.close();
        }
    }
}
