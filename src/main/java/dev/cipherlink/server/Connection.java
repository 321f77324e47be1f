package dev.cipherlink.server;

import dev.cipherlink.channel.NoiseChannel;
import dev.cipherlink.channel.SecureChannel;
import dev.cipherlink.command.Event;
import dev.cipherlink.server.HandshakeGate.Failure;
import dev.cipherlink.server.access.ClientDirectory;
import dev.cipherlink.server.access.Netblock;
import dev.cipherlink.session.CloseReason;
import dev.cipherlink.session.Link;
import dev.cipherlink.session.Link.LinkEnd;
import dev.cipherlink.session.SessionHandshake;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;

/// The life of one connection, from accept to close, in one virtual thread of the server's scope: [#run] and [#serve], the gate,
/// the handshakes in [Admission], the session's [Link] or the forward, last words. Other threads end it early and describe it.
public final class Connection implements Runnable, Closeable {

    /// Time for the peer to read our last message before the connection closes.
    private static final Duration LINGER = Duration.ofSeconds(1);
    /// A draining connection is idle after this much silence.
    private static final Duration REST = Duration.ofMillis(100);
    private static final Duration REST_CHECK = REST.dividedBy(10);

    private final long id;
    private final Socket socket;
    private final Server server;
    private final long acceptedAt = System.nanoTime();
    private final Admission admission;
    /// Null before the handshakes begin.
    private volatile HandshakeGate.Visit visit;
    /// The link of the session, once the handshakes are done. Null in stream mode.
    private volatile Link link;
    /// Why the server ended the connection; null if it has not. The first reason counts.
    private final AtomicReference<LinkEnd> ended = new AtomicReference<>();
    private volatile boolean draining;

    Connection(long id, Socket socket, Server server) {
        this.id = id;
        this.socket = socket;
        this.server = server;
        admission = new Admission(this, server);
    }

    @Override
    public void run() {
        var end = LinkEnd.of(CloseReason.INTERNAL_ERROR);
        try (socket) {
            end = unlessEnded(serve());
            linger(end.reason());
        } catch (InterruptedException e) {
            end = unlessEnded(new LinkEnd(CloseReason.SERVER_STOPPED, "aborted", null));
        } catch (IOException e) {
            end = unlessEnded(new LinkEnd(CloseReason.PEER_LOST, e.toString(), e));
        } catch (RuntimeException | Error e) {
            end = new LinkEnd(CloseReason.INTERNAL_ERROR, e.toString(), e);
        } finally {
            admission.close();
            server.closed(this, end);
        }
    }

    /// Runs both handshakes under one deadline, then the session's link or the forward until it ends. Blocks.
    private LinkEnd serve() throws IOException, InterruptedException {
        socket.setOption(StandardSocketOptions.TCP_NODELAY, true);
        visit = server.gate.enter(socket.getInetAddress(), System.nanoTime(),
                () -> end(CloseReason.TOO_MANY_HANDSHAKES, "made room for another"));
        if (visit == null) {
            return LinkEnd.of(CloseReason.TOO_MANY_HANDSHAKES);
        }
        try {
            link = SessionHandshake.within(server.config().handshakeTimeout(), admission::establish);
            visit.established(System.nanoTime());
            server.admitted(this);
            if (link != null) {
                return link.run();
            }
            // Not charged: a program may open many connections at once, and an admitted client is no stranger.
            visit.refund();
            return channels() == null ? stream().run()
                    : channels().run(this, (NoiseChannel) admission.channel(), admission.isResumed());
        } catch (TimeoutException e) {
            return handshakeFailed(Failure.TOO_SLOW, LinkEnd.of(CloseReason.HANDSHAKE_TIMEOUT));
        } catch (ExecutionException e) {
            return handshakeFailed(e.getCause());
        } finally {
            visit.leave();
            endSessionOfChannels();
            // Before the farewell, which takes time: the client may be waiting for its session on another connection.
            admission.release();
        }
    }

    /// Ends the session of channels where the server wants that, and not only its connection.
    private void endSessionOfChannels() {
        LinkEnd end = ended.get();
        if (channels() != null && end != null && end.reason() != CloseReason.TAKEN_OVER) {
            server.channelSessions.end(channels(), end.reason() + " " + end.detail());
        }
    }

    private LinkEnd handshakeFailed(Throwable cause) {
        boolean isWrong = cause instanceof EOFException && admission.channel() != null || cause instanceof ProtocolException
                || cause instanceof Admission.NotAdmittedException;
        return handshakeFailed(isWrong ? Failure.NOT_PROVED : Failure.NOTHING_SAID, switch (cause) {
            case IOException e when admission.refusedForward() != null ->
                    new LinkEnd(CloseReason.FORWARD_REFUSED, admission.refusedForward().detail(), e);
            case Admission.NotAdmittedException e -> LinkEnd.of(CloseReason.NOT_AUTHORIZED, e);
            case EOFException e when admission.hasProved() && admission.client() == null -> new LinkEnd(CloseReason.NOT_USED, "", e);
            case EOFException e -> LinkEnd.of(CloseReason.HANDSHAKE_FAILED, e);
            case ProtocolException e -> LinkEnd.of(CloseReason.HANDSHAKE_FAILED, e);
            case IOException e -> LinkEnd.of(CloseReason.PEER_LOST, e);
            default -> new LinkEnd(CloseReason.INTERNAL_ERROR, cause.toString(), cause);
        });
    }

    /// Counts the failure against the address, unless the client had proved that it may connect or the server ended the
    /// connection.
    private LinkEnd handshakeFailed(Failure failure, LinkEnd end) {
        if (!admission.hasProved() && ended.get() == null) {
            visit.failed(failure, System.nanoTime());
        }
        return end;
    }

    LinkEnd unlessEnded(LinkEnd end) {
        if (ended.get() != null) {
            return ended.get();
        }
        return end.reason() == CloseReason.PEER_CLOSED && draining ? LinkEnd.of(CloseReason.SERVER_STOPPED) : end;
    }

    /// Gives the peer time to read our last message: closing with unread input would reset the connection and discard it.
    private void linger(CloseReason reason) {
        boolean hasLastWords = switch (reason) {
            case PROTOCOL_ERROR, PEER_DISCONNECTED, DISCONNECTED, HANDSHAKE_FAILED, NOT_AUTHORIZED, FORWARD_REFUSED -> true;
            case PEER_CLOSED, PEER_LOST, KEEPALIVE_TIMEOUT, PEER_STALLED, UNACKNOWLEDGED, TAKEN_OVER, ENDED_BY_OPERATOR, REFUSED_BY_PEER,
                    HANDSHAKE_TIMEOUT, TOO_MANY_HANDSHAKES, NOT_USED, STREAM_ENDED, TARGET_LOST, IDLE_TIMEOUT, SERVER_STOPPED,
                    INTERNAL_ERROR -> false;
        };
        if (hasLastWords && bytesOut() > 0 && !socket.isClosed()) {
            try {
                socket.shutdownOutput();
                discardInput();
            } catch (IOException e) {
                // The peer left before it read the message; the recorded reason stays.
            }
        }
    }

    private void discardInput() throws IOException {
        var in = socket.getInputStream();
        // Most peers send nothing before the end of the stream.
        var discarded = new byte[256];
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

    // Used by other threads.

    /// Ends the connection at once, whatever its threads are doing.
    private void end(CloseReason reason, String detail) {
        ended.compareAndSet(null, new LinkEnd(reason, detail, null));
        try {
            socket.close();
        } catch (IOException e) {
            // It was already ending.
        }
    }

    /// Ends a connection of channels for good: the client is told, so that it does not come back for them.
    private void endChannels(CloseReason reason, String detail) {
        ended.compareAndSet(null, new LinkEnd(reason, detail, null));
        channels().sayBye();
    }

    /// Ends the connection because another one has taken over its session.
    @Override
    public void close() {
        end(CloseReason.TAKEN_OVER, "");
    }

    /// Ends the connection because an operator wants that. Its session waits for the client, unless it is ended too.
    void endByOperator(String operator) {
        if (channels() != null) {
            endChannels(CloseReason.ENDED_BY_OPERATOR, "by " + operator);
            return;
        }
        end(CloseReason.ENDED_BY_OPERATOR, "by " + operator);
        if (stream() != null) {
            stream().stop();
        }
    }

    /// Ends the connection because the server's grace period is over. One of channels is told that by its thread, when that is interrupted.
    void abort() {
        if (channels() != null) {
            ended.compareAndSet(null, new LinkEnd(CloseReason.SERVER_STOPPED, "aborted", null));
        } else {
            end(CloseReason.SERVER_STOPPED, "aborted");
        }
    }

    /// Ends the connection if the directory no longer admits its client, or has it with another name or other rights.
    void endUnlessAdmitted(ClientDirectory clients) {
        if (admission.remoteKey() == null || admission.isAsBefore(clients)) {
            return;
        }
        if (channels() != null) {
            endChannels(CloseReason.NOT_AUTHORIZED, "revoked");
            return;
        }
        ended.compareAndSet(null, new LinkEnd(CloseReason.NOT_AUTHORIZED, "revoked", null));
        Link live = link;
        try {
            if (live != null) {
                tellRevoked(live);
            }
            if (stream() != null) {
                stream().stop();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            // Whatever went wrong: nobody comes back to a connection that was looked at.
            end(CloseReason.NOT_AUTHORIZED, "revoked");
        }
    }

    /// Ends a forward whose target the rules do not admit any more.
    void endUnlessForwardAllowed() {
        StreamConnection forward = stream();
        if (forward != null && !forward.isAllowed()) {
            end(CloseReason.NOT_AUTHORIZED, "the target is not allowed any more");
            forward.stop();
        }
    }

    /// A client that does not read cannot delay its end: the message is cut off after [#LINGER].
    private static void tellRevoked(Link live) throws InterruptedException {
        Thread telling = Thread.startVirtualThread(() -> {
            try {
                live.refuse("not authorized any more");
            } catch (IOException e) {
                // It was already ending.
            }
        });
        telling.join(LINGER);
    }

    /// Tells the client that the server is stopping, waits until its requests are answered and the connection is idle,
    /// and half-closes it; a forward and channels are left to end by themselves. Blocks until the connection is idle or the caller is
    /// interrupted.
    void drain() {
        draining = true;
        if (stream() != null) {
            return;
        }
        try {
            if (channels() != null) {
                while (channels().size() > 0 && !socket.isClosed()) {
                    Thread.sleep(REST_CHECK);
                }
                channels().sayBye();
                return;
            }
            // A client that was granted a session may have sent requests in it already.
            while (link == null && admission.hasSession() && !socket.isClosed()) {
                Thread.sleep(REST_CHECK);
            }
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
            // The connection has ended already.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// Whether the server is stopping; no client gets a session any more.
    boolean isDraining() {
        return draining;
    }

    /// Null if the connection is no forward.
    StreamConnection stream() {
        return admission.stream();
    }

    /// Null if the connection has no channels.
    ChannelSession channels() {
        return admission.channels();
    }

    HandshakeGate.Visit visit() {
        return visit;
    }

    long id() {
        return id;
    }

    Socket socket() {
        return socket;
    }

    Netblock netblock() {
        return server.gate.netblock(socket.getInetAddress());
    }

    /// Whether the connection never belonged to an admitted client.
    boolean isStrangers() {
        return link == null && stream() == null && channels() == null && !admission.hasProved();
    }

    /// Whether the handshakes have led to a session, a forward or channels.
    boolean isEstablished() {
        return link != null || stream() != null || channels() != null;
    }

    public long bytesIn() {
        return admission.bytesIn();
    }

    public long bytesOut() {
        SecureChannel current = admission.channel();
        return current == null ? 0 : current.bytesOut();
    }

    /// Whether this connection belongs to a session of this name, ignoring case.
    boolean hasSessionOf(String name) {
        return admission.hasSessionOf(name);
    }

    /// Whether this connection holds the session with this id.
    boolean hasSession(String sessionId) {
        Link live = link;
        return live != null && live.session().identity().id().equals(sessionId);
    }

    /// The cipher suite or other protection; to be called once the version is known.
    String protocolName() {
        return admission.channel().protocolName();
    }

    /// Adds the lines of INFO that are about this connection.
    void addTo(Map<String, Object> info) {
        info.put("suite", protocolName());
        if (admission.channel() instanceof NoiseChannel noise) {
            info.put("rekeys_in", noise.rekeys().receiving());
            info.put("rekeys_out", noise.rekeys().sending());
            info.put("padding", noise.isPadded() ? "on" : "off");
        }
    }

    boolean isHybrid() {
        return admission.channel() instanceof NoiseChannel noise && noise.suite().isHybrid();
    }

    /// Null before the handshakes are done, and in stream mode.
    Link link() {
        return link;
    }

    Admission admission() {
        return admission;
    }

    long milliseconds() {
        return (System.nanoTime() - acceptedAt) / 1_000_000;
    }
}
