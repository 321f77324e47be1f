package dev.cipherlink.client;

import dev.cipherlink.forward.Forwards.RunnableForward;
import dev.cipherlink.forward.PlainEnd;
import dev.cipherlink.forward.Relay.RelayEnd;
import dev.cipherlink.forward.mux.PipeEnd;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadFactory;

/// A channel whose unencrypted side is no socket, such as standard streams: two threads move its bytes.
final class StreamForward implements RunnableForward {

    private static final Duration NO_LIMIT = Duration.ofDays(36_500);

    private final ChannelForward channel;
    private final PlainEnd plain;
    /// All that came was written, or it need not be.
    private final CountDownLatch written = new CountDownLatch(1);

    /// @param channel that is connected to its target
    StreamForward(ChannelForward channel, PlainEnd plain) {
        this.channel = channel;
        this.plain = plain;
    }

    @Override
    public RelayEnd run(ThreadFactory threads) throws IOException, InterruptedException {
        PipeEnd pipe = channel.pipe();
        threads.newThread(() -> send(pipe.output())).start();
        threads.newThread(() -> receive(pipe.input(NO_LIMIT))).start();
        RelayEnd end = channel.awaitEnd();
        if (end.reason() == RelayEnd.Reason.ENDED || end.reason() == RelayEnd.Reason.TUNNEL_LOST) {
            written.await();
        }
        plain.close();
        return end;
    }

    private void send(OutputStream tunnel) {
        byte[] buffer = new byte[PipeEnd.MANY];
        try (tunnel) {
            InputStream in = plain.input();
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                tunnel.write(buffer, 0, count);
            }
        } catch (IOException e) {
            channel.end(RelayEnd.Reason.PLAIN_RESET, String.valueOf(e.getMessage())); // if it has not ended before
        }
    }

    private void receive(InputStream tunnel) {
        byte[] buffer = new byte[PipeEnd.MANY];
        try {
            OutputStream out = plain.output();
            for (int count = received(tunnel, buffer); count != 0; count = received(tunnel, buffer)) {
                if (count < 0) {
                    plain.endOutput();
                    return;
                }
                out.write(buffer, 0, count);
                out.flush();
            }
        } catch (IOException e) {
            channel.end(RelayEnd.Reason.PLAIN_RESET, String.valueOf(e.getMessage()));
        } finally {
            written.countDown();
        }
    }

    /// @return -1 at the end, 0 where the channel broke
    private static int received(InputStream tunnel, byte[] buffer) {
        try {
            return tunnel.read(buffer, 0, buffer.length);
        } catch (IOException e) {
            return 0;
        }
    }

    @Override
    public long bytesToTunnel() {
        return channel.bytesToTunnel();
    }

    @Override
    public long bytesToPlain() {
        return channel.bytesToPlain();
    }

    @Override
    public void checkTime(long nanoTime) {
        channel.checkTime(nanoTime);
    }

    @Override
    public void stop() {
        channel.stop();
        written.countDown();
    }
}
