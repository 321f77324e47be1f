package dev.cipherlink.noise;

import dev.cipherlink.crypto.KeyPair;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.ProtocolException;
import java.util.Arrays;

/// The one-way pattern X of Noise (7.4), `Noise_X_25519_ChaChaPoly_BLAKE2b`: one message from a static key to a static key that
/// the sender knows already, `-> e, es, s, ss`.
///
/// The recipient learns the sender's key, and that its holder wrote the message, unless the recipient's own key is stolen.
/// There is no forward secrecy: the recipient's key opens all messages. `docs/protocol.md`, section 8, uses it.
///
/// Thread-safe. Blocks only where a secret is kept in another process.
public final class OneWayMessage {

    /// Bytes that a message has beyond its payload: `e`, `s` with a tag, and the payload's tag.
    public static final int OVERHEAD_BYTES = 2 * KeyPair.KEY_BYTES + 2 * TransportState.TAG_BYTES;
    /// Bytes of a key for [#encrypt].
    public static final int CONTENT_KEY_BYTES = CipherState.Aead.CipherKey.BYTES;

    private static final String PROTOCOL_NAME = "Noise_X_25519_ChaChaPoly_BLAKE2b";
    /// Has the cipher of the name. ChaCha20 takes the same time for every key, on every machine.
    private static final Suite CIPHER = Suite.CHACHA_POLY;
    private static final byte[] NOTHING = {};

    private OneWayMessage() {
    }

    /// An authentic message.
    ///
    /// @param sender the static key of its author, 32 bytes
    public record Opened(byte[] sender, byte[] payload) {
    }

    /// Seals a message.
    ///
    /// @param sender    stays the caller's
    /// @param recipient 32 bytes
    /// @param prologue  bytes that both sides must agree on
    /// @return the payload and [#OVERHEAD_BYTES] more
    /// @throws ProtocolException if the recipient's key is unusable (all-zero shared secret)
    /// @throws IOException if the sender's secret is kept elsewhere and cannot be used now
    public static byte[] seal(KeyPair sender, byte[] recipient, byte[] prologue, byte[] payload) throws IOException {
        try (KeyPair ephemeral = KeyPair.generate()) {
            return seal(sender, ephemeral, recipient, prologue, payload);
        }
    }

    /// For test vectors: a fixed ephemeral key pair.
    static byte[] seal(KeyPair sender, KeyPair ephemeral, byte[] recipient, byte[] prologue, byte[] payload) throws IOException {
        try (var symmetric = begin(prologue, recipient)) {
            var message = new ByteArrayOutputStream(payload.length + OVERHEAD_BYTES);
            byte[] e = ephemeral.publicKey();
            symmetric.mixHash(e);
            message.writeBytes(e);
            mix(symmetric, ephemeral.dh(recipient));
            message.writeBytes(symmetric.encryptAndHash(sender.publicKey()));
            mix(symmetric, sender.dh(recipient));
            message.writeBytes(symmetric.encryptAndHash(payload));
            return message.toByteArray();
        }
    }

    /// Opens a message.
    ///
    /// @param recipient stays the caller's
    /// @throws ProtocolException if it was sealed for another key or under another prologue, or was changed
    /// @throws IOException if the recipient's secret is kept elsewhere and cannot be used now
    public static Opened open(KeyPair recipient, byte[] prologue, byte[] message) throws IOException {
        if (message.length < OVERHEAD_BYTES) {
            throw new ProtocolException("a sealed message of " + message.length + " bytes is cut short");
        }
        int s = KeyPair.KEY_BYTES;
        int payload = s + KeyPair.KEY_BYTES + TransportState.TAG_BYTES;
        try (var symmetric = begin(prologue, recipient.publicKey())) {
            byte[] e = Arrays.copyOf(message, s);
            symmetric.mixHash(e);
            mix(symmetric, recipient.dh(e));
            byte[] sender = symmetric.decryptAndHash(Arrays.copyOfRange(message, s, payload));
            mix(symmetric, recipient.dh(sender));
            return new Opened(sender, symmetric.decryptAndHash(Arrays.copyOfRange(message, payload, message.length)));
        }
    }

    private static SymmetricState begin(byte[] prologue, byte[] recipient) {
        var symmetric = new SymmetricState(PROTOCOL_NAME, CIPHER);
        symmetric.mixHash(prologue);
        symmetric.mixHash(recipient);
        return symmetric;
    }

    private static void mix(SymmetricState symmetric, byte[] secret) {
        symmetric.mixKey(secret);
        Arrays.fill(secret, (byte) 0);
    }

    /// The bytes that [#encrypt] makes of content.
    public static int encryptedBytes(int contentBytes) {
        return contentBytes + TransportState.TAG_BYTES;
    }

    /// Encrypts content under a key that is used for nothing else: message 0 of a cipher state, without associated data.
    ///
    /// @return [#encryptedBytes]
    public static byte[] encrypt(byte[] key, byte[] content) {
        try (var cipher = cipher(key)) {
            return cipher.encryptWithAd(NOTHING, content);
        }
    }

    /// Opens what [#encrypt] made.
    ///
    /// @throws ProtocolException if it does not authenticate
    public static byte[] decrypt(byte[] key, byte[] ciphertext) throws ProtocolException {
        try (var cipher = cipher(key)) {
            return cipher.decryptWithAd(NOTHING, ciphertext);
        }
    }

    private static CipherState cipher(byte[] key) {
        var cipher = new CipherState(CIPHER);
        cipher.initializeKey(key);
        return cipher;
    }
}
