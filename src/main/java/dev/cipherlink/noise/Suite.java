package dev.cipherlink.noise;

import static dev.cipherlink.noise.Suite.HandshakePattern.Token.E;
import static dev.cipherlink.noise.Suite.HandshakePattern.Token.E1;
import static dev.cipherlink.noise.Suite.HandshakePattern.Token.EE;
import static dev.cipherlink.noise.Suite.HandshakePattern.Token.EKEM1;
import static dev.cipherlink.noise.Suite.HandshakePattern.Token.ES;
import static dev.cipherlink.noise.Suite.HandshakePattern.Token.S;
import static dev.cipherlink.noise.Suite.HandshakePattern.Token.SE;

import dev.cipherlink.crypto.KeyPair;
import dev.cipherlink.noise.CipherState.Aead;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.net.ProtocolException;
import java.nio.ByteOrder;
import java.security.GeneralSecurityException;
import java.security.Provider;
import java.security.Security;
import java.security.spec.AlgorithmParameterSpec;
import java.util.List;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.IvParameterSpec;

/// The pattern and cipher that the suite byte selects. The curve (X25519) and the hash (BLAKE2b-512) are fixed.
///
/// The classic suites use X25519 alone. The hybrid ones add ML-KEM-768 and resist a quantum computer. Source:
/// `docs/protocol.md` section 1, version 2; Noise 12.3 and 12.4.
public enum Suite {

    /// `Noise_XX_25519_AESGCM_BLAKE2b`.
    AES_GCM(1, HandshakePattern.XX, Algorithm.AES_GCM),
    /// `Noise_XX_25519_ChaChaPoly_BLAKE2b`.
    CHACHA_POLY(2, HandshakePattern.XX, Algorithm.CHACHA_POLY),
    /// `Noise_XXhfs_25519+MLKEM768_AESGCM_BLAKE2b`.
    HYBRID_AES_GCM(3, HandshakePattern.XX_HFS, Algorithm.AES_GCM),
    /// `Noise_XXhfs_25519+MLKEM768_ChaChaPoly_BLAKE2b`.
    HYBRID_CHACHA_POLY(4, HandshakePattern.XX_HFS, Algorithm.CHACHA_POLY);

    /// The cipher, under its Noise and JDK names.
    private enum Algorithm {
        /// AES-256-GCM.
        AES_GCM("AESGCM", "AES/GCM/NoPadding", "AES"),
        /// ChaCha20-Poly1305 (RFC 8439).
        CHACHA_POLY("ChaChaPoly", "ChaCha20-Poly1305", "ChaCha20");

        private final String noiseName;
        private final String transformation;
        private final String keyAlgorithm;

        Algorithm(String noiseName, String transformation, String keyAlgorithm) {
            this.noiseName = noiseName;
            this.transformation = transformation;
            this.keyAlgorithm = keyAlgorithm;
        }
    }

    private static final VarHandle BIG_ENDIAN =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
    /// Offset of the counter in the nonce, after four zero bytes.
    private static final int COUNTER_OFFSET = 4;
    private static final int TAG_BITS = 128;
    /// Fixed, because a search through all providers takes longer than the rest of making a cipher.
    static final Provider PROVIDER = Security.getProvider("SunJCE");

    private final int suiteByte;
    private final HandshakePattern pattern;
    private final Algorithm algorithm;
    private final String protocolName;

    Suite(int suiteByte, HandshakePattern pattern, Algorithm algorithm) {
        this.suiteByte = suiteByte;
        this.pattern = pattern;
        this.algorithm = algorithm;
        protocolName = "Noise_" + pattern.noiseName() + "_" + algorithm.noiseName + "_BLAKE2b";
    }

    /// The suite of a received suite byte.
    ///
    /// @param suiteByte 0 .. 255
    /// @throws ProtocolException if no suite has this byte
    public static Suite of(int suiteByte) throws ProtocolException {
        for (Suite suite : values()) {
            if (suite.suiteByte == suiteByte) {
                return suite;
            }
        }
        throw new ProtocolException("unknown suite " + suiteByte);
    }

    /// This suite's byte in the first packet and in the prologue: 1 .. 4.
    public int suiteByte() {
        return suiteByte;
    }

    /// Whether the handshake adds ML-KEM-768 to X25519.
    public boolean isHybrid() {
        return pattern == HandshakePattern.XX_HFS;
    }

    /// The word of the settings for its handshake: `hybrid` or `classic`.
    public String kind() {
        return isHybrid() ? "hybrid" : "classic";
    }

    /// The full Noise protocol name: 29 to 45 ASCII characters.
    public String protocolName() {
        return protocolName;
    }

    /// Bytes of handshake message 1, 2 or 3 without a payload.
    public int messageBytes(int message) {
        return pattern.messageBytes(message - 1);
    }

    /// Does what a client's first handshake needs in advance: initializes the JDK's cipher, and makes the KEM's key pair. Blocks.
    public void prepare() {
        newCipher();
        if (isHybrid()) {
            MlKem768.prepare();
        }
    }

    HandshakePattern pattern() {
        return pattern;
    }

    String keyAlgorithm() {
        return algorithm.keyAlgorithm;
    }

    /// A new JDK cipher. It costs a few microseconds, so callers keep it.
    Cipher newCipher() {
        try {
            return Cipher.getInstance(algorithm.transformation, PROVIDER);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this JDK has no " + algorithm.transformation, e);
        }
    }

    /// The parameters of `Cipher.init` for a nonce of 12 bytes.
    AlgorithmParameterSpec parameters(byte[] nonce) {
        return switch (algorithm) {
            case AES_GCM -> new GCMParameterSpec(TAG_BITS, nonce);
            case CHACHA_POLY -> new IvParameterSpec(nonce);
        };
    }

    /// Writes the counter after the nonce's four zero bytes, in this cipher's byte order.
    void encodeNonce(long n, byte[] nonce) {
        long counter = switch (algorithm) {
            case AES_GCM -> n;
            case CHACHA_POLY -> Long.reverseBytes(n);
        };
        BIG_ENDIAN.set(nonce, COUNTER_OFFSET, counter);
    }

    /// A handshake pattern as data: the tokens of each message in order, beginning with the initiator's (Noise 7.1).
    enum HandshakePattern {

        /// `-> e`, `<- e, ee, s, es`, `-> s, se` (Noise 7.5).
        XX("XX_25519", List.of(List.of(E), List.of(E, EE, S, ES), List.of(S, SE))),
        /// The same with an ephemeral KEM: `-> e, e1`, `<- e, ee, ekem1, s, es`, `-> s, se` (Noise extension "hfs").
        XX_HFS("XXhfs_25519+MLKEM768", List.of(List.of(E, E1), List.of(E, EE, EKEM1, S, ES), List.of(S, SE)));

        /// A message's fields and key agreements; in the two-letter tokens the first letter stands for the initiator's
        /// key.
        enum Token {
            /// The sender's ephemeral public key, in the clear.
            E(KeyPair.KEY_BYTES),
            /// The initiator's ephemeral encapsulation key, encrypted if there is a key already.
            E1(MlKem768.ENCAPSULATION_KEY_BYTES),
            /// The sender's static public key, encrypted if there is a key already.
            S(KeyPair.KEY_BYTES),
            /// Diffie-Hellman of both ephemerals.
            EE(0),
            /// The ciphertext, encrypted, of a secret encapsulated to `e1`; the secret is then mixed in.
            EKEM1(MlKem768.CIPHERTEXT_BYTES),
            /// Diffie-Hellman of the initiator's ephemeral and the responder's static.
            ES(0),
            /// Diffie-Hellman of the initiator's static and the responder's ephemeral.
            SE(0);

            private final int bytes;

            Token(int bytes) {
                this.bytes = bytes;
            }

            private boolean mixesKey() {
                return this == EE || this == EKEM1 || this == ES || this == SE;
            }
        }

        private final String noiseName;
        private final List<List<Token>> messages;
        private final int[] messageBytes;

        HandshakePattern(String noiseName, List<List<Token>> messages) {
            this.noiseName = noiseName;
            this.messages = messages;
            messageBytes = sizes(messages);
        }

        /// A field has a tag once a key was mixed in, which is never before an `e`. The payload is always last.
        private static int[] sizes(List<List<Token>> messages) {
            int[] sizes = new int[messages.size()];
            boolean hasKey = false;
            for (int i = 0; i < sizes.length; i++) {
                for (Token token : messages.get(i)) {
                    boolean isSealed = hasKey && token.bytes > 0;
                    sizes[i] += token.bytes + (isSealed ? Aead.TAG_BYTES : 0);
                    hasKey |= token.mixesKey();
                }
                sizes[i] += hasKey ? Aead.TAG_BYTES : 0;
            }
            return sizes;
        }

        /// The pattern and the key agreement, as written in a protocol name.
        String noiseName() {
            return noiseName;
        }

        /// Number of messages before the split.
        int messageCount() {
            return messages.size();
        }

        /// The tokens of message `index`, from 0; the initiator sends the even ones.
        List<Token> message(int index) {
            return messages.get(index);
        }

        /// The size of message `index` without a payload.
        int messageBytes(int index) {
            return messageBytes[index];
        }
    }
}
