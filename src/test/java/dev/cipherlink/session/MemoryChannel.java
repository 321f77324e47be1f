package dev.cipherlink.session;

import dev.cipherlink.channel.SecureChannel;
import dev.cipherlink.message.Message;
import dev.cipherlink.message.Message.MessageCodec;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/// A channel without a network: packets in plain, between two ends in memory, as blocking as a socket.
final class MemoryChannel implements SecureChannel {

    /// One direction. Holds a bounded number of bytes, as the buffers of a socket do.
    static final class Pipe {
        private final List<byte[]> packets = new ArrayList<>();
        private final int capacityBytes;
        private int bytes;
        private boolean closed;
        private boolean held;
        private int writers;
        private IOException broken;
        private volatile long nanosForAPacket;

        Pipe(int capacityBytes) {
            this.capacityBytes = capacityBytes;
        }

        synchronized void put(byte[] packet) throws IOException {
            writers++;
            await(() -> broken != null || closed || !held && (bytes == 0 || bytes + packet.length <= capacityBytes));
            writers--;
            if (broken != null || closed) {
                throw broken != null ? broken : new IOException("Broken pipe");
            }
            packets.add(packet);
            bytes += packet.length;
            notifyAll();
        }

        /// @return null at the end of the stream
        byte[] take() throws IOException {
            // A slow line: each packet takes its time to arrive.
            LockSupport.parkNanos(nanosForAPacket);
            return takeNow();
        }

        private synchronized byte[] takeNow() throws IOException {
            await(() -> closed || !packets.isEmpty());
            if (packets.isEmpty()) {
                return null;
            }
            byte[] packet = packets.removeFirst();
            bytes -= packet.length;
            notifyAll();
            return packet;
        }

        synchronized boolean hasPacket() {
            return !packets.isEmpty();
        }

        void slowDown(Duration forAPacket) {
            nanosForAPacket = forAPacket.toNanos();
        }

        /// Makes writers wait, or lets them go on.
        synchronized void hold(boolean newHeld) {
            held = newHeld;
            notifyAll();
        }

        /// Whether a writer waits.
        synchronized boolean isWaitedFor() {
            return writers > 0;
        }

        /// Makes writers fail; the reader notices nothing.
        synchronized void breakForWriters() {
            broken = new IOException("Connection reset by peer");
            notifyAll();
        }

        synchronized void close() {
            closed = true;
            notifyAll();
        }

        private void await(BooleanSupplier condition) throws InterruptedIOException {
            try {
                while (!condition.getAsBoolean()) {
                    wait();
                }
            } catch (InterruptedException e) {
                // As a socket: a thread that is interrupted in it closes it.
                close();
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("closed by interrupt");
            }
        }
    }

    final Pipe in;
    final Pipe out;
    private final MessageCodec codec;
    private final List<byte[]> pending = new ArrayList<>();
    private List<byte[]> staged = List.of();
    private byte[] received = {};
    private boolean isOrderRequired;
    private volatile int rests;
    private volatile long bytesIn;
    private volatile long bytesOut;

    MemoryChannel(Pipe in, Pipe out) {
        this.in = in;
        this.out = out;
        codec = new MessageCodec(Peer.burst(1).checksum());
    }

    /// Sends one message by hand.
    void send(Message message) throws IOException {
        codec.encode(message, reserveArray(MessageCodec.encodedBytes(message.payload().length())), 0);
        stage();
        writeStaged();
    }

    /// Receives one message by hand.
    ///
    /// @return null at the end of the stream
    Message receiveMessage() throws IOException {
        return receive() ? codec.decode(received, 0, received.length) : null;
    }

    private byte[] reserveArray(int bytes) {
        reserve(bytes);
        return reserved();
    }

    @Override
    public int version() {
        return 1;
    }

    @Override
    public String protocolName() {
        return "none";
    }

    @Override
    public String protection() {
        return "none";
    }

    @Override
    public boolean isOneMessageAPacket() {
        return true;
    }

    @Override
    public boolean isPadded() {
        return false;
    }

    @Override
    public void establish(int maxMessageBytes) {
        // Nothing is limited here.
    }

    @Override
    public void requireOrder() {
        isOrderRequired = true;
    }

    boolean isOrderRequired() {
        return isOrderRequired;
    }

    @Override
    public boolean receive() throws IOException {
        byte[] packet = in.take();
        if (packet == null) {
            return false;
        }
        received = packet;
        bytesIn += packet.length;
        return true;
    }

    @Override
    public boolean hasPacket() {
        return in.hasPacket();
    }

    @Override
    public byte[] received() {
        return received;
    }

    @Override
    public int receivedBytes() {
        return received.length;
    }

    @Override
    public int reserve(int messageBytes) {
        pending.add(new byte[messageBytes]);
        return 0;
    }

    @Override
    public byte[] reserved() {
        return pending.getLast();
    }

    @Override
    public void rest() {
        rests++;
    }

    int rests() {
        return rests;
    }

    @Override
    public int pendingBytes() {
        return pending.stream().mapToInt(packet -> packet.length).sum();
    }

    @Override
    public boolean stage() {
        if (pending.isEmpty()) {
            return false;
        }
        staged = List.copyOf(pending);
        pending.clear();
        return true;
    }

    @Override
    public void writeStaged() throws IOException {
        for (byte[] packet : staged) {
            out.put(packet);
            bytesOut += packet.length;
        }
        staged = List.of();
    }

    @Override
    public long bytesIn() {
        return bytesIn;
    }

    @Override
    public long bytesOut() {
        return bytesOut;
    }

    @Override
    public void close() {
        in.close();
        out.close();
    }
}
