package dev.cipherlink.crypto;

import java.util.Arrays;

/// The Curve25519 public key that a server or a user is known by. Immutable.
///
/// Two keys are equal if their 32 bytes are: another encoding of the same point (RFC 7748 allows some) is another key
/// here, and so nobody is let in by it.
public final class PublicKey {

    /// Bytes of a key.
    public static final int BYTES = KeyPair.KEY_BYTES;

    private final byte[] bytes;

    private PublicKey(byte[] bytes) {
        this.bytes = bytes;
    }

    /// A key from its raw bytes, which are copied.
    ///
    /// @throws IllegalArgumentException if there are not exactly 32
    public static PublicKey of(byte[] bytes) {
        if (bytes.length != BYTES) {
            throw new IllegalArgumentException("a public key has " + BYTES + " bytes, not " + bytes.length);
        }
        return new PublicKey(bytes.clone());
    }

    /// The 32 raw bytes, a copy.
    public byte[] bytes() {
        return bytes.clone();
    }

    /// What people compare. Each call computes a digest.
    public Fingerprint fingerprint() {
        return Fingerprint.of(this);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof PublicKey key && Arrays.equals(bytes, key.bytes);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bytes);
    }

    /// The fingerprint.
    @Override
    public String toString() {
        return fingerprint().toString();
    }
}
