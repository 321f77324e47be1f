package dev.cipherlink.client;

import dev.cipherlink.forward.ForwardTarget;
import dev.cipherlink.forward.ForwardTarget.TargetException;
import dev.cipherlink.forward.ForwardTarget.TargetException.Refusal;
import dev.cipherlink.forward.Forwards.RunnableForward;
import dev.cipherlink.forward.Relay.RelayEnd;
import dev.cipherlink.forward.TunnelSource.Accepted;
import dev.cipherlink.forward.mux.ForwardedChannel;
import dev.cipherlink.forward.mux.MuxSession;
import dev.cipherlink.forward.mux.PipeEnd;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadFactory;

/// One forwarded connection as a channel. The thread that runs it waits for its end.
final class ChannelForward implements RunnableForward, ForwardedChannel.Listener {

    private final ChannelClient client;
    private final MuxSession session;
    private final ForwardTarget target;
    private final Accepted accepted;
    private final CompletableFuture<Void> opened = new CompletableFuture<>();
    private final CompletableFuture<RelayEnd> ended = new CompletableFuture<>();
    private volatile ForwardedChannel channel;
    private volatile boolean isStopped;

    ChannelForward(ChannelClient client, MuxSession session, ForwardTarget target, Accepted accepted) {
        this.client = client;
        this.session = session;
        this.target = target;
        this.accepted = accepted;
    }

    /// Blocks until the server is connected to the target, or refuses.
    void open() throws IOException {
        begin();
        try {
            await(opened);
        } catch (InterruptedException e) {
            channel.stop();
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while the server connects to " + target);
        }
    }

    private void begin() {
        channel = session.open(target.toString(), this, accepted);
        client.connectIfLost();
    }

    /// @throws TargetException if that is why it failed
    static <T> T await(CompletableFuture<T> future) throws IOException, InterruptedException {
        try {
            return future.get();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof TargetException refused ? refused : new IOException(e.getCause());
        }
    }

    /// Has streams as the unencrypted side of a channel that was opened.
    PipeEnd pipe() {
        return channel.pipe(PipeEnd.MANY);
    }

    /// Ends it at once, unless it has ended.
    void end(RelayEnd.Reason reason, String detail) {
        channel.end(reason, detail);
    }

    @Override
    public RelayEnd run(ThreadFactory threads) throws IOException, InterruptedException {
        if (channel == null) {
            begin();
        } else {
            channel.connect(accepted.channel(), accepted.first());
        }
        return awaitEnd();
    }

    /// Blocks until the end.
    RelayEnd awaitEnd() throws IOException, InterruptedException {
        try {
            if (isStopped) {
                channel.stop();
            }
            return await(ended);
        } catch (InterruptedException e) {
            channel.stop();
            throw e;
        }
    }

    @Override
    public long bytesToTunnel() {
        return channel == null ? 0 : channel.bytesToTunnel();
    }

    @Override
    public long bytesToPlain() {
        return channel == null ? 0 : channel.bytesToPlain();
    }

    @Override
    public void checkTime(long nanoTime) {
        if (channel != null) {
            channel.checkTime(nanoTime);
        }
    }

    @Override
    public void stop() {
        isStopped = true;
        if (channel != null) {
            channel.stop();
        }
    }

    // Called by the session's thread.

    @Override
    public void opened() {
        opened.complete(null);
    }

    @Override
    public void refused(Refusal refusal, String reason) {
        var cause = new TargetException(refusal, reason);
        opened.completeExceptionally(cause);
        ended.completeExceptionally(cause);
    }

    @Override
    public void ended(RelayEnd end) {
        opened.completeExceptionally(new TargetException(Refusal.FAILED, end.detail()));
        ended.complete(end);
    }
}
