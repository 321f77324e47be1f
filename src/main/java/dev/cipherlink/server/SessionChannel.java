package dev.cipherlink.server;

import dev.cipherlink.forward.ForwardTarget.TargetException.Refusal;
import dev.cipherlink.forward.Forwards.Forward;
import dev.cipherlink.forward.Relay.RelayEnd;
import dev.cipherlink.forward.mux.ForwardedChannel;
import dev.cipherlink.session.CloseReason;

/// One forwarded connection of a session of channels, as the server counts and logs it. Called by the session's thread.
abstract class SessionChannel implements ForwardedChannel.Listener {

    final ChannelSession session;
    final Server server;
    private final int number;
    private final long begunAt = System.nanoTime();
    private boolean isLogged;

    SessionChannel(ChannelSession session) {
        this.session = session;
        server = session.server();
        number = session.nextChannel();
    }

    /// The target as the client wrote it; for a connection that a listener has accepted the address of that.
    abstract String targetText();

    /// The program that a listener has accepted; empty if the client has opened the channel.
    abstract String peer();

    /// Its bytes, as a forward to a target.
    abstract Forward forward();

    /// Ends it if the rules do not admit its target any more.
    void endUnlessAllowed() {
        // The permission for a listener is in the key's line: with another one the session ends.
    }

    /// Why the server ended it; null if it has not, or the end says it.
    CloseReason ownReason() {
        return null;
    }

    @Override
    public void opened() {
        session.connected.add(this);
        server.forwards.begun(forward());
        server.log.channelOpened(this);
    }

    @Override
    public void refused(Refusal refusal, String reason) {
        server.forwards.countFailure();
        server.statistics.forwardRefused(refusal);
        server.statistics.channelClosed(CloseReason.FORWARD_REFUSED);
        server.log.channelRefused(this, refusal, reason);
    }

    @Override
    public void ended(RelayEnd end) {
        if (session.connected.remove(this)) {
            server.forwards.ended(forward());
            CloseReason reason = ownReason() == null ? StreamConnection.reason(end.reason()) : ownReason();
            server.statistics.channelClosed(reason);
            server.log.channelClosed(this, reason, end.detail());
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

    int number() {
        return number;
    }

    long milliseconds() {
        return (System.nanoTime() - begunAt) / 1_000_000;
    }
}
