package dev.cipherlink.packet;

import java.net.ProtocolException;

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
}
