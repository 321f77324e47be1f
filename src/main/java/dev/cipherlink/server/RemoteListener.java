package dev.cipherlink.server;

import dev.cipherlink.forward.ForwardSockets;
import dev.cipherlink.forward.ForwardSpec;
import dev.cipherlink.forward.ForwardTarget.TargetException;
import dev.cipherlink.forward.ForwardTarget.TargetException.Refusal;
import dev.cipherlink.forward.Relay.ForwardLimits;
import dev.cipherlink.forward.Relay.RelayEnd;
import dev.cipherlink.forward.UnixSocket;
import dev.cipherlink.forward.mux.ForwardedChannel;
import dev.cipherlink.forward.mux.Opening;
import dev.cipherlink.forward.mux.PipeEnd;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Semaphore;

/// A listener of a client (`forward -R`): each connection that it accepts becomes a channel that the server opens (`docs/protocol.md`, section
/// 6.1). It is itself a channel, and ends with it. Thread-safe.
final class RemoteListener implements ForwardedChannel.Listener {

    /// How the target of its OPEN begins.
    static final String PREFIX = "listen ";
    /// Connections that were accepted and wait for the client; the system keeps those behind them.
    static final int MAX_WAITING = 64;
    /// What it takes of the server's descriptors.
    private static final int DESCRIPTORS = 2;
    /// After a failed accept, as when descriptors run out.
    private static final Duration ACCEPT_PAUSE = Duration.ofMillis(100);

    private final ChannelSession session;
    private final Server server;
    private final Opening opening;
    private final Semaphore waiting = new Semaphore(MAX_WAITING);
    private final ChannelPlace place;
    private ForwardedChannel channel;
    private boolean isLogged;
    private boolean isOpened;
    /// Null before it is bound, and once it is closed.
    private Bound bound;
    private boolean isClosed;
    private volatile String address = "";

    /// What it listens on.
    ///
    /// @param unixSocket null for ports
    record Bound(List<ServerSocketChannel> sockets, UnixSocket unixSocket) {

        static Bound of(ForwardSpec spec) throws IOException {
            if (spec.isPath()) {
                UnixSocket socket = UnixSocket.bind(Path.of(spec.bind()));
                return new Bound(List.of(socket.channel()), socket);
            }
            return new Bound(spec.listen(), null);
        }

        private List<InetSocketAddress> addresses() {
            return unixSocket != null ? List.of()
                    : sockets.stream().map(socket -> (InetSocketAddress) socket.socket().getLocalSocketAddress()).toList();
        }

        private String text() {
            return unixSocket != null ? unixSocket.path().toString() : ForwardSpec.shown(addresses().getFirst());
        }

        private boolean isInTheWayOf(ForwardSpec spec) {
            return unixSocket != null ? unixSocket.path().toString().equals(spec.bind())
                    : addresses().stream().anyMatch(address -> address.getPort() == spec.port() && isSame(address.getAddress(), spec.bind()));
        }

        private static boolean isSame(InetAddress address, String bind) {
            return address.isAnyLocalAddress() || bind.equals(ForwardSpec.EVERYWHERE)
                    || (bind.equals(ForwardSpec.LOOPBACK) ? address.isLoopbackAddress()
                    : !bind.startsWith("/") && (address.equals(InetAddress.ofLiteral(bind)) || InetAddress.ofLiteral(bind).isAnyLocalAddress()));
        }

        private void close() {
            try {
                for (ServerSocketChannel socket : sockets) {
                    socket.close();
                }
                if (unixSocket != null) {
                    unixSocket.close();
                }
            } catch (IOException e) {
                // It accepts no more either way.
            }
        }
    }

    RemoteListener(ChannelSession session, Opening opening) {
        this.session = session;
        this.opening = opening;
        server = session.server();
        place = new ChannelPlace(session, DESCRIPTORS);
    }

    /// Begins to listen, or refuses. Called by the session's thread: it is counted before the client can end it again, or ask for others.
    void open() {
        channel = opening.accept(ForwardLimits.DEFAULT, this);
        try {
            enter();
            Thread.ofVirtual().name("cipherlink-listen").start(this::listen);
        } catch (TargetException e) {
            channel.refuse(e);
            place.partEnded();
        }
    }

    private void listen() {
        try {
            ForwardSpec spec = ForwardSpec.parseListen(asked());
            List<ForwardSpec> admitted = session.client().rights().listens().admitted(spec);
            if (admitted.isEmpty()) {
                throw new TargetException(Refusal.NOT_ALLOWED, "no rule admits listening on " + spec.listenText() + ": the operator of the server "
                        + "can add listen=" + (spec.port() == 0 ? spec.listenText().replaceFirst(":0$", ":*") : spec.listenText())
                        + " to the line of your key in the authorized-keys file");
            }
            List<ServerSocketChannel> sockets = server.listeners.bind(this, admitted);
            channel.pipe(PipeEnd.FEW).output().write((address + "\n").getBytes(StandardCharsets.US_ASCII));
            sockets.forEach(socket -> Thread.ofVirtual().name("cipherlink-listener").start(() -> acceptUntilClosed(socket)));
        } catch (IOException | RuntimeException e) {
            channel.refuse(e instanceof TargetException refusal ? refusal : new TargetException(Refusal.FAILED, String.valueOf(e.getMessage())));
        } finally {
            place.partEnded();
        }
    }

    private void enter() throws TargetException {
        String refusal = server.listeners.enter(this);
        if (refusal != null) {
            throw new TargetException(Refusal.FAILED, refusal);
        }
        place.take("listener");
    }

    /// Takes what it listens on from now on; closes it if the client wants it no more.
    synchronized List<ServerSocketChannel> listenOn(Bound newBound) throws IOException {
        if (isClosed) {
            newBound.close();
            throw new IOException("the client wants it no more");
        }
        bound = newBound;
        address = newBound.text();
        return newBound.sockets;
    }

    private synchronized void close() {
        isClosed = true;
        if (bound != null) {
            bound.close();
            bound = null;
        }
        server.listeners.leave(this);
    }

    private void acceptUntilClosed(ServerSocketChannel socket) {
        while (socket.isOpen()) {
            waiting.acquireUninterruptibly();
            try {
                accept(socket.accept());
                Thread.yield(); // a flood of connections would keep the carrier
            } catch (IOException e) {
                waiting.release();
                pause(socket);
            }
        }
    }

    private void accept(SocketChannel accepted) {
        String peer = "-";
        try {
            if (accepted.getRemoteAddress() instanceof InetSocketAddress inet) {
                peer = ForwardSpec.shown(inet);
                ForwardSockets.tune(accepted.socket());
            }
        } catch (IOException e) {
            // It is gone already, as the channel finds out.
        }
        new AcceptedChannel(this, accepted, peer).open();
    }

    private static void pause(ServerSocketChannel socket) {
        if (socket.isOpen()) {
            try {
                Thread.sleep(ACCEPT_PAUSE);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /// A connection has its answer from the client.
    void answered() {
        waiting.release();
    }

    @Override
    public void opened() {
        isOpened = true;
        server.log.listenerOpened(this);
    }

    @Override
    public void refused(Refusal refusal, String reason) {
        close();
        server.statistics.forwardRefused(refusal);
        server.log.listenerRefused(this, refusal, reason);
    }

    @Override
    public void ended(RelayEnd end) {
        close();
        if (isOpened) {
            server.log.listenerClosed(this, end.detail());
        }
    }

    @Override
    public void forgotten() {
        place.partEnded();
    }

    /// Whether it has an address that another one asks for.
    synchronized boolean isInTheWayOf(ForwardSpec spec) {
        return bound != null && bound.isInTheWayOf(spec);
    }

    ChannelSession session() {
        return session;
    }

    /// What it is bound to; empty before that.
    String address() {
        return address;
    }

    /// The number of its channel.
    String number() {
        return channel.number();
    }

    // For the log.

    /// What the client has asked for.
    String asked() {
        return opening.target().substring(PREFIX.length());
    }

    boolean isLogged() {
        return isLogged;
    }

    void logged(boolean newIsLogged) {
        isLogged = newIsLogged;
    }
}
