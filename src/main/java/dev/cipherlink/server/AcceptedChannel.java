package dev.cipherlink.server;

import dev.cipherlink.forward.ForwardTarget.TargetException.Refusal;
import dev.cipherlink.forward.Forwards.Forward;
import dev.cipherlink.forward.PlainEnd;
import dev.cipherlink.forward.Relay.RelayEnd;
import dev.cipherlink.forward.mux.ForwardedChannel;
import java.nio.channels.SocketChannel;

/// A connection that a client's listener has accepted, and the channel that takes it to the client.
final class AcceptedChannel extends SessionChannel implements Forward {

    private final RemoteListener listener;
    private final SocketChannel socket;
    private final String peer;
    /// Null until the session's thread may have it.
    private volatile ForwardedChannel channel;
    private boolean isAnswered;

    AcceptedChannel(RemoteListener listener, SocketChannel socket, String peer) {
        super(listener.session());
        this.listener = listener;
        this.socket = socket;
        this.peer = peer;
    }

    /// Opens the channel; resets the connection if there is no place for it.
    void open() {
        String refusal = server.isStopping() ? "the server is stopping" : server.quota.enterAccepted(session.client());
        if (refusal == null && !server.sockets.enterTarget()) {
            server.quota.leave(session.client());
            refusal = "the server has no descriptor left for it";
        }
        if (refusal == null) {
            channel = session.open(listener.number() + " " + peer, this, socket);
        } else {
            PlainEnd.reset(socket);
            refused(Refusal.FAILED, refusal);
        }
    }

    @Override
    String targetText() {
        return listener.address();
    }

    @Override
    String peer() {
        return peer;
    }

    @Override
    Forward forward() {
        return this;
    }

    @Override
    public void opened() {
        answered();
        super.opened();
    }

    @Override
    public void refused(Refusal refusal, String reason) {
        answered();
        super.refused(refusal, reason);
    }

    @Override
    public void ended(RelayEnd end) {
        if (isAnswered) {
            super.ended(end);
        } else {
            refused(Refusal.FAILED, end.detail());
        }
    }

    /// Another one may be accepted.
    private void answered() {
        if (!isAnswered) {
            isAnswered = true;
            listener.answered();
        }
    }

    @Override
    public void forgotten() {
        server.quota.leave(session.client());
        server.sockets.leaveTarget();
    }

    // The target is beyond the tunnel.

    @Override
    public long bytesToTunnel() {
        ForwardedChannel current = channel;
        return current == null ? 0 : current.bytesToPlain();
    }

    @Override
    public long bytesToPlain() {
        ForwardedChannel current = channel;
        return current == null ? 0 : current.bytesToTunnel();
    }

    @Override
    public void checkTime(long nanoTime) {
        ForwardedChannel current = channel;
        if (current != null) {
            current.checkTime(nanoTime);
        }
    }

    @Override
    public void stop() {
        ForwardedChannel current = channel;
        if (current != null) {
            current.stop();
        }
    }
}
