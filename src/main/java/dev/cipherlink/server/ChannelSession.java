package dev.cipherlink.server;

import dev.cipherlink.budget.MemoryBudget;
import dev.cipherlink.channel.NoiseChannel;
import dev.cipherlink.forward.TunnelSource.Accepted;
import dev.cipherlink.forward.mux.ForwardedChannel;
import dev.cipherlink.forward.mux.MuxSession;
import dev.cipherlink.forward.mux.Opening;
import dev.cipherlink.server.access.ClientDirectory.ClientIdentity;
import dev.cipherlink.session.Link.LinkEnd;
import java.io.IOException;
import java.nio.channels.SocketChannel;
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
    final Set<SessionChannel> connected = ConcurrentHashMap.newKeySet();
    private final AtomicInteger lastChannel = new AtomicInteger();

    /// @throws IOException if the server has no descriptor left for it
    ChannelSession(String id, ClientIdentity client, Server server, MemoryBudget budget) throws IOException {
        this.id = id;
        this.client = client;
        this.server = server;
        if (!server.sockets.enterTargets(DESCRIPTORS)) {
            throw new IOException("the server has no descriptor left");
        }
        try {
            mux = MuxSession.ofServer(this::opened, budget, client.key().orElseThrow().fingerprint().toString());
        } catch (IOException e) {
            server.sockets.leaveTargets(DESCRIPTORS);
            throw e;
        }
    }

    private void opened(Opening opening) {
        if (opening.target().startsWith(RemoteListener.PREFIX)) {
            new RemoteListener(this, opening).open();
        } else {
            new TargetChannel(this, opening).open();
        }
    }

    /// Opens a channel to the client.
    ///
    /// @param socket belongs to the channel from now on
    ForwardedChannel open(String target, ForwardedChannel.Listener told, SocketChannel socket) {
        return mux.open(target, told, new Accepted(socket, NOTHING, server.config().forwards().limits(), false));
    }

    Server server() {
        return server;
    }

    /// The number of another channel, for the log.
    int nextChannel() {
        return lastChannel.incrementAndGet();
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
        LinkEnd end;
        try {
            end = server.channelSessions.inThread(() ->
                    mux.run(connection.socket().getChannel(), channel, isResumed, server.config().keepaliveInterval()));
        } catch (RuntimeException | Error e) {
            server.channelSessions.end(this, "the server failed"); // its client could not go on with it
            throw e;
        }
        switch (end.reason()) {
            case PROTOCOL_ERROR, PEER_DISCONNECTED, DISCONNECTED -> {
                LinkEnd why = connection.unlessEnded(end);
                server.channelSessions.end(this, why == end ? end.detail() : (why.reason() + " " + why.detail()).strip());
            }
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
        server.sockets.leaveTargets(DESCRIPTORS);
    }

    /// Ends the channels whose targets the rules do not admit any more.
    void endForwardsNotAllowed() {
        connected.forEach(SessionChannel::endUnlessAllowed);
    }
}
