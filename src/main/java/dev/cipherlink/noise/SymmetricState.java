package dev.cipherlink.noise;

import dev.cipherlink.crypto.Sodium;
import dev.cipherlink.noise.CipherState.Aead;
import java.net.ProtocolException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// The symmetric half of a handshake: chaining key, handshake hash, and the cipher under the newest key (Noise 5.2).
///
/// Not thread-safe; its creator closes it.
final class SymmetricState implements AutoCloseable {

    private final CipherState cipher;
    private byte[] chainingKey;
    private byte[] hash;

    /// `InitializeSymmetric`: each of our protocol names is shorter than a hash, so it is padded and not hashed.
    SymmetricState(Suite suite) {
        this(suite.protocolName(), suite);
    }

    /// @param protocolName of a pattern that no suite has; of the suite, only the cipher is used
    SymmetricState(String protocolName, Suite suite) {
        hash = Arrays.copyOf(protocolName.getBytes(StandardCharsets.US_ASCII), Blake2b.HASH_BYTES);
        chainingKey = hash.clone();
        cipher = new CipherState(suite);
    }

    private SymmetricState(SymmetricState original) {
        hash = original.hash.clone();
        chainingKey = original.chainingKey.clone();
        cipher = original.cipher.copy();
    }

    /// A copy for one message: it replaces the original if the message is valid, and is wiped if not.
    SymmetricState copy() {
        return new SymmetricState(this);
    }

    void mixKey(byte[] inputKeyMaterial) {
        byte[][] keys = Blake2b.hkdf(chainingKey, inputKeyMaterial, 2);
        Arrays.fill(chainingKey, (byte) 0);
        chainingKey = keys[0];
        cipher.initializeKey(keys[1]);
        Arrays.fill(keys[1], (byte) 0);
    }

    void mixHash(byte[] data) {
        hash = Blake2b.hash(hash, data);
    }

    /// The handshake hash so far: 64 bytes, a copy. Not secret; the same on both sides.
    byte[] handshakeHash() {
        return hash.clone();
    }

    /// Bytes that encryption adds to a field at this point: 16, or 0 while there is no key.
    int tagBytes() {
        return cipher.hasKey() ? Aead.TAG_BYTES : 0;
    }

    byte[] encryptAndHash(byte[] plaintext) {
        byte[] ciphertext = cipher.encryptWithAd(hash, plaintext);
        mixHash(ciphertext);
        return ciphertext;
    }

    byte[] decryptAndHash(byte[] ciphertext) throws ProtocolException {
        byte[] plaintext = cipher.decryptWithAd(hash, ciphertext);
        mixHash(ciphertext);
        return plaintext;
    }

    /// The keys of the transport messages: the first is for the initiator's messages, the second for the responder's.
    CipherPair split(Suite suite) {
        byte[][] keys = Blake2b.hkdf(chainingKey, new byte[0], 2);
        var pair = new CipherPair(new CipherState(suite), new CipherState(suite));
        pair.first().initializeKey(keys[0]);
        pair.second().initializeKey(keys[1]);
        Arrays.fill(keys[0], (byte) 0);
        Arrays.fill(keys[1], (byte) 0);
        return pair;
    }

    /// The result of [#split], in the order of the specification.
    record CipherPair(CipherState first, CipherState second) {
    }

    /// Wipes this state, but not the JDK cipher, which the copy that replaces it uses.
    void wipe() {
        Arrays.fill(chainingKey, (byte) 0);
        cipher.wipe();
    }

    @Override
    public void close() {
        wipe();
        cipher.close();
    }

    /// The hash functions of Noise 4.3 on BLAKE2b-512: HASH, HMAC-HASH and HKDF.
    ///
    /// HMAC is that of RFC 2104 with a block of 128 bytes, not BLAKE2b's own keyed mode. Each hash is one native call over
    /// one array: a call costs more than concatenating the parts.
    static final class Blake2b {

        /// HASHLEN.
        static final int HASH_BYTES = Sodium.BLAKE2B_BYTES;
        /// BLOCKLEN.
        static final int BLOCK_BYTES = 128;

        private static final byte INNER_PAD = 0x36;
        private static final byte OUTER_PAD = 0x5c;

        private Blake2b() {
        }

        /// BLAKE2b-512 of the concatenated parts.
        static byte[] hash(byte[] first, byte[] second) {
            byte[] input = Arrays.copyOf(first, first.length + second.length);
            System.arraycopy(second, 0, input, first.length, second.length);
            byte[] digest = new byte[HASH_BYTES];
            Sodium.blake2b(digest, input, input.length);
            // The parts may be secret: a padded key, a chaining key.
            Arrays.fill(input, (byte) 0);
            return digest;
        }

        /// HMAC-BLAKE2b-512 (RFC 2104).
        static byte[] hmac(byte[] key, byte[] message) {
            byte[] input = new byte[BLOCK_BYTES + Math.max(message.length, HASH_BYTES)];
            byte[] mac = new byte[HASH_BYTES];
            if (key.length > BLOCK_BYTES) {
                Sodium.blake2b(mac, key, key.length);
                System.arraycopy(mac, 0, input, 0, HASH_BYTES);
            } else {
                System.arraycopy(key, 0, input, 0, key.length);
            }
            xorBlock(input, INNER_PAD);
            System.arraycopy(message, 0, input, BLOCK_BYTES, message.length);
            Sodium.blake2b(mac, input, BLOCK_BYTES + message.length);
            xorBlock(input, (byte) (INNER_PAD ^ OUTER_PAD));
            System.arraycopy(mac, 0, input, BLOCK_BYTES, HASH_BYTES);
            Sodium.blake2b(mac, input, BLOCK_BYTES + HASH_BYTES);
            Arrays.fill(input, (byte) 0);
            return mac;
        }

        /// HKDF (Noise 4.3): each output has 64 bytes; the caller wipes them.
        ///
        /// @param outputs 2 or 3
        static byte[][] hkdf(byte[] chainingKey, byte[] inputKeyMaterial, int outputs) {
            byte[] tempKey = hmac(chainingKey, inputKeyMaterial);
            byte[][] result = new byte[outputs][];
            byte[] previous = {};
            for (int i = 0; i < outputs; i++) {
                byte[] message = Arrays.copyOf(previous, previous.length + 1);
                message[previous.length] = (byte) (i + 1);
                result[i] = hmac(tempKey, message);
                Arrays.fill(message, (byte) 0);
                previous = result[i];
            }
            Arrays.fill(tempKey, (byte) 0);
            return result;
        }

        private static void xorBlock(byte[] input, byte pad) {
            for (int i = 0; i < BLOCK_BYTES; i++) {
                input[i] ^= pad;
            }
        }
    }
}
