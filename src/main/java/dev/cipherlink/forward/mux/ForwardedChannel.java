package dev.cipherlink.forward.mux;

import dev.cipherlink.forward.ForwardTarget.TargetException;
import dev.cipherlink.forward.ForwardTarget.TargetException.Refusal;
import dev.cipherlink.forward.Forwards.Forward;
import dev.cipherlink.forward.Forwards.ForwardClock;
import dev.cipherlink.forward.Relay.ForwardLimits;
import dev.cipherlink.forward.Relay.RelayEnd;
import dev.cipherlink.forward.TunnelSource.Accepted;
import java.nio.channels.SocketChannel;

/// A channel of a [MuxSession] as other threads see and end it. Thread-safe.
public final class ForwardedChannel implements Forward {

    private final MuxSession session;
    private final String target;
    private final ForwardClock clock;
    private final Listener listener;
    /// Null before the session's thread has taken it up.
    private volatile MuxChannel channel;
    private volatile boolean isExpired;

    /// Told of a channel by the session's thread; must not block.
    public interface Listener {
        /// The target is connected.
        void opened();

        /// It is not.
        void refused(Refusal refusal, String reason);

        /// It has ended, and the connection of its unencrypted side is closed.
        void ended(RelayEnd end);

        /// The peer has nothing to say of it any more. The last call.
        default void forgotten() {
            // It is of interest where the channels of a client are counted.
        }
    }

    ForwardedChannel(MuxSession session, String target, ForwardLimits limits, Listener listener) {
        this.session = session;
        this.target = target;
        this.listener = listener;
        clock = new ForwardClock(limits, System.nanoTime());
    }

    /// What the opening side wants to reach, as it wrote it.
    public String target() {
        return target;
    }

    /// Moves bytes between the channel and this socket from now on, which then belongs to the channel.
    ///
    /// @param first bytes that were read from it before
    public void connect(SocketChannel socket, byte[] first) {
        session.post(() -> session.connect(channel, socket, first));
    }

    /// Has streams of this program as the unencrypted side from now on.
    ///
    /// @param most bytes that each direction keeps: [PipeEnd#FEW] or [PipeEnd#MANY]
    public PipeEnd pipe(int most) {
        var pipe = new PipeEnd(most, () -> session.readable(channel), () -> session.post(() -> channel.flush()));
        session.post(() -> session.connect(channel, pipe));
        return pipe;
    }

    /// Puts a socket in the place of streams, which then belongs to the channel: it goes on where they are.
    ///
    /// @param read what was read from the streams, and is for the socket
    public void replace(PipeEnd pipe, byte[] read, SocketChannel socket) {
        session.post(() -> session.replace(channel, pipe, read, socket));
    }

    /// The number of the channel in its session, in decimal digits; empty if it is not opened yet.
    public String number() {
        MuxChannel current = channel;
        return current == null ? "" : Integer.toUnsignedString(current.number);
    }

    /// Tells the peer that its target is not connected.
    public void refuse(TargetException refusal) {
        session.post(() -> session.refuse(channel, refusal));
    }

    @Override
    public long bytesToTunnel() {
        MuxChannel current = channel;
        return current == null ? 0 : current.bytesToTunnel();
    }

    @Override
    public long bytesToPlain() {
        MuxChannel current = channel;
        return current == null ? 0 : current.bytesToPlain();
    }

    @Override
    public void checkTime(long nanoTime) {
        MuxChannel current = channel;
        if (current != null && !isExpired && clock.isExpired(nanoTime, bytesToTunnel() + bytesToPlain(), current.isHalfClosed(), false)) {
            isExpired = true; // to be ended by the next connection, if there is none
            end(RelayEnd.Reason.IDLE, "");
        }
    }

    @Override
    public void stop() {
        end(RelayEnd.Reason.STOPPED, "");
    }

    /// Ends it at once: both sides are reset.
    ///
    /// @param detail in one line; empty if the reason says all
    public void end(RelayEnd.Reason reason, String detail) {
        session.post(() -> {
            if (channel != null) {
                channel.breakOff(new RelayEnd(reason, detail));
            }
        });
    }

    /// Takes a channel that the peer opens. Called by the session's thread.
    ForwardedChannel(MuxSession session, MuxChannel channel, ForwardLimits limits, Listener listener) {
        this(session, channel.target, limits, listener);
        this.channel = channel;
        channel.listen(listener);
    }

    /// Opens it. Called by the session's thread.
    void open(Mux mux, Accepted accepted) {
        channel = mux.open(target, listener);
        if (!accepted.isAwaited()) {
            session.connect(channel, accepted.channel(), accepted.first());
        }
    }
}
