package dev.cipherlink.noise;

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

/// What the two ends agree on with the suite byte: the cipher; curve (X25519) and hash (BLAKE2b-512) are fixed.
///
/// Source: `docs/protocol.md` section 1, version 2; Noise 12.3 and 12.4.
public enum Suite {

    /// `Noise_XX_25519_AESGCM_BLAKE2b`: AES-256-GCM.
    AES_GCM(1, "AESGCM", "AES/GCM/NoPadding", "AES"),
    /// `Noise_XX_25519_ChaChaPoly_BLAKE2b`: ChaCha20-Poly1305 (RFC 8439).
    CHACHA_POLY(2, "ChaChaPoly", "ChaCha20-Poly1305", "ChaCha20");

    private static final VarHandle BIG_ENDIAN =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle LITTLE_ENDIAN =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    /// The counter's place in the nonce, after four zero bytes.
    private static final int COUNTER_OFFSET = 4;
    private static final int TAG_BITS = 128;
    /// The ciphers of the JDK itself: to search all providers for each connection takes longer than the rest of making one.
    private static final Provider PROVIDER = Security.getProvider("SunJCE");

    private final int suiteByte;
    private final String cipherName;
    private final String transformation;
    private final String keyAlgorithm;

    Suite(int suiteByte, String cipherName, String transformation, String keyAlgorithm) {
        this.suiteByte = suiteByte;
        this.cipherName = cipherName;
        this.transformation = transformation;
        this.keyAlgorithm = keyAlgorithm;
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

    /// The byte that names this suite in the first packet and in the prologue: 1 or 2.
    public int suiteByte() {
        return suiteByte;
    }

    /// The full Noise protocol name: 29 or 33 ASCII characters.
    public String protocolName() {
        return "Noise_XX_25519_" + cipherName + "_BLAKE2b";
    }

    /// Has the JDK set up the cipher now, so that its cost does not fall into the first handshake.
    public void load() {
        newCipher();
    }

    String keyAlgorithm() {
        return keyAlgorithm;
    }

    /// A new cipher object of the JDK; a few microseconds, so callers keep it.
    Cipher newCipher() {
        try {
            return Cipher.getInstance(transformation, PROVIDER);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this JDK has no " + transformation, e);
        }
    }

    /// What `Cipher.init` wants to know about a nonce of 12 bytes.
    AlgorithmParameterSpec parameters(byte[] nonce) {
        return switch (this) {
            case AES_GCM -> new GCMParameterSpec(TAG_BITS, nonce);
            case CHACHA_POLY -> new IvParameterSpec(nonce);
        };
    }

    /// Writes the counter behind the nonce's four zero bytes, in this cipher's byte order.
    void encodeNonce(long n, byte[] nonce) {
        switch (this) {
            case AES_GCM -> BIG_ENDIAN.set(nonce, COUNTER_OFFSET, n);
            case CHACHA_POLY -> LITTLE_ENDIAN.set(nonce, COUNTER_OFFSET, n);
        }
    }
}
