package dev.cipherlink.crypto;

import java.net.ProtocolException;
import java.util.Arrays;

/// A Curve25519 key pair for X25519 (RFC 7748), static or ephemeral.
///
/// Thread-safe, for many handshakes at once. Its creator closes it, which wipes the secret; a handshake closes only its
/// own ephemeral pair.
public final class KeyPair implements AutoCloseable {

    /// Bytes of a secret key, a public key and a shared secret.
    public static final int KEY_BYTES = Sodium.X25519_BYTES;

    private final byte[] secret;
    private final byte[] publicKey = new byte[KEY_BYTES];
    private boolean closed;

    private KeyPair(byte[] secret) {
        this.secret = secret;
        Sodium.x25519Base(publicKey, secret);
    }

    /// `GENERATE_KEYPAIR()`: a new pair from the operating system's random generator.
    public static KeyPair generate() {
        byte[] secret = new byte[KEY_BYTES];
        Sodium.randomBytes(secret);
        return new KeyPair(secret);
    }

    /// The key pair of a given secret, which is copied; the caller wipes its own copy.
    ///
    /// @param secret 32 bytes
    public static KeyPair of(byte[] secret) {
        return new KeyPair(secret.clone());
    }

    /// The public key: 32 bytes, a copy.
    public byte[] publicKey() {
        return publicKey.clone();
    }

    /// `DH(key_pair, public_key)`: 32 secret bytes; the caller wipes them.
    ///
    /// @throws ProtocolException if the result is all zero (a low-order point): the handshake must fail (Noise 12.1
    ///         leaves the choice; we refuse)
    public byte[] dh(byte[] remotePublicKey) throws ProtocolException {
        byte[] scalar = secretCopy();
        byte[] shared = new byte[KEY_BYTES];
        try {
            if (!Sodium.x25519(shared, scalar, remotePublicKey)) {
                throw new ProtocolException("the peer's public key gives an all-zero shared secret");
            }
            return shared;
        } finally {
            Arrays.fill(scalar, (byte) 0);
        }
    }

    /// The 32 secret bytes, which the caller wipes.
    ///
    /// The lock covers only the copy: handshakes must not queue behind each other's scalar multiplication, and none may
    /// compute with a half-wiped secret.
    synchronized byte[] secretCopy() {
        if (closed) {
            throw new IllegalStateException("the key pair is closed");
        }
        return secret.clone();
    }

    @Override
    public synchronized void close() {
        closed = true;
        Arrays.fill(secret, (byte) 0);
    }

    @Override
    public String toString() {
        return "KeyPair[X25519]";
    }
}
