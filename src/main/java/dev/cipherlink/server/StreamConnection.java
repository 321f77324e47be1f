package dev.cipherlink.server;

import dev.cipherlink.channel.NoiseChannel;
import dev.cipherlink.channel.SecureChannel;
import dev.cipherlink.forward.ForwardRules;
import dev.cipherlink.forward.ForwardSockets;
import dev.cipherlink.forward.ForwardTarget;
import dev.cipherlink.forward.ForwardTarget.TargetException;
import dev.cipherlink.forward.ForwardTarget.TargetException.Refusal;
import dev.cipherlink.forward.PlainEnd;
import dev.cipherlink.forward.Relay;
import dev.cipherlink.forward.Relay.RelayEnd;
import dev.cipherlink.forward.Relay.Tunnel;
import dev.cipherlink.forward.TargetConnector.Connected;
import dev.cipherlink.message.Syn;
import dev.cipherlink.server.ServerConfig.ForwardPolicy;
import dev.cipherlink.server.access.ClientDirectory.ClientIdentity;
import dev.cipherlink.server.access.ClientRights.Service;
import dev.cipherlink.session.CloseReason;
import dev.cipherlink.session.Link.LinkEnd;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.Optional;

/// A connection in stream mode after its handshakes: a forward to one target. Created while SYN is answered, because the
/// answer says whether the target was reached; run on the connection's thread.
final class StreamConnection {

    private final Server server;
    private final Relay relay;
    private final ForwardTarget target;
    private final Optional<InetAddress> address;
    private final ForwardRules ofClient;
    private final PlainEnd plain;

    private StreamConnection(Opening opening, Relay relay, PlainEnd plain, ForwardTarget target, Optional<InetAddress> address) {
        server = opening.server();
        ofClient = opening.client().rights().forwards();
        this.relay = relay;
        this.plain = plain;
        this.address = address;
        this.target = target;
    }

    /// The client and the connection for which a target is opened.
    record Opening(Server server, ClientIdentity client, Socket socket, SecureChannel channel) {
    }

    /// Connects to the target of a SYN. Blocks for at most the policy's connect timeout. Takes a socket of the server's
    /// budget, which [#close] returns.
    ///
    /// @throws TargetException if the client may not reach the target, or it cannot be reached
    static StreamConnection open(Syn syn, Opening opening) throws IOException {
        if (!(opening.channel() instanceof NoiseChannel channel)) {
            throw new TargetException(Refusal.NOT_ALLOWED, "forwarding needs version 2: an identity, not a shared key");
        }
        if (!opening.client().rights().mayUse(Service.FORWARD)) {
            throw new TargetException(Refusal.NOT_ALLOWED, "denied: this key may not forward (services in its line)");
        }
        ForwardTarget target = target(syn);
        ForwardPolicy policy = opening.server().config().forwards();
        ForwardRules rules = policy.allowed().and(opening.client().rights().forwards());
        // Before connecting to the target, because this fails if the client has closed its connection.
        ForwardSockets.tune(opening.socket());
        Connected connected = connect(opening.server(), target, rules);
        PlainEnd plain = PlainEnd.of(connected.channel());
        var relay = new Relay(new Tunnel(opening.socket(), channel), plain, policy.limits());
        return new StreamConnection(opening, relay, plain, target, connected.address());
    }

    private static Connected connect(Server server, ForwardTarget target, ForwardRules rules) throws IOException {
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

    /// Relays until both directions have ended. Blocks.
    LinkEnd run() throws IOException, InterruptedException {
        RelayEnd end = server.forwards.run(relay);
        return new LinkEnd(reason(end.reason()), end.detail(), null);
    }

    static CloseReason reason(RelayEnd.Reason reason) {
        return switch (reason) {
            case ENDED -> CloseReason.STREAM_ENDED;
            case PLAIN_RESET -> CloseReason.TARGET_LOST;
            case TUNNEL_LOST -> CloseReason.PEER_LOST;
            case PROTOCOL_ERROR -> CloseReason.PROTOCOL_ERROR;
            case IDLE -> CloseReason.IDLE_TIMEOUT;
            case STOPPED -> CloseReason.SERVER_STOPPED;
        };
    }

    /// Whether the rules of now admit what it is connected to.
    boolean isAllowed() {
        ForwardRules rules = server.config().forwards().allowed().and(ofClient);
        return rules.concern(target) && (address.isEmpty() || rules.admit(target, address.get()));
    }

    /// Aborts the forward: both connections are reset.
    void stop() {
        relay.stop();
        plain.reset();
    }

    /// Ends the forward, and returns the target's socket to the server's budget. Called once.
    void close() {
        stop();
        server.sockets.leaveTarget();
    }

    ForwardTarget target() {
        return target;
    }

    long bytesToTarget() {
        return relay.bytesToPlain();
    }

    long bytesFromTarget() {
        return relay.bytesToTunnel();
    }
}
