package dev.cipherlink.forward;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.channel.NoiseChannel;
import dev.cipherlink.channel.NoisePeer;
import dev.cipherlink.channel.PacketReader;
import dev.cipherlink.channel.PacketWriter;
import dev.cipherlink.crypto.KeyPair;
import dev.cipherlink.forward.Relay.ForwardLimits;
import dev.cipherlink.forward.Relay.RelayEnd;
import dev.cipherlink.forward.Relay.RelayEnd.Reason;
import dev.cipherlink.forward.Relay.Tunnel;
import dev.cipherlink.noise.Suite;
import java.io.ByteArrayOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.util.Arrays;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Ends of a relay in the orders that sockets rarely bring about.
class RelayTest {

    /// The unencrypted side, in memory.
    private static final class FakeSide implements PlainEnd {
        /// Bytes; nothing of them is the end, and an exception the failure of a read.
        final LinkedBlockingQueue<Object> input = new LinkedBlockingQueue<>();
        final ByteArrayOutputStream output = new ByteArrayOutputStream();
        volatile boolean hasNoInput;
        volatile boolean refuses;
        volatile boolean cannotEnd;
        volatile boolean isOutputEnded;
        volatile boolean isReset;

        void put(String text) {
            input.add(text.getBytes(US_ASCII));
        }

        @Override
        public InputStream input() throws IOException {
            if (hasNoInput) {
                throw new SocketException("no input");
            }
            return new InputStream() {
                @Override
                public int read() {
                    throw new AssertionError("a byte at a time");
                }

                @Override
                public int read(byte[] target, int offset, int length) throws IOException {
                    return next(target, offset);
                }
            };
        }

        private int next(byte[] target, int offset) throws IOException {
            try {
                switch (input.take()) {
                    case byte[] bytes -> {
                        System.arraycopy(bytes, 0, target, offset, bytes.length);
                        return bytes.length == 0 ? -1 : bytes.length;
                    }
                    case IOException failure -> throw failure;
                    case Object failure -> throw (RuntimeException) failure;
                }
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
        }

        @Override
        public OutputStream output() {
            return new FilterOutputStream(output) {
                @Override
                public void write(byte[] bytes, int offset, int length) throws IOException {
                    if (refuses) {
                        throw new SocketException("broken");
                    }
                    output.write(bytes, offset, length);
                }
            };
        }

        @Override
        public void endOutput() throws IOException {
            if (cannotEnd) {
                throw new SocketException("broken");
            }
            isOutputEnded = true;
        }

        @Override
        public void close() {
            put("");
        }

        @Override
        public void reset() {
            isReset = true;
            put("");
        }
    }

    private final FakeSide side = new FakeSide();
    private Socket near;
    private Socket far;
    private NoiseChannel peer;
    private Relay relay;
    private Thread thread;
    private volatile Thread sender;
    private FutureTask<RelayEnd> run;

    @BeforeEach
    void connect() throws IOException {
        try (var listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            near = new Socket(listener.getInetAddress(), listener.getLocalPort());
            far = listener.accept();
        }
        NoisePeer[] pair = NoisePeer.pair(Suite.AES_GCM, KeyPair.generate(), KeyPair.generate());
        NoiseChannel own = channel(pair[0], near);
        peer = channel(pair[1], far);
        relay = new Relay(new Tunnel(near, own), side, ForwardLimits.DEFAULT);
        run = new FutureTask<>(() -> relay.run(work -> sender = Thread.ofVirtual().unstarted(work)));
        thread = Thread.ofPlatform().daemon().unstarted(run);
    }

    private static NoiseChannel channel(NoisePeer noise, Socket socket) throws IOException {
        NoiseChannel channel = noise.channel(new PacketReader(socket.getInputStream()), new PacketWriter(socket.getOutputStream()));
        channel.establish(1_024);
        return channel;
    }

    @AfterEach
    void close() throws IOException {
        near.close();
        far.close();
    }

    private void send(String text) throws IOException {
        byte[] bytes = text.getBytes(US_ASCII);
        int offset = peer.reserveStream(bytes.length);
        System.arraycopy(bytes, 0, peer.reserved(), offset, bytes.length);
        peer.sendStream(bytes.length);
    }

    private String receive() throws IOException {
        int count = peer.receiveStream();
        return count < 0 ? "closed" : new String(peer.received(), 0, count, US_ASCII);
    }

    private RelayEnd end() throws Exception {
        return run.get(100, TimeUnit.SECONDS);
    }

    /// The thread that reads the tunnel has come to its end, and waits for the other.
    private void awaitClose() {
        await().until(() -> Arrays.stream(thread.getStackTrace()).anyMatch(frame -> frame.getMethodName().equals("awaitTermination")));
    }

    @Test
    void aFaultOfOursIsThrownAndBreaksBothSides() {
        side.input.add(new IllegalStateException("a bug"));
        thread.start();
        var failure = assertInstanceOf(IllegalStateException.class, assertThrows(ExecutionException.class, this::end).getCause());
        assertEquals("a relay failed", failure.getMessage());
        assertEquals("a bug", failure.getCause().getMessage());
        assertTrue(side.isReset);
        assertThrows(IOException.class, this::receive);
    }

    @Test
    void aSideWithoutInputEndsIt() throws Exception {
        side.hasNoInput = true;
        thread.start();
        assertEquals(new RelayEnd(Reason.PLAIN_RESET, "no input"), end());
        assertTrue(side.isReset);
        assertEquals("closed", receive(), "without an end of stream");
    }

    @Test
    void aFailureAfterAStopIsNotTheReason() throws Exception {
        thread.start();
        side.put("a");
        assertEquals("a", receive());
        relay.stop();
        side.input.clear();
        side.input.add(new SocketException("closed by the stop"));
        assertEquals(new RelayEnd(Reason.STOPPED, ""), end());
    }

    @Test
    void aSideThatTakesNoMoreIsReadToItsEndAndThePeerIsTold() throws Exception {
        side.refuses = true;
        thread.start();
        send("dropped");
        side.put("still");
        assertEquals("still", receive());
        await().until(() -> relay.bytesToPlain() == 7);
        side.put("");
        assertEquals("", receive(), "an end of stream");
        assertEquals("closed", receive(), "the peer learns it by our close");
        send("dropped too");
        send("");
        assertEquals(Reason.ENDED, end().reason());
        assertEquals(0, side.output.size());
        assertFalse(side.isOutputEnded);
    }

    @Test
    void aPeerThatStaysIsWaitedForOneSecond() throws Exception {
        side.refuses = true;
        side.put("");
        thread.start();
        send("dropped");
        assertEquals("", receive());
        assertEquals("closed", receive());
        long now = System.nanoTime();
        relay.checkTime(now);
        assertFalse(run.isDone());
        relay.checkTime(now + TimeUnit.SECONDS.toNanos(1));
        assertEquals(new RelayEnd(Reason.PLAIN_RESET, ""), end());
    }

    /// As TCP answers data for a peer that has closed.
    @Test
    void bytesForAPeerThatHasEndedAndClosedResetTheirSide() throws Exception {
        thread.start();
        send("");
        far.close();
        awaitClose();
        assertTrue(side.isOutputEnded);
        side.put("too late");
        assertEquals(new RelayEnd(Reason.TUNNEL_LOST, "the peer takes no more"), end());
        assertTrue(side.isReset);
    }

    /// Both ends of stream came, and no way to pass ours on.
    @Test
    void aSideWhoseOutputCannotBeEndedIsWaitedForToTheClose() throws Exception {
        side.cannotEnd = true;
        side.put("");
        thread.start();
        assertEquals("", receive());
        await().until(() -> sender != null && !sender.isAlive());
        send("");
        assertEquals("closed", receive());
        far.close();
        assertEquals(new RelayEnd(Reason.ENDED, ""), end());
    }

    /// What the peer sent before it closed is still delivered.
    @Test
    void aTunnelThatTakesNoMoreIsReadToItsEnd() throws Exception {
        near.shutdownOutput();
        thread.start();
        side.put("lost");
        send("delivered");
        await().until(() -> side.output.size() == 9);
        await().until(() -> side.input.isEmpty());
        assertFalse(side.isReset);
        send("");
        assertEquals(new RelayEnd(Reason.TUNNEL_LOST, "the peer takes no more"), end());
        assertEquals("delivered", side.output.toString(US_ASCII));
        assertTrue(side.isReset);
    }
}
