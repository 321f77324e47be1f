package dev.cipherlink.server;

import dev.cipherlink.forward.ForwardRules;
import dev.cipherlink.forward.ForwardTarget;
import dev.cipherlink.forward.ForwardTarget.TargetException;
import dev.cipherlink.forward.ForwardTarget.TargetException.Refusal;
import dev.cipherlink.forward.Forwards.Forward;
import dev.cipherlink.forward.Relay.RelayEnd;
import dev.cipherlink.forward.mux.ForwardedChannel;
import dev.cipherlink.forward.mux.Opening;
import dev.cipherlink.session.CloseReason;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.util.Optional;

/// A channel that the client has opened, and its target.
final class TargetChannel extends SessionChannel {

    private static final byte[] NOTHING = {};

    private final ChannelPlace place;
    private final Opening opening;
    private ForwardedChannel channel;
    private String details = "";
    private volatile ForwardTarget target;
    /// Empty for a Unix socket.
    private volatile Optional<InetAddress> address = Optional.empty();
    private volatile boolean isRevoked;
    /// What was in force when the rules were asked.
    private ServerConfig asked;

    TargetChannel(ChannelSession session, Opening opening) {
        super(session);
        this.opening = opening;
        place = new ChannelPlace(session, 1);
    }

    void open() {
        asked = server.config();
        channel = opening.accept(asked.forwards().limits(), this);
        try {
            target = target();
            place.take("target");
            SocketChannel begun = server.targets.begin(target, rules());
            if (begun == null || !begun.isConnected()) {
                Thread.ofVirtual().name("cipherlink-target").start(() -> connect(begun));
                return;
            }
            connected(begun);
        } catch (IOException | RuntimeException e) {
            refuse(e);
        }
        place.partEnded();
    }

    private ForwardTarget target() throws TargetException {
        try {
            return ForwardTarget.parse(opening.target());
        } catch (IllegalArgumentException e) {
            throw new TargetException(Refusal.FAILED, "target: " + e.getMessage());
        }
    }

    /// @param begun null if nothing is under way
    private void connect(SocketChannel begun) {
        try {
            connected(begun == null ? server.targets.connect(target, rules()).channel() : server.targets.finish(target, begun));
        } catch (IOException | RuntimeException e) {
            refuse(e);
        } finally {
            place.partEnded();
        }
    }

    private void connected(SocketChannel socket) throws IOException {
        address = socket.getRemoteAddress() instanceof InetSocketAddress inet ? Optional.of(inet.getAddress()) : Optional.empty();
        channel.connect(socket, NOTHING);
    }

    private ForwardRules rules() {
        return server.config().forwards().allowed().and(session.client().rights().forwards());
    }

    private void refuse(Exception cause) {
        TargetException refusal = cause instanceof TargetException named ? named
                : new TargetException(Refusal.FAILED, "the server failed: " + cause.getMessage());
        details = refusal.detail();
        channel.refuse(refusal);
    }

    @Override
    public void opened() {
        super.opened();
        if (server.config() != asked) {
            endUnlessAllowed();
        }
    }

    @Override
    public void refused(Refusal refusal, String reason) {
        super.refused(refusal, details.isEmpty() ? reason : reason + "; " + details);
    }

    @Override
    CloseReason ownReason() {
        return isRevoked ? CloseReason.NOT_AUTHORIZED : null;
    }

    @Override
    public void forgotten() {
        place.partEnded();
    }

    @Override
    void endUnlessAllowed() {
        ForwardRules rules = rules();
        if (!(rules.concern(target) && (address.isEmpty() || rules.admit(target, address.get())))) {
            isRevoked = true;
            channel.end(RelayEnd.Reason.STOPPED, "the target is not allowed any more");
        }
    }

    @Override
    String targetText() {
        return opening.target();
    }

    @Override
    String peer() {
        return "";
    }

    @Override
    Forward forward() {
        return channel;
    }
}
