package dev.cipherlink.server;

import dev.cipherlink.budget.MemoryBudget;
import dev.cipherlink.channel.NoiseChannel;
import dev.cipherlink.forward.ForwardRules;
import dev.cipherlink.forward.ForwardTarget;
import dev.cipherlink.forward.ForwardTarget.TargetException;
import dev.cipherlink.forward.ForwardTarget.TargetException.Refusal;
import dev.cipherlink.forward.Relay.RelayEnd;
import dev.cipherlink.forward.mux.ForwardedChannel;
import dev.cipherlink.forward.mux.MuxSession;
import dev.cipherlink.server.access.ClientDirectory.ClientIdentity;
import dev.cipherlink.session.CloseReason;
import dev.cipherlink.session.Link.LinkEnd;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/// A session of channels of one client: what the client opens is connected to targets, by the rules of stream mode.
///
/// Each channel counts as a connection of its client. Thread-safe.
final class ChannelSession {

    /// What a session takes of the server's descriptors: those of its selector.
    private static final int DESCRIPTORS = 2;
    private static final byte[] NOTHING = {};

    private final String id;
    private final ClientIdentity client;
    private final Server server;
    private final MuxSession mux;
    private final Set<TargetChannel> connected = ConcurrentHashMap.newKeySet();
    private final AtomicInteger lastChannel = new AtomicInteger();

    /// @throws IOException if the server has no descriptor left for it
    ChannelSession(String id, ClientIdentity client, Server server, MemoryBudget budget) throws IOException {
        this.id = id;
        this.client = client;
        this.server = server;
        for (int i = 0; i < DESCRIPTORS; i++) {
            if (!server.sockets.enterTarget()) {
                leave(i);
                throw new IOException("the server has no descriptor left");
            }
        }
        try {
            mux = MuxSession.ofServer(opening -> new TargetChannel(opening).open(), budget, client.key().orElseThrow().fingerprint().toString());
        } catch (IOException e) {
            leave(DESCRIPTORS);
            throw e;
        }
    }

    private void leave(int descriptors) {
        for (int i = 0; i < descriptors; i++) {
            server.sockets.leaveTarget();
        }
    }

    String id() {
        return id;
    }

    ClientIdentity client() {
        return client;
    }

    /// Open channels.
    int size() {
        return connected.size();
    }

    /// Serves a connection until it is lost or the session is over. Blocks.
    LinkEnd run(Connection connection, NoiseChannel channel, boolean isResumed) throws InterruptedException {
        LinkEnd end = mux.run(connection.socket().getChannel(), channel, isResumed, server.config().keepaliveInterval());
        switch (end.reason()) {
            case PROTOCOL_ERROR, PEER_DISCONNECTED, DISCONNECTED -> server.channelSessions.end(this, end.detail());
            default -> { }
        }
        return end;
    }

    /// Has [#run] look whether its connection was closed.
    void wakeUp() {
        mux.wakeUp();
    }

    /// Tells the client that the session is over.
    void sayBye() {
        mux.sayBye();
    }

    /// Ends all channels. Called once.
    void end(String why) {
        mux.end(why);
        leave(DESCRIPTORS);
    }

    /// Ends the channels whose targets the rules do not admit any more.
    void endForwardsNotAllowed() {
        connected.forEach(TargetChannel::endUnlessAllowed);
    }

    /// A channel that the client has opened, and its target.
    final class TargetChannel implements ForwardedChannel.Listener {

        /// What has to end before its client may have another in its place: connecting, and the channel.
        private final AtomicInteger parts = new AtomicInteger(2);
        private final MuxSession.Opening opening;
        private final int number = lastChannel.incrementAndGet();
        private final long begunAt = System.nanoTime();
        private ForwardedChannel channel;
        private boolean isCounted;
        private boolean isLogged;
        private String details = "";
        private volatile ForwardTarget target;
        /// Empty for a Unix socket.
        private volatile Optional<InetAddress> address = Optional.empty();
        private volatile boolean isRevoked;
        /// What was in force when the rules were asked.
        private ServerConfig asked;

        TargetChannel(MuxSession.Opening opening) {
            this.opening = opening;
        }

        void open() {
            asked = server.config();
            channel = opening.accept(asked.forwards().limits(), this);
            try {
                target = target();
                enter();
                SocketChannel begun = server.targets.begin(target, rules());
                if (begun == null || !begun.isConnected()) {
                    Thread.ofVirtual().name("cipherlink-target").start(() -> connect(begun));
                    return;
                }
                connected(begun);
            } catch (IOException | RuntimeException e) {
                refuse(e);
            }
            partEnded();
        }

        private ForwardTarget target() throws TargetException {
            try {
                return ForwardTarget.parse(opening.target());
            } catch (IllegalArgumentException e) {
                throw new TargetException(Refusal.FAILED, "target: " + e.getMessage());
            }
        }

        private void enter() throws TargetException {
            if (server.isStopping()) {
                throw new TargetException(Refusal.FAILED, "the server is stopping");
            }
            String refusal = server.enterQuota(client, false);
            if (refusal != null) {
                throw new TargetException(Refusal.FAILED, refusal);
            }
            if (!server.sockets.enterTarget()) {
                server.quota.leave(client);
                throw new TargetException(Refusal.FAILED, "the server has no descriptor left for a target");
            }
            isCounted = true;
        }

        /// @param begun null if nothing is under way
        private void connect(SocketChannel begun) {
            try {
                connected(begun == null ? server.targets.connect(target, rules()).channel() : server.targets.finish(target, begun));
            } catch (IOException | RuntimeException e) {
                refuse(e);
            } finally {
                partEnded();
            }
        }

        private void connected(SocketChannel socket) throws IOException {
            address = socket.getRemoteAddress() instanceof InetSocketAddress inet ? Optional.of(inet.getAddress()) : Optional.empty();
            channel.connect(socket, NOTHING);
        }

        private ForwardRules rules() {
            return server.config().forwards().allowed().and(client.rights().forwards());
        }

        private void refuse(Exception cause) {
            TargetException refusal = cause instanceof TargetException named ? named
                    : new TargetException(Refusal.FAILED, "the server failed: " + cause.getMessage());
            details = refusal.detail();
            channel.refuse(refusal);
        }

        @Override
        public void opened() {
            connected.add(this);
            server.forwards.begun(channel);
            server.log.channelOpened(this);
            if (server.config() != asked) {
                endUnlessAllowed();
            }
        }

        @Override
        public void refused(Refusal refusal, String reason) {
            server.forwards.countFailure();
            server.statistics.forwardRefused(refusal);
            server.statistics.channelClosed(CloseReason.FORWARD_REFUSED);
            server.log.channelRefused(this, refusal, details.isEmpty() ? reason : reason + "; " + details);
        }

        @Override
        public void ended(RelayEnd end) {
            if (connected.remove(this)) {
                server.forwards.ended(channel);
                CloseReason reason = isRevoked ? CloseReason.NOT_AUTHORIZED : StreamConnection.reason(end.reason());
                server.statistics.channelClosed(reason);
                server.log.channelClosed(this, reason, end.detail());
            }
        }

        @Override
        public void forgotten() {
            partEnded();
        }

        private void partEnded() {
            if (parts.decrementAndGet() == 0 && isCounted) {
                server.quota.leave(client);
                server.sockets.leaveTarget();
            }
        }

        private void endUnlessAllowed() {
            ForwardRules rules = rules();
            if (!(rules.concern(target) && (address.isEmpty() || rules.admit(target, address.get())))) {
                isRevoked = true;
                channel.end(RelayEnd.Reason.STOPPED, "the target is not allowed any more");
            }
        }

        // For the log.

        /// Whether its beginning has a line: then its end has one.
        boolean isLogged() {
            return isLogged;
        }

        void logged(boolean newIsLogged) {
            isLogged = newIsLogged;
        }

        ChannelSession session() {
            return ChannelSession.this;
        }

        int number() {
            return number;
        }

        String targetText() {
            return opening.target();
        }

        long bytesToTarget() {
            return channel.bytesToPlain();
        }

        long bytesFromTarget() {
            return channel.bytesToTunnel();
        }

        long milliseconds() {
            return (System.nanoTime() - begunAt) / 1_000_000;
        }
    }
}
