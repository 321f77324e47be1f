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
public final class NoiseChannel implements SecureChannel {

    public static final int VERSION = 2;
    /// Data of a packet before the session is established.
    static final int MAX_UNESTABLISHED_BYTES = 4_096;
    private static final int NONCE_BYTES = 0;
    private static final byte[] NOTHING = {};

    private final PacketReader reader;
    private final PacketWriter writer;
    private final TransportState transport;
    private PacketLimits limits =
            new PacketLimits(VERSION, NONCE_BYTES, TransportState.TAG_BYTES, MAX_UNESTABLISHED_BYTES);
    private byte[] received = NOTHING;
    private int receivedBytes;
    /// Whether a packet has been begun that takes more messages.
    private boolean isPacketOpen;

    NoiseChannel(PacketReader reader, PacketWriter writer, TransportState transport) {
        this.reader = reader;
        this.writer = writer;
        this.transport = transport;
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
        limits = new PacketLimits(VERSION, NONCE_BYTES, TransportState.TAG_BYTES,
                TransportState.MAX_PLAINTEXT_BYTES + TransportState.TAG_BYTES);
    }

    @Override
    public boolean receive() throws IOException {
        if (!reader.read(limits)) {
            return false;
        }
        int needed = reader.dataSize() - TransportState.TAG_BYTES;
        receivedBytes = 0;
        if (received.length < needed) {
            Arrays.fill(received, (byte) 0);
            received = new byte[Math.clamp(received.length * 2L, needed, SessionParameters.MAX_MESSAGE_BYTES)];
        }
        receivedBytes = transport.open(reader.buffer(), reader.dataOffset(), reader.dataSize(), received, 0);
        return true;
    }

    @Override
    public boolean hasPacket() {
        return reader.hasPacket();
    }

    @Override
    public byte[] received() {
        return received;
    }

    @Override
    public int receivedOffset() {
        return 0;
    }

    @Override
    public int receivedBytes() {
        return receivedBytes;
    }

    @Override
    public int reserve(int messageBytes) throws IOException {
        if (isPacketOpen && writer.dataBytes() + messageBytes > TransportState.MAX_PLAINTEXT_BYTES) {
            sealPacket();
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

    private void sealPacket() throws IOException {
        int plaintextBytes = writer.dataBytes();
        writer.extend(TransportState.TAG_BYTES);
        int offset = writer.dataOffset();
        transport.seal(writer.buffer(), offset, plaintextBytes, writer.buffer(), offset);
        writer.end();
        isPacketOpen = false;
    }

    @Override
    public int pendingBytes() {
        return writer.pendingBytes();
    }

    @Override
    public boolean stage() throws IOException {
        if (isPacketOpen) {
            sealPacket();
        }
        if (writer.pendingBytes() == 0) {
            return false;
        }
        writer.stage();
        return true;
    }

    @Override
    public void writeStaged() throws IOException {
        writer.writeStaged();
    }

    @Override
    public long bytesIn() {
        return reader.bytesRead();
    }

    @Override
    public long bytesOut() {
        return writer.bytesWritten();
    }

    @Override
    public void close() {
        transport.close();
        Arrays.fill(received, (byte) 0);
        received = NOTHING;
        receivedBytes = 0;
    }
}
