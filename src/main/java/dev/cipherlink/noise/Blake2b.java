package dev.cipherlink.noise;

import dev.cipherlink.crypto.Sodium;
import java.util.Arrays;

/// The hash functions of Noise 4.3 on BLAKE2b-512: HASH, HMAC-HASH and HKDF.
///
/// HMAC is that of RFC 2104 with a block of 128 bytes, not BLAKE2b's own keyed mode. Each hash is one native call over
/// one array: a call costs more than concatenating the parts.
final class Blake2b {

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
        Sodium.blake2b(digest, input);
        // The parts may be secret: a padded key, a chaining key.
        Arrays.fill(input, (byte) 0);
        return digest;
    }

    /// HMAC-BLAKE2b-512 (RFC 2104).
    static byte[] hmac(byte[] key, byte[] message) {
        byte[] block = new byte[BLOCK_BYTES];
        if (key.length > BLOCK_BYTES) {
            byte[] digest = new byte[HASH_BYTES];
            Sodium.blake2b(digest, key);
            System.arraycopy(digest, 0, block, 0, digest.length);
        } else {
            System.arraycopy(key, 0, block, 0, key.length);
        }
        xor(block, INNER_PAD);
        byte[] inner = hash(block, message);
        xor(block, (byte) (INNER_PAD ^ OUTER_PAD));
        byte[] mac = hash(block, inner);
        Arrays.fill(block, (byte) 0);
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

    private static void xor(byte[] block, byte pad) {
        for (int i = 0; i < block.length; i++) {
            block[i] ^= pad;
        }
    }
}
