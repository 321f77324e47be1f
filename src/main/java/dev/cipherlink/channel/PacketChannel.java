package dev.cipherlink.channel;

import dev.cipherlink.channel.PacketReader.PacketLimits;
import java.io.IOException;
import java.util.Arrays;

/// The common part of the versions of the wire: the plaintext that was received, and packets that wait to be written. The versions
/// open and seal packets in their own ways.
abstract sealed class PacketChannel implements SecureChannel permits SharedKeyChannel, NoiseChannel {

    /// Nonce and data of a packet before the session is established.
    static final int MAX_UNESTABLISHED_BYTES = 4_096;
    private static final byte[] NOTHING = {};

    final PacketReader reader;
    final PacketWriter writer;
    private PacketLimits limits;
    /// The plaintext last received, from the start of the array on.
    byte[] received = NOTHING;
    int receivedBytes;

    PacketChannel(PacketReader reader, PacketWriter writer, PacketLimits limits) {
        this.reader = reader;
        this.writer = writer;
        this.limits = limits;
    }

    /// Sets the limits of headers from now on: the handshakes are over, whose packets are larger than most requests.
    final void limit(PacketLimits newLimits) {
        limits = newLimits;
        reader.shrink();
        writer.rest();
        forgetReceived();
    }

    final PacketLimits limits() {
        return limits;
    }

    @Override
    public final boolean receive() throws IOException {
        if (!readPacket()) {
            return false;
        }
        receivedBytes = 0;
        if (reader.takeRest()) {
            forgetReceived();
        }
        open();
        return true;
    }

    /// @return false if the peer ended the stream between two packets
    final boolean readPacket() throws IOException {
        return reader.read(limits);
    }

    /// Opens the packet in the reader into [#received] and [#receivedBytes].
    abstract void open() throws IOException;

    /// Seals reserved messages that are not sealed yet.
    abstract void sealReserved() throws IOException;

    @Override
    public final boolean hasPacket() {
        return reader.hasPacket();
    }

    @Override
    public final byte[] received() {
        return received;
    }

    @Override
    public final int receivedBytes() {
        return receivedBytes;
    }

    @Override
    public final boolean stage() throws IOException {
        sealReserved();
        if (writer.pendingBytes() == 0) {
            return false;
        }
        writer.stage();
        return true;
    }

    @Override
    public final void writeStaged() throws IOException {
        writer.writeStaged();
    }

    @Override
    public void rest() {
        writer.rest();
    }

    @Override
    public final long bytesIn() {
        return reader.bytesRead();
    }

    @Override
    public final long bytesOut() {
        return writer.bytesWritten();
    }

    private void forgetReceived() {
        Arrays.fill(received, (byte) 0);
        received = NOTHING;
    }

    @Override
    public void close() {
        forgetReceived();
        receivedBytes = 0;
    }
}
