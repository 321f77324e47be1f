package dev.cipherlink.channel;

import dev.cipherlink.message.SessionParameters;
import dev.cipherlink.noise.TransportState;
import dev.cipherlink.packet.PacketLimits;
import dev.cipherlink.packet.PacketReader;
import dev.cipherlink.packet.PacketWriter;
import java.io.IOException;
import java.util.Arrays;

/// Version 2 of the wire after its handshake: each packet is a Noise transport message and carries as many whole
/// messages as are ready (`docs/protocol.md`, section 1).
///
/// Messages are written straight behind a packet's header and sealed in place: one seal and one write for all that
/// go together.
public final class NoiseChannel extends PacketChannel {

    public static final int VERSION = 2;
    private static final int NONCE_BYTES = 0;

    private final TransportState transport;
    /// Whether a packet has been begun that takes more messages.
    private boolean isPacketOpen;

    NoiseChannel(PacketReader reader, PacketWriter writer, TransportState transport) {
        super(reader, writer, limits(MAX_UNESTABLISHED_BYTES));
        this.transport = transport;
    }

    private static PacketLimits limits(int maxDataBytes) {
        return new PacketLimits(VERSION, NONCE_BYTES, TransportState.TAG_BYTES, maxDataBytes);
    }

    @Override
    public int version() {
        return VERSION;
    }

    @Override
    public boolean isOneMessageAPacket() {
        return false;
    }

    @Override
    public void establish(int maxMessageBytes) {
        // A packet may carry several messages, so that its limit is that of Noise, whatever their size.
        limit(limits(TransportState.MAX_PLAINTEXT_BYTES + TransportState.TAG_BYTES));
    }

    @Override
    void open() throws IOException {
        int needed = reader.dataSize() - TransportState.TAG_BYTES;
        if (received.length < needed) {
            Arrays.fill(received, (byte) 0);
            received = new byte[Math.clamp(received.length * 2L, needed, SessionParameters.MAX_MESSAGE_BYTES)];
        }
        receivedBytes = transport.open(reader.buffer(), reader.dataOffset(), reader.dataSize(), received, 0);
    }

    @Override
    public int reserve(int messageBytes) throws IOException {
        if (isPacketOpen && writer.dataBytes() + messageBytes > TransportState.MAX_PLAINTEXT_BYTES) {
            sealReserved();
        }
        if (!isPacketOpen) {
            writer.begin(VERSION, NONCE_BYTES);
            isPacketOpen = true;
        }
        return writer.extend(messageBytes);
    }

    @Override
    public byte[] reserved() {
        return writer.buffer();
    }

    @Override
    void sealReserved() throws IOException {
        if (!isPacketOpen) {
            return;
        }
        int plaintextBytes = writer.dataBytes();
        writer.extend(TransportState.TAG_BYTES);
        int offset = writer.dataOffset();
        transport.seal(writer.buffer(), offset, plaintextBytes, writer.buffer(), offset);
        writer.end();
        isPacketOpen = false;
    }

    /// Reserves room for raw bytes in a packet of their own, which [#sendStream] sends (`docs/protocol.md`, section 6).
    /// Not to be mixed with messages.
    ///
    /// @param maxBytes 0 .. 65,519
    /// @return where the bytes start in [#reserved]
    /// @throws IOException if the channel is closed
    public int reserveStream(int maxBytes) throws IOException {
        if (!isPacketOpen) {
            writer.begin(VERSION, NONCE_BYTES);
            isPacketOpen = true;
        }
        int missing = maxBytes - writer.dataBytes();
        if (missing > 0) {
            writer.extend(missing);
        }
        return writer.dataOffset();
    }

    /// Seals the first of the bytes reserved by [#reserveStream], in place, and writes them with one call. Blocks while
    /// the peer does not read.
    public void sendStream(int bytes) throws IOException {
        writer.truncate(bytes);
        if (stage()) {
            writeStaged();
        }
    }

    @Override
    public int pendingBytes() {
        return writer.pendingBytes();
    }

    @Override
    public void close() {
        transport.close();
        super.close();
    }
}
