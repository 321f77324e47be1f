package dev.cipherlink.forward;

import dev.cipherlink.channel.AdaptiveSpin;
import dev.cipherlink.channel.NoiseChannel;
import dev.cipherlink.forward.Forwards.ForwardClock;
import dev.cipherlink.forward.Forwards.RunnableForward;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ProtocolException;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/// Moves the bytes of one forwarded connection between a tunnel and its unencrypted side, both ways, until both have ended
/// or one has broken (`docs/protocol.md`, section 6).
///
/// Each direction has a thread, one of them the caller's, and at most one packet in hand: a side that does not read stops the
/// reads of the other. The end of one direction is passed on and leaves the other alone. A tunnel that closes without an end
/// of stream, and an unencrypted side that resets, break the other side the same way.
///
/// [Forwards#checkTimes] calls [#checkTime] about once a second, from another thread. Both sides are closed when [#run] returns.
public final class Relay implements RunnableForward {

    /// The first read of a connection; reads grow while they are filled.
    private static final int FIRST_READ_BYTES = 4 * 1024;
    /// Reads of this size are no dialogue, where the next bytes answer ours.
    private static final int BULK_BYTES = 16 * 1024;

    private final Tunnel tunnel;
    private final NoiseChannel channel;
    private final PlainEnd plain;
    private final ForwardClock clock;
    private final AtomicReference<RelayEnd> end = new AtomicReference<>();
    /// A bug of ours that ended it; null if there was none.
    private volatile Throwable fault;
    private volatile long bytesToTunnel;
    private volatile long bytesToPlain;
    /// We have sent the end of the stream.
    private volatile boolean sendingEnded;
    /// We have received it.
    private volatile boolean receivingEnded;
    /// The unencrypted side takes no more; what still comes is dropped.
    private volatile boolean plainRefuses;
    /// The peer has closed the tunnel: nobody takes what we send.
    private volatile boolean tunnelClosed;
    /// A write into the tunnel has failed.
    private volatile boolean sendingFailed;

    /// @param tunnel closed when this ends
    /// @param plain  closed when this ends
    public Relay(Tunnel tunnel, PlainEnd plain, ForwardLimits limits) {
        this.tunnel = tunnel;
        this.channel = tunnel.channel();
        this.plain = plain;
        clock = new ForwardClock(limits, System.nanoTime());
    }

    /// Blocks until the end. The calling thread reads the tunnel.
    ///
    /// @param threads makes the thread that reads the unencrypted side: a platform thread where that is no socket
    /// @throws InterruptedException if it was interrupted; both sides are then reset
    @Override
    public RelayEnd run(ThreadFactory threads) throws InterruptedException {
        try (var second = Executors.newThreadPerTaskExecutor(threads)) {
            try {
                second.execute(this::send);
                receive();
                second.shutdown();
                second.awaitTermination(Long.MAX_VALUE, TimeUnit.NANOSECONDS);
            } catch (InterruptedException e) {
                abort(new RelayEnd(RelayEnd.Reason.STOPPED, ""));
                throw e;
            } finally {
                second.shutdownNow();
            }
            if (fault != null) {
                throw new IllegalStateException("a relay failed", fault);
            }
            return end.get();
        } finally {
            tunnel.close();
            plain.close();
        }
    }

    @Override
    public long bytesToTunnel() {
        return bytesToTunnel;
    }

    @Override
    public long bytesToPlain() {
        return bytesToPlain;
    }

    @Override
    public void checkTime(long nanoTime) {
        boolean isHalfClosed = sendingEnded || receivingEnded;
        boolean isLeaving = sendingEnded && plainRefuses;
        if (clock.isExpired(nanoTime, bytesToTunnel + bytesToPlain, isHalfClosed, isLeaving)) {
            abort(new RelayEnd(isLeaving ? RelayEnd.Reason.PLAIN_RESET : RelayEnd.Reason.IDLE, ""));
        }
    }

    @Override
    public void stop() {
        abort(new RelayEnd(RelayEnd.Reason.STOPPED, ""));
    }

    private void abort(RelayEnd why) {
        if (end.compareAndSet(null, why)) {
            plain.reset();
            ForwardSockets.reset(tunnel.socket());
        }
    }

    /// From the unencrypted side into the tunnel.
    private void send() {
        try {
            InputStream in = input();
            if (in != null && sendAll(in)) {
                channel.reserveStream(0);
                channel.sendStream(0);
                sendingEnded = true;
                endIfBothEnded();
            }
        } catch (IOException e) {
            // Bytes that the peer sent before it closed are still to be delivered: the other direction ends this.
            sendingFailed = true;
            breakIfSendingFailed();
        } catch (RuntimeException | Error e) {
            fault = e;
            abort(new RelayEnd(RelayEnd.Reason.STOPPED, ""));
        }
    }

    private void breakIfSendingFailed() {
        if (sendingFailed && receivingEnded) {
            abort(new RelayEnd(RelayEnd.Reason.TUNNEL_LOST, "the peer takes no more"));
        }
    }

    private InputStream input() {
        try {
            return plain.input();
        } catch (IOException e) {
            plainFailed(e);
            return null;
        }
    }

    /// @return whether the unencrypted side came to its end, and did not break
    private boolean sendAll(InputStream in) throws IOException {
        var spin = new AdaptiveSpin();
        int count = 0;
        for (int size = FIRST_READ_BYTES; ; ) {
            int offset = channel.reserveStream(size);
            try {
                count = count < BULK_BYTES ? spin.read(in, channel.reserved(), offset, size)
                        : in.read(channel.reserved(), offset, size);
            } catch (IOException e) {
                plainFailed(e);
                return false;
            }
            if (count < 0) {
                return true;
            }
            if (tunnelClosed) {
                // As with TCP: data for a peer that has closed is answered by a reset.
                abort(new RelayEnd(RelayEnd.Reason.TUNNEL_LOST, "the peer takes no more"));
                return false;
            }
            channel.sendStream(count);
            bytesToTunnel += count;
            if (count == size) {
                size = Math.min(2 * size, NoiseChannel.MAX_STREAM_BYTES);
            }
        }
    }

    /// From the tunnel to the unencrypted side.
    private void receive() {
        try {
            OutputStream out = plain.output();
            for (int count = channel.receiveStream(); count >= 0; count = channel.receiveStream()) {
                deliver(out, channel.received(), count);
            }
            peerClosed();
        } catch (ProtocolException e) {
            abort(new RelayEnd(RelayEnd.Reason.PROTOCOL_ERROR, e.getMessage()));
        } catch (IOException e) {
            tunnelFailed(e);
        } catch (RuntimeException | Error e) {
            fault = e;
            abort(new RelayEnd(RelayEnd.Reason.STOPPED, ""));
        }
    }

    private void deliver(OutputStream out, byte[] bytes, int count) throws ProtocolException {
        if (receivingEnded) {
            throw new ProtocolException("bytes behind the end of a stream");
        }
        bytesToPlain += count;
        try {
            if (count == 0) {
                receivingEnded = true;
                endOutput();
                endIfBothEnded();
                breakIfSendingFailed();
            } else if (!plainRefuses) {
                out.write(bytes, 0, count);
            }
        } catch (IOException e) {
            // Bytes that it sent before are still on their way to the tunnel: the other direction finds the end, or the reset.
            plainRefuses = true;
            leaveIfRefused();
        }
    }

    private void endOutput() throws IOException {
        if (!plainRefuses) {
            plain.endOutput();
        }
    }

    /// Both ends of stream are exchanged: nothing is under way that closing could lose.
    private synchronized void endIfBothEnded() {
        if (sendingEnded && receivingEnded && end.compareAndSet(null, new RelayEnd(RelayEnd.Reason.ENDED, ""))) {
            ForwardSockets.close(tunnel.socket());
            plain.close();
        }
        leaveIfRefused();
    }

    /// Nothing can be delivered any more and nothing is left to send: the peer learns it by our close, once it has read
    /// everything. Until it closes too, or for as long as [ForwardClock] says, what it sends is dropped.
    private void leaveIfRefused() {
        if (sendingEnded && plainRefuses && end.get() == null) {
            try {
                tunnel.socket().shutdownOutput();
            } catch (IOException e) {
                tunnelFailed(e);
            }
        }
    }

    /// The peer's close without an end of stream before it is how it passes on that its side broke.
    private void peerClosed() {
        tunnelClosed = true;
        if (!receivingEnded) {
            abort(new RelayEnd(RelayEnd.Reason.TUNNEL_LOST, "the peer closed without an end of stream"));
        } else if (sendingEnded) {
            endIfBothEnded();
        }
    }

    private void plainFailed(IOException cause) {
        // Not reset: what was sent before the break may still arrive. Without an end of stream the peer takes it for one.
        if (end.compareAndSet(null, new RelayEnd(RelayEnd.Reason.PLAIN_RESET, String.valueOf(cause.getMessage())))) {
            plain.reset();
            ForwardSockets.close(tunnel.socket());
        }
    }

    private void tunnelFailed(IOException cause) {
        abort(new RelayEnd(RelayEnd.Reason.TUNNEL_LOST, String.valueOf(cause.getMessage())));
    }

    /// How long a forwarded connection may be silent.
    ///
    /// @param idleTimeout      with both directions open; zero for no limit
    /// @param halfCloseTimeout once one direction has ended; zero for no limit
    public record ForwardLimits(Duration idleTimeout, Duration halfCloseTimeout) {

        public static final ForwardLimits DEFAULT = new ForwardLimits(Duration.ZERO, Duration.ofMinutes(5));
    }

    /// How a relay ended.
    ///
    /// @param reason in one word
    /// @param detail in one line; empty if the reason says all
    public record RelayEnd(Reason reason, String detail) {

        /// The kinds of ends.
        public enum Reason {
            /// Both directions came to their end, and everything arrived.
            ENDED,
            /// The connection on the unencrypted side broke.
            PLAIN_RESET,
            /// The tunnel closed or broke before both directions had ended.
            TUNNEL_LOST,
            /// The peer in the tunnel broke the rules.
            PROTOCOL_ERROR,
            /// Nothing was moved for too long.
            IDLE,
            /// It was told to end.
            STOPPED
        }
    }

    /// An encrypted connection in stream mode, its handshakes done. Closing it closes the socket and wipes the keys.
    ///
    /// @param socket  what the channel reads and writes
    /// @param channel established
    @SuppressWarnings("exports") // the channel, which is for relays
    public record Tunnel(Socket socket, NoiseChannel channel) implements AutoCloseable {

        @Override
        public void close() {
            channel.close();
            ForwardSockets.close(socket);
        }
    }
}
