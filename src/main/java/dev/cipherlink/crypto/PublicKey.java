package dev.cipherlink.crypto;

import java.util.Arrays;

/// The Curve25519 public key that identifies a server or a user. Immutable.
///
/// Keys are equal if their 32 bytes are. RFC 7748 allows other encodings of the same point; here they are different keys,
/// and so match no authorized key.
public final class PublicKey {

    /// Bytes of a key.
    public static final int BYTES = KeyPair.KEY_BYTES;

    private final byte[] bytes;

    private PublicKey(byte[] bytes) {
        this.bytes = bytes;
    }

    /// A key from its raw bytes, which are copied.
    ///
    /// @throws IllegalArgumentException unless there are exactly 32
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

    /// The form in which people compare keys. Each call computes a digest.
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
