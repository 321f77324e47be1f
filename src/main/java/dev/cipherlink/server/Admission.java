package dev.cipherlink.server;

import dev.cipherlink.channel.NoiseChannel;
import dev.cipherlink.channel.NoiseChannel.NoiseHandshake;
import dev.cipherlink.channel.PacketReader;
import dev.cipherlink.channel.PacketWriter;
import dev.cipherlink.channel.SecureChannel;
import dev.cipherlink.channel.SharedKeyChannel;
import dev.cipherlink.crypto.PublicKey;
import dev.cipherlink.crypto.PublicKeyLine;
import dev.cipherlink.forward.ForwardSockets;
import dev.cipherlink.forward.ForwardTarget.TargetException;
import dev.cipherlink.forward.ForwardTarget.TargetException.Refusal;
import dev.cipherlink.message.SessionParameters.OperationMode;
import dev.cipherlink.message.Syn;
import dev.cipherlink.message.Syn.SynAck;
import dev.cipherlink.server.ServerConfig.ServerKeys;
import dev.cipherlink.server.access.ClientDirectory;
import dev.cipherlink.server.access.ClientDirectory.ClientIdentity;
import dev.cipherlink.server.access.ClientRights.Service;
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

/// Both handshakes of a connection, which determine its client and its session.
///
/// [#establish] runs in one thread, under the connection's deadline; any thread may call the accessors.
final class Admission {

    private static final Logger LOG = System.getLogger(Admission.class.getName());

    private final Connection connection;
    private final Server server;
    private final ServerKeys keys;
    private volatile PacketReader reader;
    private volatile SecureChannel channel;
    private volatile PublicKey remoteKey;
    private volatile ClientIdentity client;
    /// The claim on the session of this connection; null before its SYN, and in stream mode.
    private volatile SessionRegistry.Claim claim;
    /// The forward, in stream mode.
    private volatile StreamConnection stream;
    /// The session of channels, in channels mode.
    private volatile ChannelSession channels;
    private volatile boolean hasProved;
    private volatile boolean isCounted;
    private volatile RefusedForward refusedForward;
    private volatile boolean isResumed;

    Admission(Connection connection, Server server) {
        this.connection = connection;
        this.server = server;
        keys = server.config().keys();
    }

    /// Runs both handshakes. Blocks, without a time limit of its own.
    ///
    /// @return null if the connection became a forward, or one of channels
    Link establish() throws IOException {
        reader = new PacketReader(connection.socket().getInputStream());
        var writer = new PacketWriter(connection.socket().getOutputStream());
        channel = acceptChannel(reader, writer);
        SessionHandshake.Result result = SessionHandshake.accept(channel, this::grant);
        if (channels != null) {
            server.channelSessions.take(channels, connection);
        }
        return stream != null || channels != null ? null : link(result);
    }

    /// The version of the first packet applies to the whole connection.
    private SecureChannel acceptChannel(PacketReader reader, PacketWriter writer) throws IOException {
        int version = reader.peekVersion();
        if (version == -1) {
            throw new EOFException("closed without a packet");
        }
        if (version == NoiseChannel.VERSION && server.responder.isPresent()) {
            return admit(NoiseHandshake.accept(reader, writer, server.responder.get()));
        }
        if (version == SharedKeyChannel.VERSION && keys.sharedKey().isPresent()) {
            return new SharedKeyChannel(reader, writer, keys.sharedKey().get());
        }
        throw new ProtocolException("packet version " + version + " is not served here");
    }

    /// Checks the client's key against the present directory before anything else is received.
    private SecureChannel admit(NoiseHandshake.Result result) throws IOException {
        PublicKey key = PublicKey.of(result.remoteStatic());
        remoteKey = key;
        channel = result.channel();
        server.takeUpClients(connection);
        String refusal = keys.clients().refusal(key, connection.socket().getInetAddress());
        if (refusal != null) {
            SessionHandshake.refuse(result.channel());
            // At DEBUG: an operator should find out whose key it is before copying the command.
            LOG.log(Level.DEBUG, () -> "to let that key in: cipherlink authorize '" + new PublicKeyLine(key, "NAME").encode() + "'");
            throw new NotAdmittedException(refusal, key);
        }
        hasProved = true;
        connection.visit().proved();
        return result.channel();
    }

    /// The client's key is not admitted.
    static final class NotAdmittedException extends IOException {
        private static final long serialVersionUID = 1;

        NotAdmittedException(String refusal, PublicKey key) {
            super(refusal + " " + key.fingerprint());
        }
    }

    /// Answers SYN: identifies the client, applies the connection limits, and finds a session or opens a target.
    private SynAck grant(Syn syn, String sessionId) throws IOException {
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
        // A revocation finds this connection by `client`. One that came before `client` was set is noticed here.
        if (remoteKey != null && !(client.rights().admits(connection.socket().getInetAddress()) && isAsBefore(keys.clients()))) {
            return new SynAck.Refused("not authorized");
        }
        boolean isStream = syn.wishes().mode() == OperationMode.STREAM;
        if (syn.wishes().mode() == OperationMode.CHANNELS) {
            return announcing(grantChannels(syn, sessionId));
        }
        boolean isResume = !isStream && syn.resume() != null && claimSession(syn.resume());
        String refusal = server.enterQuota(client, isResume && claim.isHeldByOther());
        if (refusal != null && isResume) {
            // Not answered with a refusal, which is final: the session waits, and its client tries again.
            throw new IOException(refusal);
        }
        if (refusal != null) {
            return new SynAck.Refused(refusal);
        }
        isCounted = true;
        return announcing(isStream ? openTarget(syn, sessionId)
                : isResume ? resumeSession(syn.resume()) : openSession(syn, sessionId));
    }

    /// Finds the session of channels that the client asks for, or opens one.
    private SynAck grantChannels(Syn syn, String sessionId) throws IOException {
        if (!(channel instanceof NoiseChannel)) {
            return new SynAck.Refused("forwarding needs version 2: an identity, not a shared key", Refusal.NOT_ALLOWED.code());
        }
        if (!client.rights().mayUse(Service.FORWARD)) {
            return new SynAck.Refused("denied: this key may not forward (services in its line)", Refusal.NOT_ALLOWED.code());
        }
        requireServing();
        ChannelSession found = syn.resume() == null ? null
                : server.channelSessions.find(SessionHandshake.sessionId(syn.resume()), client);
        // Never refused where it is resumed: to make room for it, it could end itself.
        String refusal = server.enterQuota(client, found != null);
        if (refusal != null) {
            return new SynAck.Refused(refusal);
        }
        isCounted = true;
        ForwardSockets.tune(connection.socket());
        isResumed = found != null;
        channels = isResumed ? found : server.channelSessions.open(sessionId, client, connection);
        return new SynAck.Granted(channels.id(), syn.wishes(), client.name(), isResumed ? 0 : SynAck.Granted.NOT_RESUMED);
    }

    /// Adds the server's next key, if there is one, and the client knows the present one.
    private SynAck announcing(SynAck answer) {
        Optional<PublicKey> next = remoteKey == null ? Optional.empty()
                : keys.nextKey().current().filter(key -> !key.equals(keys.identity().orElseThrow().publicKey()));
        return next.isPresent() && answer instanceof SynAck.Granted granted
                ? granted.announcing(PublicKeyLine.encodeKey(next.get())) : answer;
    }

    /// With a shared key the name is only a claim, because its holders cannot be told apart, and all are operators. A
    /// resumed session keeps its name.
    private ClientIdentity holderOfSharedKey(Syn syn) {
        String name = syn.clientId().isEmpty() ? "client-" + connection.id() : syn.clientId();
        return new ClientIdentity(name, Optional.empty(), true);
    }

    /// Whether the directory still has the client with the same name and rights.
    boolean isAsBefore(ClientDirectory clients) {
        ClientIdentity before = client;
        return before == null ? clients.admits(remoteKey)
                : clients.identify(remoteKey).filter(before::equals).isPresent();
    }

    /// Connects to the target of a forward; the answer to SYN says whether it was reached.
    private SynAck openTarget(Syn syn, String sessionId) {
        // From now on only the target is awaited, so the handshake no longer counts against the client's address.
        connection.visit().leave();
        try {
            stream = StreamConnection.open(syn, new StreamConnection.Opening(server, client, connection.socket(), channel));
            return new SynAck.Granted(sessionId, syn.wishes(), client.name());
        } catch (IOException e) {
            server.forwards.countFailure();
            TargetException refused = e instanceof TargetException named ? named
                    : new TargetException(Refusal.FAILED, "the server failed: " + e.getMessage());
            refusedForward = RefusedForward.of(syn.target(), refused);
            server.statistics.forwardRefused(refused.refusal());
            return new SynAck.Refused(refused.getMessage(), refused.refusal().code());
        }
    }

    /// A forward that was not made, for the log.
    ///
    /// @param target as the client wrote it, cut to [#MAX_TARGET_CHARACTERS]
    /// @param detail with what the client was not told
    record RefusedForward(String target, Refusal refusal, String detail) {
        private static final int MAX_TARGET_CHARACTERS = 300;

        private static RefusedForward of(String target, TargetException e) {
            return new RefusedForward(target.substring(0, Math.min(MAX_TARGET_CHARACTERS, target.length())), e.refusal(),
                    e.detail().isEmpty() ? e.getMessage() : e.getMessage() + "; " + e.detail());
        }
    }

    /// Null if no forward was refused.
    RefusedForward refusedForward() {
        return refusedForward;
    }

    /// Whether the session is one of an earlier connection.
    boolean isResumed() {
        return isResumed;
    }

    /// Registers the session before the client learns of it, so that a client that loses this connection can resume it.
    private SynAck openSession(Syn syn, String sessionId) throws InterruptedIOException {
        var origin = new SessionOrigin(sessionId, client, channel.version(),
                syn.wishes().clampedTo(server.config().maxWindowSize()));
        claim = server.sessions.open(origin.open(server.services), origin.owner(), connection);
        requireServing();
        return new SynAck.Granted(sessionId, origin.parameters(), client.name());
    }

    /// Claims the requested session, unless it cannot continue from the client's acknowledgement.
    private boolean claimSession(Syn.Resume resume) {
        SessionRegistry.Claim found = server.sessions.claim(SessionHandshake.sessionId(resume), SessionOrigin.owner(client), connection);
        if (found != null && !found.session().canResumeFrom(resume.received())) {
            found.release(System.nanoTime());
            return false;
        }
        claim = found;
        isResumed = found != null;
        return isResumed;
    }

    private SynAck resumeSession(Syn.Resume resume) throws InterruptedIOException {
        requireServing();
        Session claimed = claim.session();
        return new SynAck.Granted(claimed.identity().id(), claimed.parameters(),
                claimed.identity().name(), claimed.received(resume.acknowledged()));
    }

    /// A stopping server finds this connection by [#hasSession] and waits for it. A stop that came before is noticed here.
    private void requireServing() throws InterruptedIOException {
        if (connection.isDraining()) {
            throw new InterruptedIOException("the server is stopping");
        }
    }

    /// Takes the session, from another connection if one holds it: only after the client's ACK, which cannot be replayed.
    private Link link(SessionHandshake.Result result) throws IOException {
        claim.take();
        var link = new Link(channel, claim.session(), LinkConfig.server(server.config().keepaliveInterval()));
        if (isResumed) {
            requireServing();
            link.resume(result.syn().resume().received(), result.syn().resume().acknowledged());
        }
        return link;
    }

    /// Detaches the session, to wait for another connection, unless it has ended or was never established.
    void release() {
        if (claim != null) {
            claim.release(System.nanoTime());
        }
        if (channels != null) {
            server.channelSessions.release(channels, connection);
        }
    }

    /// Removes the connection from its client's count, wipes the channel's keys, and closes the forward. Called once.
    void close() {
        if (isCounted) {
            server.quota.leave(client);
        }
        SecureChannel last = channel;
        if (last != null) {
            last.close();
        }
        if (stream != null) {
            stream.close();
        }
    }

    // Used by other threads.

    /// Null before the wire version is known.
    SecureChannel channel() {
        return channel;
    }

    /// Number of bytes received so far.
    long bytesIn() {
        PacketReader current = reader;
        return current == null ? 0 : current.bytesRead();
    }

    /// The key that the client has proved to hold; null in version 1.
    PublicKey remoteKey() {
        return remoteKey;
    }

    /// Null before the client is known.
    ClientIdentity client() {
        return client;
    }

    /// Whether the client has proved that it may connect. In version 1 only once the session is established: a SYN may be
    /// a recording.
    boolean hasProved() {
        return hasProved;
    }

    /// Null if the connection is no forward.
    StreamConnection stream() {
        return stream;
    }

    /// Null if the connection has no channels.
    ChannelSession channels() {
        return channels;
    }

    /// Whether the connection has a session with this name, or is about to, ignoring case.
    boolean hasSessionOf(String name) {
        SessionRegistry.Claim ours = claim;
        return ours != null && ours.session().identity().name().equalsIgnoreCase(name);
    }

    /// Whether the connection has a session that the client may know of.
    boolean hasSession() {
        SessionRegistry.Claim ours = claim;
        return ours != null && ours.isHolder();
    }
}
