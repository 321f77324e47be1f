package dev.cipherlink.server;

import dev.cipherlink.channel.NoiseChannel;
import dev.cipherlink.channel.SecureChannel;
import dev.cipherlink.forward.ForwardRules;
import dev.cipherlink.forward.ForwardSockets;
import dev.cipherlink.forward.ForwardTarget;
import dev.cipherlink.forward.ForwardTarget.TargetException;
import dev.cipherlink.forward.ForwardTarget.TargetException.Refusal;
import dev.cipherlink.forward.Relay;
import dev.cipherlink.forward.Relay.PlainEnd;
import dev.cipherlink.forward.Relay.RelayEnd;
import dev.cipherlink.forward.Relay.Tunnel;
import dev.cipherlink.message.Syn;
import dev.cipherlink.message.Syn.SynAck;
import dev.cipherlink.server.ServerConfig.ForwardPolicy;
import dev.cipherlink.server.access.ClientDirectory.ClientIdentity;
import dev.cipherlink.session.CloseReason;
import dev.cipherlink.session.Link.LinkEnd;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.Socket;

/// A connection in stream mode after its handshakes: a forward to one target. Made while SYN is answered, since the answer says
/// whether the target was reached; run by the connection's thread.
final class StreamConnection {

    private static final Logger LOG = System.getLogger(StreamConnection.class.getName());

    private final Server server;
    private final Relay relay;
    private final ForwardTarget target;
    private final PlainEnd plain;

    private StreamConnection(Server server, Relay relay, PlainEnd plain, ForwardTarget target) {
        this.server = server;
        this.relay = relay;
        this.plain = plain;
        this.target = target;
    }

    /// The client for which a target is connected to, and the connection that is forwarded.
    record Opening(Server server, ClientIdentity client, Socket socket, SecureChannel channel) {
    }

    /// Connects to the target of a SYN. Blocks for at most the time of the policy. Takes a socket of the server's budget, which
    /// [#close] gives back.
    ///
    /// @throws TargetException if the client may not reach it, or it cannot be reached; [#refusal] is the answer to the client
    static StreamConnection open(Syn syn, Opening opening) throws IOException {
        if (!(opening.channel() instanceof NoiseChannel channel)) {
            throw new TargetException(Refusal.NOT_ALLOWED, "forwarding needs version 2: an identity, not a shared key");
        }
        ForwardTarget target = target(syn);
        ForwardPolicy policy = opening.server().config().forwards();
        ForwardRules rules = policy.allowed().and(opening.client().forwards());
        // Before the target is connected, since it fails if the client's connection was closed meanwhile.
        ForwardSockets.tune(opening.socket());
        Socket socket;
        try {
            socket = connect(opening.server(), target, rules);
        } catch (TargetException e) {
            if (!e.detail().isEmpty()) {
                LOG.log(Level.INFO, "no forward for {0}: {1}", opening.client().name(), e.detail());
            }
            throw e;
        }
        var plain = PlainEnd.of(socket);
        var relay = new Relay(new Tunnel(opening.socket(), channel), plain, policy.limits());
        return new StreamConnection(opening.server(), relay, plain, target);
    }

    private static Socket connect(Server server, ForwardTarget target, ForwardRules rules) throws IOException {
        if (!server.sockets.enterTarget()) {
            throw new TargetException(Refusal.FAILED, "the server has no descriptor left for a target");
        }
        try {
            return server.targets.connect(target, rules);
        } catch (IOException | RuntimeException | Error e) {
            server.sockets.leaveTarget();
            throw e;
        }
    }

    private static ForwardTarget target(Syn syn) throws TargetException {
        try {
            return ForwardTarget.parse(syn.target());
        } catch (IllegalArgumentException e) {
            throw new TargetException(Refusal.FAILED, "target: " + e.getMessage());
        }
    }

    /// The answer to a client whose target was not connected to.
    static SynAck refusal(IOException cause) {
        return cause instanceof TargetException e ? new SynAck.Refused(e.getMessage(), e.refusal().code())
                : new SynAck.Refused("the server failed: " + cause.getMessage(), Refusal.FAILED.code());
    }

    /// Relays until the end. Blocks.
    LinkEnd run() throws InterruptedException {
        RelayEnd end = server.forwards.run(relay);
        return new LinkEnd(reason(end.reason()), end.detail(), null);
    }

    private static CloseReason reason(RelayEnd.Reason reason) {
        return switch (reason) {
            case ENDED -> CloseReason.STREAM_ENDED;
            case PLAIN_RESET -> CloseReason.TARGET_LOST;
            case TUNNEL_LOST -> CloseReason.PEER_LOST;
            case PROTOCOL_ERROR -> CloseReason.PROTOCOL_ERROR;
            case IDLE -> CloseReason.IDLE_TIMEOUT;
            case STOPPED -> CloseReason.SERVER_STOPPED;
        };
    }

    /// Ends it at once: both sides are reset.
    void stop() {
        relay.stop();
        plain.reset();
    }

    /// Ends it, and gives the target's socket back to the server's budget. Called once.
    void close() {
        stop();
        server.sockets.leaveTarget();
    }

    ForwardTarget target() {
        return target;
    }
}
