package dev.cipherlink.channel;

import dev.cipherlink.channel.PacketReader.PacketLimits;
import dev.cipherlink.crypto.SharedKey;
import dev.cipherlink.crypto.Sodium;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.net.ProtocolException;
import java.nio.ByteOrder;
import java.util.Arrays;

/// Version 1 of the wire: each packet is a NaCl secretbox under a shared key and carries exactly one message
/// (`docs/protocol.md`, section 1).
///
/// Our nonces are 16 random bytes, chosen for this connection and direction, and a counter. A packet whose nonce
/// starts with our own 16 bytes came back to us and is refused. Other programs may choose their nonces in other ways; if the peer
/// has proved that it counts as we do, [#requireOrder] binds its packets to the connection. The shared key belongs to the caller.
public final class SharedKeyChannel extends PacketChannel {

    public static final int VERSION = 1;
    private static final int NONCE_BYTES = Sodium.SECRETBOX_NONCE_BYTES;
    private static final int NONCE_PREFIX_BYTES = 16;
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    private final SharedKey key;
    private final byte[] nonce = new byte[NONCE_BYTES];
    private long sealedPackets;
    private final byte[] receivedNonce = new byte[NONCE_BYTES];
    private boolean isOrdered;
    /// The message that was reserved last and is not sealed yet; arrays fit exactly, see [Sodium].
    private byte[] reserved;

    public SharedKeyChannel(PacketReader reader, PacketWriter writer, SharedKey key) {
        super(reader, writer, limits(MAX_UNESTABLISHED_BYTES - NONCE_BYTES));
        this.key = key;
        var prefix = new byte[NONCE_PREFIX_BYTES];
        Sodium.randomBytes(prefix);
        System.arraycopy(prefix, 0, nonce, 0, NONCE_PREFIX_BYTES);
    }

    private static PacketLimits limits(int maxDataBytes) {
        return new PacketLimits(VERSION, NONCE_BYTES, Sodium.SECRETBOX_TAG_BYTES, maxDataBytes);
    }

    @Override
    public int version() {
        return VERSION;
    }

    @Override
    public String protocolName() {
        return "XSalsa20-Poly1305 with a shared key";
    }

    @Override
    public String protection() {
        return "shared key";
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
        limit(limits(Sodium.SECRETBOX_TAG_BYTES + maxMessageBytes));
    }

    @Override
    public void requireOrder() {
        isOrdered = true;
    }

    @Override
    void open() throws IOException {
        byte[] source = reader.buffer();
        if (isOrdered && !isNext(source, reader.nonceOffset())) {
            throw new ProtocolException("a packet that is not the peer's next on this connection");
        }
        System.arraycopy(source, reader.nonceOffset(), receivedNonce, 0, NONCE_BYTES);
        if (Arrays.equals(receivedNonce, 0, NONCE_PREFIX_BYTES, nonce, 0, NONCE_PREFIX_BYTES)) {
            throw new ProtocolException("one of our own packets came back");
        }
        byte[] box = Arrays.copyOfRange(source, reader.dataOffset(), reader.dataOffset() + reader.dataSize());
        byte[] message = new byte[box.length - Sodium.SECRETBOX_TAG_BYTES];
        if (!key.open(message, box, receivedNonce)) {
            throw new ProtocolException("a packet does not authenticate under the shared key");
        }
        received = message;
        receivedBytes = message.length;
    }

    private boolean isNext(byte[] source, int offset) {
        return Arrays.equals(source, offset, offset + NONCE_PREFIX_BYTES, receivedNonce, 0, NONCE_PREFIX_BYTES)
                && (long) LONG.get(source, offset + NONCE_PREFIX_BYTES) == (long) LONG.get(receivedNonce, NONCE_PREFIX_BYTES) + 1;
    }

    @Override
    public int reserve(int messageBytes) {
        sealReserved();
        reserved = new byte[messageBytes];
        return 0;
    }

    @Override
    public byte[] reserved() {
        return reserved;
    }

    @Override
    void sealReserved() {
        if (reserved == null) {
            return;
        }
        LONG.set(nonce, NONCE_PREFIX_BYTES, sealedPackets++);
        var box = new byte[reserved.length + Sodium.SECRETBOX_TAG_BYTES];
        key.seal(box, reserved, nonce);
        int nonceOffset = writer.begin(VERSION, NONCE_BYTES);
        System.arraycopy(nonce, 0, writer.buffer(), nonceOffset, NONCE_BYTES);
        int dataOffset = writer.extend(box.length);
        System.arraycopy(box, 0, writer.buffer(), dataOffset, box.length);
        writer.end();
        reserved = null;
    }

    @Override
    public int pendingBytes() {
        return writer.pendingBytes() + (reserved == null ? 0 : reserved.length);
    }
}
