package dev.cipherlink.packet;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/// Layout of a packet's header, `!BII`: version, nonce size, data size (`docs/protocol.md`, section 1).
final class PacketHeader {

    static final int VERSION_OFFSET = 0;
    static final int NONCE_SIZE_OFFSET = 1;
    static final int DATA_SIZE_OFFSET = 5;
    static final int BYTES = 9;

    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);

    private PacketHeader() {
    }

    static void encode(byte[] target, int offset, int version, int nonceSize, int dataSize) {
        target[offset + VERSION_OFFSET] = (byte) version;
        INT.set(target, offset + NONCE_SIZE_OFFSET, nonceSize);
        INT.set(target, offset + DATA_SIZE_OFFSET, dataSize);
    }

    static void encodeDataSize(byte[] target, int offset, int dataSize) {
        INT.set(target, offset + DATA_SIZE_OFFSET, dataSize);
    }

    static int version(byte[] source, int offset) {
        return source[offset + VERSION_OFFSET] & 0xff;
    }

    /// Unsigned, as every integer of the protocol: compare with `Integer.compareUnsigned`.
    static int nonceSize(byte[] source, int offset) {
        return (int) INT.get(source, offset + NONCE_SIZE_OFFSET);
    }

    /// Unsigned, as every integer of the protocol: compare with `Integer.compareUnsigned`.
    static int dataSize(byte[] source, int offset) {
        return (int) INT.get(source, offset + DATA_SIZE_OFFSET);
    }
}
