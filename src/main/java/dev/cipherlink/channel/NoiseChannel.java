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
    /// Raw bytes in a full packet of a stream: with header and tag it has 64 KiB, so that two are what one call to a socket
    /// moves.
    private static final int STREAM_PACKET_BYTES = 64 * 1024 - 9 - TransportState.TAG_BYTES;
    /// The most raw bytes that are sent at once.
    public static final int MAX_STREAM_BYTES = 2 * STREAM_PACKET_BYTES;
    /// Between the raw bytes of two packets: a tag and a header.
    private static final int STREAM_GAP_BYTES = TransportState.TAG_BYTES + 9;
    /// Two full packets: what one read of a socket takes at most.
    private static final int STREAM_READ_BYTES = 128 * 1024;
    private static final int STREAM_OVERHEAD_BYTES = STREAM_GAP_BYTES + TransportState.TAG_BYTES;

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
        open(0, SessionParameters.MAX_MESSAGE_BYTES);
    }

    /// Opens the packet in the reader behind what was received before.
    private void open(int offset, int maxBytes) throws IOException {
        int needed = offset + reader.dataSize() - TransportState.TAG_BYTES;
        if (received.length < needed) {
            byte[] larger = new byte[Math.clamp(received.length * 2L, needed, Math.max(needed, maxBytes))];
            System.arraycopy(received, 0, larger, 0, offset);
            Arrays.fill(received, (byte) 0);
            received = larger;
        }
        receivedBytes = transport.open(reader.buffer(), reader.dataOffset(), reader.dataSize(), received, offset);
    }

    private void receiveBehind(int offset) throws IOException {
        readPacket();
        open(offset, MAX_STREAM_BYTES);
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

    /// Receives raw bytes: those of the next packet, and of the one behind it if that is there as a whole.
    /// [#received] then holds them. Blocks.
    ///
    /// @return 0 for the end of the stream, -1 if the peer closed the connection between two packets
    /// @throws java.net.ProtocolException if a packet is malformed or does not authenticate
    public int receiveStream() throws IOException {
        reader.readAhead(STREAM_READ_BYTES);
        if (!receive()) {
            return -1;
        }
        if (receivedBytes > 0 && reader.hasPacket() && reader.nextDataSize() > TransportState.TAG_BYTES) {
            int first = receivedBytes;
            receiveBehind(first);
            receivedBytes += first;
        }
        return receivedBytes;
    }

    /// Reserves room for raw bytes, which [#sendStream] sends. Not to be mixed with messages.
    ///
    /// @param maxBytes 0 .. [#MAX_STREAM_BYTES]
    /// @return where the bytes start in [#reserved]
    /// @throws IOException if the channel is closed
    public int reserveStream(int maxBytes) throws IOException {
        if (!isPacketOpen) {
            writer.begin(VERSION, NONCE_BYTES);
            isPacketOpen = true;
        }
        int missing = maxBytes - writer.dataBytes();
        if (missing > 0) {
            // With room for what is put behind and between them.
            writer.extend(missing + STREAM_OVERHEAD_BYTES);
            writer.truncate(maxBytes);
        }
        return writer.dataOffset();
    }

    /// Seals the first of the bytes reserved by [#reserveStream], in place, in as few packets as they need, and writes them
    /// with one call. Blocks while the peer does not read.
    public void sendStream(int bytes) throws IOException {
        int second = bytes - STREAM_PACKET_BYTES;
        if (second > 0) {
            int start = writer.dataOffset() + STREAM_PACKET_BYTES;
            System.arraycopy(writer.buffer(), start, writer.buffer(), start + STREAM_GAP_BYTES, second);
            writer.truncate(STREAM_PACKET_BYTES);
            sealReserved();
            writer.begin(VERSION, NONCE_BYTES);
            writer.extend(second);
            isPacketOpen = true;
        } else {
            writer.truncate(bytes);
        }
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
