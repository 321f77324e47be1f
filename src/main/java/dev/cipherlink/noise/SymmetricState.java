package dev.cipherlink.noise;

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
        byte[] name = suite.protocolName().getBytes(StandardCharsets.US_ASCII);
        hash = Arrays.copyOf(name, Blake2b.HASH_BYTES);
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
}
