package dev.cipherlink.server;

import dev.cipherlink.channel.NoiseChannel;
import dev.cipherlink.channel.NoiseHandshake;
import dev.cipherlink.channel.SecureChannel;
import dev.cipherlink.channel.SharedKeyChannel;
import dev.cipherlink.command.Escapes;
import dev.cipherlink.command.Event;
import dev.cipherlink.crypto.PublicKey;
import dev.cipherlink.crypto.PublicKeyLine;
import dev.cipherlink.message.OperationMode;
import dev.cipherlink.message.Syn;
import dev.cipherlink.message.SynAck;
import dev.cipherlink.packet.PacketReader;
import dev.cipherlink.packet.PacketWriter;
import dev.cipherlink.session.CloseReason;
import dev.cipherlink.session.Link;
import dev.cipherlink.session.LinkConfig;
import dev.cipherlink.session.LinkEnd;
import dev.cipherlink.session.Outbox;
import dev.cipherlink.session.Session;
import dev.cipherlink.session.SessionHandshake;
import dev.cipherlink.session.SessionIdentity;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProtocolException;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.StructuredTaskScope;
import java.util.concurrent.StructuredTaskScope.Joiner;

/// The whole life of one connection, from accept to close, in one virtual thread of the server's scope.
final class Connection implements Runnable {

    private static final int MAX_WAITING_EVENTS = 256;
    private static final long MAX_WAITING_EVENT_BYTES = 1 << 20;
    /// How long the last words to a peer may take to arrive before the connection closes over them.
    private static final Duration LINGER = Duration.ofSeconds(1);
    private static final Duration REST = Duration.ofMillis(100);

    private final long id;
    private final Socket socket;
    private final Server server;
    private final long acceptedAt = System.nanoTime();
    private volatile SecureChannel channel;
    private volatile Link link;
    /// In place of a link, in stream mode.
    private volatile StreamConnection stream;
    private volatile PublicKey remoteKey;
    private volatile ClientIdentity client;
    /// Whether an admitted client may send its SYN, and has not.
    private volatile boolean isReady;
    private volatile boolean draining;
    private volatile boolean admissionLost;

    Connection(long id, Socket socket, Server server) {
        this.id = id;
        this.socket = socket;
        this.server = server;
    }

    @Override
    public void run() {
        var end = new LinkEnd(CloseReason.INTERNAL_ERROR, "", null);
        try (socket) {
            end = establishAndServe();
            if (admissionLost) {
                end = new LinkEnd(CloseReason.NOT_AUTHORIZED, "revoked", null);
            } else if (end.reason() == CloseReason.PEER_CLOSED && draining) {
                end = new LinkEnd(CloseReason.SERVER_STOPPED, "", null);
            }
            linger(end.reason());
        } catch (InterruptedException e) {
            end = new LinkEnd(CloseReason.SERVER_STOPPED, "aborted", null);
        } catch (IOException e) {
            end = new LinkEnd(CloseReason.PEER_LOST, e.toString(), e);
        } catch (RuntimeException | Error e) {
            end = new LinkEnd(CloseReason.INTERNAL_ERROR, e.toString(), e);
        } finally {
            SecureChannel last = channel;
            if (last != null) {
                last.close();
            }
            StreamConnection forward = stream;
            if (forward != null) {
                forward.stop();
            }
            server.closed(this, end);
        }
    }

    private LinkEnd establishAndServe() throws IOException, InterruptedException {
        socket.setOption(StandardSocketOptions.TCP_NODELAY, true);
        InetAddress address = socket.getInetAddress();
        if (!server.gate().enter(address, System.nanoTime())) {
            return new LinkEnd(CloseReason.TOO_MANY_HANDSHAKES, "", null);
        }
        try {
            link = establish();
        } catch (StructuredTaskScope.TimeoutException e) {
            return new LinkEnd(CloseReason.HANDSHAKE_TIMEOUT, "", null);
        } catch (StructuredTaskScope.FailedException e) {
            return handshakeFailure(e.getCause());
        } finally {
            server.gate().leave(address);
        }
        server.statistics().established.increment();
        return stream == null ? link.run() : forward(address);
    }

    /// A client that may have something connected is no stranger, and programs open many connections at once.
    private LinkEnd forward(InetAddress address) throws InterruptedException {
        server.gate().refund(address);
        return stream.run();
    }

    private LinkEnd handshakeFailure(Throwable cause) {
        return switch (cause) {
            case NotAdmittedException e -> new LinkEnd(CloseReason.NOT_AUTHORIZED, e.getMessage(), e);
            case EOFException e when isReady -> new LinkEnd(CloseReason.NOT_USED, "", e);
            case EOFException e -> new LinkEnd(CloseReason.HANDSHAKE_FAILED, e.getMessage(), e);
            case ProtocolException e -> new LinkEnd(CloseReason.HANDSHAKE_FAILED, e.getMessage(), e);
            case IOException e -> new LinkEnd(CloseReason.PEER_LOST, e.getMessage(), e);
            default -> new LinkEnd(CloseReason.INTERNAL_ERROR, cause.toString(), cause);
        };
    }

    /// Both handshakes, under one absolute deadline: when it passes, the interrupt closes the socket.
    private Link establish() throws InterruptedException {
        try (var scope = StructuredTaskScope.open(Joiner.<Link>anySuccessfulResultOrThrow(),
                configuration -> configuration.withTimeout(server.config().handshakeTimeout()))) {
            scope.fork(this::handshake);
            return scope.join();
        }
    }

    private Link handshake() throws IOException {
        var reader = new PacketReader(socket.getInputStream());
        var writer = new PacketWriter(socket.getOutputStream());
        channel = acceptChannel(reader, writer);
        isReady = channel.version() == NoiseChannel.VERSION;
        SessionHandshake.Result result = SessionHandshake.accept(channel, this::grant);
        if (stream != null) {
            return null;
        }
        var identity = new SessionIdentity(result.granted().sessionId(), client.name(),
                channel.version() != SharedKeyChannel.VERSION, server.config().maxRequestBytes());
        var session = new Session(identity, result.granted().parameters(),
                new Outbox(MAX_WAITING_EVENTS, MAX_WAITING_EVENT_BYTES),
                new CommandDispatcher(server, client, identity.id()));
        return new Link(channel, session, LinkConfig.server(server.config().keepaliveInterval()));
    }

    /// The version of the first packet fixes the version of the connection.
    private SecureChannel acceptChannel(PacketReader reader, PacketWriter writer) throws IOException {
        int version = reader.peekVersion();
        ServerKeys keys = server.config().keys();
        if (version == -1) {
            throw new EOFException("closed without a packet");
        }
        if (version == NoiseChannel.VERSION && keys.identity().isPresent()) {
            return acceptNoise(NoiseHandshake.accept(reader, writer, keys.identity().get().keyPair()));
        }
        if (version == SharedKeyChannel.VERSION && keys.sharedKey().isPresent()) {
            return new SharedKeyChannel(reader, writer, keys.sharedKey().get());
        }
        throw new ProtocolException("packet version " + version + " is not served here");
    }

    /// The client's key is looked up before anything else is received from it.
    private SecureChannel acceptNoise(NoiseHandshake.Result result) throws IOException {
        PublicKey key = PublicKey.of(result.remoteStatic());
        remoteKey = key;
        channel = result.channel();
        if (!server.config().keys().clients().admits(key)) {
            SessionHandshake.refuse(result.channel());
            throw new NotAdmittedException(key);
        }
        return result.channel();
    }

    /// A client whose key is not let in.
    private static final class NotAdmittedException extends IOException {
        private static final long serialVersionUID = 1;

        NotAdmittedException(PublicKey key) {
            super("let it in with: cipherlink authorize '" + new PublicKeyLine(key, "NAME").encode() + "'");
        }
    }

    private SynAck grant(Syn syn, String sessionId) {
        isReady = false;
        if (!syn.clientId().isEmpty() && !PublicKeyLine.isName(syn.clientId())) {
            return new SynAck.Refused("client_id must be 1 to " + PublicKeyLine.MAX_NAME_CHARACTERS
                    + " letters, digits, '.', '_' or '-'");
        }
        Optional<ClientIdentity> identified = remoteKey == null
                ? Optional.of(holderOfSharedKey(syn))
                : server.config().keys().clients().identify(remoteKey, syn.clientId());
        if (identified.isEmpty()) {
            return new SynAck.Refused("not authorized");
        }
        client = identified.get();
        // Whoever takes rights away looks for us by `client`: what changed before that was set is noticed here.
        if (remoteKey != null && !isAdmittedAsBefore(server.config().keys().clients(), remoteKey)) {
            return new SynAck.Refused("not authorized");
        }
        if (syn.wishes().mode() == OperationMode.STREAM) {
            try {
                stream = StreamConnection.open(syn, new StreamConnection.Opening(server, client, socket, channel));
            } catch (IOException e) {
                server.forwards().countFailure();
                return StreamConnection.refusal(e);
            }
        }
        return new SynAck.Granted(sessionId, syn.wishes().clampedTo(server.config().maxWindowSize()), client.name());
    }

    /// A shared key cannot tell its holders apart: the name is a claim, and all are trusted as operators.
    private ClientIdentity holderOfSharedKey(Syn syn) {
        String name = syn.clientId().isEmpty() ? "client-" + id : syn.clientId();
        return new ClientIdentity(name, Optional.empty(), true);
    }

    /// Ends the connection if the directory does not admit its client any more, or under another name or with other
    /// rights.
    void endUnlessAdmitted(ClientDirectory clients) {
        PublicKey key = remoteKey;
        if (key == null || isAdmittedAsBefore(clients, key)) {
            return;
        }
        admissionLost = true;
        Link live = link;
        try (socket) {
            if (live != null) {
                tellRevoked(live);
            }
            if (stream != null) {
                stream.stop();
            }
        } catch (IOException e) {
            // It was ending already.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// A client that does not read must not put off its own end: what does not arrive in time is cut off.
    private static void tellRevoked(Link live) throws InterruptedException {
        Thread telling = Thread.startVirtualThread(() -> {
            try {
                live.refuse("not authorized any more");
            } catch (IOException e) {
                // It was ending already.
            }
        });
        telling.join(LINGER);
    }

    private boolean isAdmittedAsBefore(ClientDirectory clients, PublicKey key) {
        ClientIdentity before = client;
        return before == null ? clients.admits(key)
                : clients.identify(key, before.name()).filter(before::equals).isPresent();
    }

    /// Gives the peer time to read our last words: closing over unread input would reset the connection and take
    /// them away.
    private void linger(CloseReason reason) {
        try {
            lingerFor(reason);
        } catch (IOException e) {
            // The peer is gone before it heard us; why the connection ended was decided before that.
        }
    }

    private void lingerFor(CloseReason reason) throws IOException {
        switch (reason) {
            case PROTOCOL_ERROR, PEER_DISCONNECTED, DISCONNECTED, HANDSHAKE_FAILED, NOT_AUTHORIZED -> {
                if (bytesOut() > 0 && !socket.isClosed()) {
                    socket.shutdownOutput();
                    discardInput();
                }
            }
            case PEER_CLOSED, PEER_LOST, KEEPALIVE_TIMEOUT, PEER_STALLED, REFUSED_BY_PEER, HANDSHAKE_TIMEOUT,
                    TOO_MANY_HANDSHAKES, NOT_USED, STREAM_ENDED, TARGET_LOST, IDLE_TIMEOUT, SERVER_STOPPED, INTERNAL_ERROR -> {
                // Nothing was said, or nobody listens.
            }
        }
    }

    private void discardInput() throws IOException {
        var in = socket.getInputStream();
        var discarded = new byte[4_096];
        long deadline = System.nanoTime() + LINGER.toNanos();
        for (long left = LINGER.toMillis(); left > 0; left = (deadline - System.nanoTime()) / 1_000_000) {
            socket.setSoTimeout((int) left);
            try {
                if (in.read(discarded) < 0) {
                    return;
                }
            } catch (SocketTimeoutException e) {
                return;
            }
        }
    }

    /// Tells the client that the server stops, waits until it is answered and at rest, and ends our direction. Blocks
    /// until the client has closed its own, or the caller is interrupted.
    void drain() {
        draining = true;
        Link live = link;
        try {
            if (stream != null) {
                // A forward cannot be told anything: it may come to its own end within the grace period.
                return;
            }
            if (live == null) {
                socket.close();
                return;
            }
            live.push(new Event.Notice("the server is stopping").encode());
            while (!socket.isClosed() && !(live.isQuiet(REST) && socket.getInputStream().available() == 0)) {
                Thread.sleep(REST.dividedBy(10));
            }
            socket.shutdownOutput();
        } catch (IOException e) {
            // The connection has ended meanwhile, which is what this is about.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    long id() {
        return id;
    }

    long bytesIn() {
        SecureChannel current = channel;
        return current == null ? 0 : current.bytesIn();
    }

    long bytesOut() {
        SecureChannel current = channel;
        return current == null ? 0 : current.bytesOut();
    }

    /// One line of SOCKETS: local address, remote address, state, name, mode, bytes in/out.
    String describe() {
        Link live = link;
        StreamConnection forward = stream;
        boolean isEstablished = live != null || forward != null;
        String state = draining ? "draining" : isEstablished ? "established" : "handshake";
        String mode = forward != null ? OperationMode.STREAM.wireName()
                : live == null ? "-" : live.session().parameters().mode().wireName();
        return address(socket.getLocalSocketAddress()) + " " + address(socket.getRemoteSocketAddress()) + " " + state
                + " " + name() + " " + mode + " " + bytesIn() + "/" + bytesOut()
                + (forward == null ? "" : " " + forward.target());
    }

    private String name() {
        Link live = link;
        StreamConnection forward = stream;
        return forward != null ? Escapes.line(forward.clientName())
                : live == null ? "-" : Escapes.line(live.session().identity().name());
    }

    /// The log record of a connection's end.
    String describeEnd(LinkEnd end) {
        StreamConnection forward = stream;
        long millis = (System.nanoTime() - acceptedAt) / 1_000_000;
        return "connection " + id + " peer=" + address(socket.getRemoteSocketAddress())
                + " name=" + name() + (forward == null ? "" : " target=" + forward.target())
                + " reason=" + end.reason() + " in=" + bytesIn() + " out=" + bytesOut()
                + " duration=" + millis + "ms" + (end.detail().isEmpty() ? "" : " detail=" + Escapes.line(end.detail()));
    }

    private static String address(SocketAddress address) {
        if (address instanceof InetSocketAddress inet && inet.getAddress() != null) {
            String host = inet.getAddress().getHostAddress();
            return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + inet.getPort();
        }
        return "-";
    }
}
