package dev.cipherlink.channel;

import dev.cipherlink.channel.PacketReader.PacketLimits;
import dev.cipherlink.message.SessionParameters;
import dev.cipherlink.noise.Suite;
import dev.cipherlink.noise.TransportState;
import java.io.IOException;
import java.util.Arrays;

/// Version 2 of the wire after its handshake: each packet is a Noise transport message and carries as many whole
/// messages as are ready (`docs/protocol.md`, section 1).
///
/// Messages are written behind a packet's header and sealed in place, with one seal and one write for all that go together.
public final class NoiseChannel extends PacketChannel {

    public static final int VERSION = 2;
    static final int NONCE_BYTES = 0;
    /// The most raw bytes that are sent at once, as one packet: whole blocks of the cipher, and with header and tag one segment of
    /// the loopback interface (65,483 bytes of an IPv4 packet). A longer write would need a small second segment.
    public static final int MAX_STREAM_BYTES = 127 * 512;

    private final Suite suite;
    private final TransportState transport;
    /// Whether the packet that was begun takes more messages.
    private boolean isPacketOpen;

    NoiseChannel(PacketReader reader, PacketWriter writer, Suite suite, TransportState transport) {
        super(reader, writer, limits(MAX_UNESTABLISHED_BYTES));
        this.suite = suite;
        this.transport = transport;
    }

    private static PacketLimits limits(int maxDataBytes) {
        return new PacketLimits(VERSION, NONCE_BYTES, TransportState.TAG_BYTES, maxDataBytes);
    }

    @Override
    public int version() {
        return VERSION;
    }

    /// What the handshake agreed on.
    public Suite suite() {
        return suite;
    }

    @Override
    public String protocolName() {
        return suite.protocolName();
    }

    @Override
    public String protection() {
        return suite.kind();
    }

    @Override
    public boolean isOneMessageAPacket() {
        return false;
    }

    @Override
    public void establish(int maxMessageBytes) {
        // A packet may carry several messages, so its limit is that of Noise.
        limit(limits(TransportState.MAX_PLAINTEXT_BYTES + TransportState.TAG_BYTES));
    }

    /// Noise requires it from the first packet on.
    @Override
    public void requireOrder() {
        // A packet out of order does not authenticate.
    }

    @Override
    void open() throws IOException {
        int needed = reader.dataSize() - TransportState.TAG_BYTES;
        if (received.length < needed) {
            Arrays.fill(received, (byte) 0);
            received = new byte[Math.clamp(received.length * 2L, needed, Math.max(needed, SessionParameters.MAX_MESSAGE_BYTES))];
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

    /// Receives the raw bytes of the next packet; [#received] then holds them. Blocks.
    ///
    /// @return 0 for the end of the stream, -1 if the peer closed the connection between two packets
    /// @throws java.net.ProtocolException if a packet is malformed or does not authenticate
    public int receiveStream() throws IOException {
        // At most one full packet, so that each read takes one write of a peer that keeps sending.
        reader.readAheadOnePacket(NONCE_BYTES + MAX_STREAM_BYTES + TransportState.TAG_BYTES);
        return receive() ? receivedBytes : -1;
    }

    /// Reserves space for raw bytes, which [#sendStream] sends. Not to be mixed with messages.
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
            // With space for the tag, so that sealing does not move them.
            writer.extend(missing + TransportState.TAG_BYTES);
            writer.truncate(maxBytes);
        }
        return writer.dataOffset();
    }

    /// Seals the first of the bytes reserved by [#reserveStream], in place, and writes them with one call. Blocks while
    /// the peer does not read. Only one thread sends a stream.
    public void sendStream(int bytes) throws IOException {
        writer.truncate(bytes);
        sealReserved();
        writer.writePending();
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
