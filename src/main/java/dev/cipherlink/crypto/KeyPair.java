package dev.cipherlink.crypto;

import java.io.IOException;
import java.net.ProtocolException;
import java.util.Arrays;

/// A Curve25519 key pair for X25519 (RFC 7748), static or ephemeral.
///
/// Thread-safe, for many handshakes at once. Its creator closes it, which wipes the secret; a handshake closes only its
/// own ephemeral pair.
public final class KeyPair implements AutoCloseable {

    /// Bytes of a secret key, a public key and a shared secret.
    public static final int KEY_BYTES = Sodium.X25519_BYTES;

    private final byte[] publicKey;
    private final SecretKey secret;

    private KeyPair(byte[] publicKey, SecretKey secret) {
        this.publicKey = publicKey;
        this.secret = secret;
    }

    /// A secret key where it is kept: in this process, or in another one that does not give it out.
    public interface SecretKey extends AutoCloseable {

        /// X25519 with this secret. May block on another process.
        ///
        /// @param shared receives the 32-byte result, which the caller wipes
        /// @return false if the result is all zero (a low-order point)
        /// @throws IOException if the secret cannot be used now
        boolean x25519(byte[] shared, byte[] point) throws IOException;

        /// Wipes it, if it is in this process. Idempotent.
        @Override
        void close();
    }

    /// `GENERATE_KEYPAIR()`: a new pair from the operating system's random generator.
    public static KeyPair generate() {
        byte[] secret = new byte[KEY_BYTES];
        Sodium.randomBytes(secret);
        return ofOwn(secret);
    }

    /// The key pair of a given secret, which is copied; the caller wipes its own copy.
    ///
    /// @param secret 32 bytes
    public static KeyPair of(byte[] secret) {
        return ofOwn(secret.clone());
    }

    /// The key pair of a secret that is kept elsewhere, which it closes.
    ///
    /// @param publicKey 32 bytes
    public static KeyPair of(byte[] publicKey, SecretKey secret) {
        return new KeyPair(publicKey.clone(), secret);
    }

    private static KeyPair ofOwn(byte[] secret) {
        byte[] publicKey = new byte[KEY_BYTES];
        Sodium.x25519Base(publicKey, secret);
        return new KeyPair(publicKey, new HeapKey(secret));
    }

    /// The public key: 32 bytes, a copy.
    public byte[] publicKey() {
        return publicKey.clone();
    }

    /// `DH(key_pair, public_key)`: 32 secret bytes; the caller wipes them.
    ///
    /// @throws ProtocolException if the result is all zero (a low-order point): the handshake must fail (Noise 12.1
    ///         leaves the choice; we refuse)
    /// @throws IOException if the secret is kept elsewhere and cannot be used now
    public byte[] dh(byte[] remotePublicKey) throws IOException {
        byte[] shared = new byte[KEY_BYTES];
        if (!secret.x25519(shared, remotePublicKey)) {
            throw new ProtocolException("the peer's public key gives an all-zero shared secret");
        }
        return shared;
    }

    /// The 32 secret bytes, which the caller wipes.
    ///
    /// @throws IllegalStateException if they are kept elsewhere, or wiped
    byte[] secretCopy() {
        if (secret instanceof HeapKey own) {
            return own.copy();
        }
        throw new IllegalStateException("the secret key is not given out");
    }

    @Override
    public void close() {
        secret.close();
    }

    @Override
    public String toString() {
        return "KeyPair[X25519]";
    }

    private static final class HeapKey implements SecretKey {
        private final byte[] bytes;
        private boolean closed;

        HeapKey(byte[] bytes) {
            this.bytes = bytes;
        }

        @Override
        public boolean x25519(byte[] shared, byte[] point) {
            byte[] scalar = copy();
            try {
                return Sodium.x25519(shared, scalar, point);
            } finally {
                Arrays.fill(scalar, (byte) 0);
            }
        }

        /// The lock covers only the copy: handshakes must not queue behind each other's scalar multiplication, and none may
        /// compute with a half-wiped secret.
        synchronized byte[] copy() {
            if (closed) {
                throw new IllegalStateException("the key pair is closed");
            }
            return bytes.clone();
        }

        @Override
        public synchronized void close() {
            closed = true;
            Arrays.fill(bytes, (byte) 0);
        }
    }
}
