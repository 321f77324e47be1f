package dev.cipherlink.server;

import dev.cipherlink.channel.SecureChannel;
import dev.cipherlink.command.Escapes;
import dev.cipherlink.command.Event;
import dev.cipherlink.crypto.PublicKey;
import dev.cipherlink.message.OperationMode;
import dev.cipherlink.server.HandshakeGate.HandshakeLimits;
import dev.cipherlink.server.access.ClientDirectory;
import dev.cipherlink.server.access.Netblock;
import dev.cipherlink.session.CloseReason;
import dev.cipherlink.session.Link;
import dev.cipherlink.session.LinkEnd;
import dev.cipherlink.session.SessionHandshake;
import java.io.Closeable;
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
import java.util.concurrent.StructuredTaskScope;

/// The whole life of one connection, from accept to close, in one virtual thread of the server's scope.
public final class Connection implements Runnable, Closeable {

    /// How long the last words to a peer may take to arrive before the connection closes over them.
    private static final Duration LINGER = Duration.ofSeconds(1);
    private static final Duration REST = Duration.ofMillis(100);
    private static final Duration REST_CHECK = REST.dividedBy(10);

    private final long id;
    private final Socket socket;
    private final Server server;
    private final long acceptedAt = System.nanoTime();
    private final Admission admission;
    private volatile Link link;
    /// In place of a link, in stream mode.
    private volatile StreamConnection stream;
    private volatile boolean draining;
    private volatile boolean admissionLost;
    private volatile boolean takenOver;
    private volatile boolean aborted;
    private volatile boolean hasMadeRoom;
    /// Null before the handshakes.
    private volatile HandshakeGate.Visit visit;

    Connection(long id, Socket socket, Server server) {
        this.id = id;
        this.socket = socket;
        this.server = server;
        admission = new Admission(this, server);
    }

    @Override
    public void run() {
        var end = new LinkEnd(CloseReason.INTERNAL_ERROR, "", null);
        try (socket) {
            end = establishAndServe();
            if (admissionLost) {
                end = new LinkEnd(CloseReason.NOT_AUTHORIZED, "revoked", null);
            } else if (takenOver) {
                end = new LinkEnd(CloseReason.TAKEN_OVER, "", null);
            } else if (aborted) {
                end = new LinkEnd(CloseReason.SERVER_STOPPED, "aborted", null);
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
            admission.close();
            if (stream != null) {
                stream.stop();
                server.room().leaveTarget();
            }
            server.closed(this, end);
        }
    }

    private LinkEnd establishAndServe() throws IOException, InterruptedException {
        socket.setOption(StandardSocketOptions.TCP_NODELAY, true);
        InetAddress address = socket.getInetAddress();
        visit = server.gate().enter(address, System.nanoTime(), this::makeRoom);
        if (visit == null) {
            return new LinkEnd(CloseReason.TOO_MANY_HANDSHAKES, "", null);
        }
        try {
            link = establish();
            visit.established(System.nanoTime());
            server.statistics().established.increment();
            return stream == null ? link.run() : forward();
        } catch (StructuredTaskScope.TimeoutException e) {
            if (!admission.hasProved()) {
                visit.failed(HandshakeGate.Failure.TOO_SLOW, System.nanoTime());
            }
            return new LinkEnd(CloseReason.HANDSHAKE_TIMEOUT, "", null);
        } catch (StructuredTaskScope.FailedException e) {
            return hasMadeRoom ? new LinkEnd(CloseReason.TOO_MANY_HANDSHAKES, "made room for another", null)
                    : handshakeFailure(e.getCause());
        } finally {
            visit.leave();
            // Before anything that takes time: the client may be waiting for its session on another connection.
            admission.release();
        }
    }

    /// A client that may have something connected is no stranger, and programs open many connections at once.
    private LinkEnd forward() throws InterruptedException {
        visit.refund();
        return stream.run();
    }

    /// The client has proved that it may come in.
    void admitted() {
        visit.proved();
    }

    Netblock netblock() {
        HandshakeLimits limits = server.config().handshakes();
        return Netblock.of(socket.getInetAddress(), limits.ipv4Bits(), limits.ipv6Bits());
    }

    /// Whether it ends without having been anybody's who may come in.
    boolean isStrangers() {
        return link == null && stream == null && !admission.hasProved();
    }

    /// Ends the connection, which has proved nothing, for another one.
    private void makeRoom() {
        hasMadeRoom = true;
        try {
            socket.close();
        } catch (IOException e) {
            // It was ending already.
        }
    }

    /// The handshakes wait for nothing but a target now: that takes no place of other handshakes of its address.
    void opensTarget() {
        visit.leave();
    }

    /// What the connection is from now on: a forward, in place of a session.
    void become(StreamConnection forward) {
        stream = forward;
    }

    /// Ends the connection, whose session goes on with another one.
    @Override
    public void close() throws IOException {
        takenOver = true;
        socket.close();
    }

    /// Ends the connection at once, whatever its threads are doing.
    void abort() {
        aborted = true;
        try {
            socket.close();
        } catch (IOException e) {
            // It was ending already.
        }
    }

    private LinkEnd handshakeFailure(Throwable cause) {
        if (!admission.hasProved()) {
            switch (cause) {
                case EOFException _ when bytesIn() == 0 -> visit.failed(HandshakeGate.Failure.NOTHING_SAID, System.nanoTime());
                case EOFException _, ProtocolException _, Admission.NotAdmittedException _ ->
                        visit.failed(HandshakeGate.Failure.NOT_PROVED, System.nanoTime());
                default -> visit.failed(HandshakeGate.Failure.NOTHING_SAID, System.nanoTime());
            }
        }
        return switch (cause) {
            case Admission.NotAdmittedException e -> new LinkEnd(CloseReason.NOT_AUTHORIZED, e.getMessage(), e);
            case EOFException e when admission.isWaiting() -> new LinkEnd(CloseReason.NOT_USED, "", e);
            case EOFException e -> new LinkEnd(CloseReason.HANDSHAKE_FAILED, e.getMessage(), e);
            case ProtocolException e -> new LinkEnd(CloseReason.HANDSHAKE_FAILED, e.getMessage(), e);
            case IOException e -> new LinkEnd(CloseReason.PEER_LOST, e.getMessage(), e);
            default -> new LinkEnd(CloseReason.INTERNAL_ERROR, cause.toString(), cause);
        };
    }

    /// Both handshakes, under one absolute deadline: when it passes, the interrupt closes the socket.
    private Link establish() throws InterruptedException {
        return SessionHandshake.within(server.config().handshakeTimeout(), admission::establish);
    }

    /// Ends the connection if the directory does not admit its client any more, or under another name or with other
    /// rights.
    void endUnlessAdmitted(ClientDirectory clients) {
        PublicKey key = admission.remoteKey();
        if (key == null || admission.isAsBefore(clients)) {
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
            case PEER_CLOSED, PEER_LOST, KEEPALIVE_TIMEOUT, PEER_STALLED, UNACKNOWLEDGED, TAKEN_OVER, REFUSED_BY_PEER,
                    HANDSHAKE_TIMEOUT, TOO_MANY_HANDSHAKES, NOT_USED, STREAM_ENDED, TARGET_LOST, IDLE_TIMEOUT, SERVER_STOPPED,
                    INTERNAL_ERROR -> {
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
        try {
            if (stream != null) {
                // A forward cannot be told anything: it may come to its own end within the grace period.
                return;
            }
            awaitGranted();
            Link live = link;
            if (live == null) {
                socket.close();
                return;
            }
            live.session().push(new Event.Notice("the server is stopping").encode());
            while (!socket.isClosed() && !(live.isQuiet(REST) && socket.getInputStream().available() == 0)) {
                Thread.sleep(REST_CHECK);
            }
            socket.shutdownOutput();
        } catch (IOException e) {
            // The connection has ended meanwhile, which is what this is about.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// A client that was granted a session may have asked for something in it already: its answer to that is on the way.
    private void awaitGranted() throws InterruptedException {
        while (link == null && admission.hasSession() && !socket.isClosed()) {
            Thread.sleep(REST_CHECK);
        }
    }

    /// Whether the server stops: then nobody gets a session any more.
    boolean isDraining() {
        return draining;
    }

    long id() {
        return id;
    }

    Socket socket() {
        return socket;
    }

    public long bytesIn() {
        SecureChannel current = admission.channel();
        return current == null ? 0 : current.bytesIn();
    }

    public long bytesOut() {
        SecureChannel current = admission.channel();
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
