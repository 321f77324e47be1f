package dev.cipherlink.channel;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.net.ProtocolException;
import java.nio.ByteOrder;

/// What a header may say at this moment of a connection; anything else ends it (`docs/protocol.md`, section 1).
///
/// @param version      the only version byte accepted
/// @param nonceBytes   the only nonce size accepted
/// @param minDataBytes the smallest data size accepted
/// @param maxDataBytes the largest data size accepted
public record PacketLimits(int version, int nonceBytes, int minDataBytes, int maxDataBytes) {

    /// Checks the version as soon as its byte is there, so that a foreign protocol is refused at its first byte.
    void checkVersion(int actual) throws ProtocolException {
        if (actual != version) {
            throw new ProtocolException("packet version " + actual + " where " + version + " is expected");
        }
    }

    /// Checks the sizes of a header as unsigned numbers.
    void checkSizes(int nonceSize, int dataSize) throws ProtocolException {
        if (nonceSize != nonceBytes) {
            throw new ProtocolException("nonce of " + Integer.toUnsignedString(nonceSize) + " bytes where "
                    + nonceBytes + " are expected");
        }
        if (Integer.compareUnsigned(dataSize, minDataBytes) < 0 || Integer.compareUnsigned(dataSize, maxDataBytes) > 0) {
            throw new ProtocolException("packet data of " + Integer.toUnsignedString(dataSize) + " bytes where "
                    + minDataBytes + " to " + maxDataBytes + " are allowed");
        }
    }

    /// Layout of a packet's header, `!BII`: version, nonce size, data size (`docs/protocol.md`, section 1).
    static final class PacketHeader {

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
}
