package dev.cipherlink.noise;

import dev.cipherlink.noise.HandshakeState.HandshakePattern;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.net.ProtocolException;
import java.nio.ByteOrder;
import java.security.GeneralSecurityException;
import java.security.Provider;
import java.security.Security;
import java.security.spec.AlgorithmParameterSpec;
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
    private static final VarHandle LITTLE_ENDIAN =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
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

    /// Initializes the JDK's cipher and KEM in advance, to keep that cost out of the first handshake.
    public void load() {
        newCipher();
        if (isHybrid()) {
            MlKem768.load();
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
        switch (algorithm) {
            case AES_GCM -> BIG_ENDIAN.set(nonce, COUNTER_OFFSET, n);
            case CHACHA_POLY -> LITTLE_ENDIAN.set(nonce, COUNTER_OFFSET, n);
        }
    }
}
