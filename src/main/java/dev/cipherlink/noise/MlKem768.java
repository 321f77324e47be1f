package dev.cipherlink.noise;

import java.net.ProtocolException;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.spec.NamedParameterSpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;
import java.util.HexFormat;
import javax.crypto.DecapsulateException;
import javax.crypto.KEM;
import javax.crypto.SecretKey;
import javax.security.auth.DestroyFailedException;

/// An ML-KEM-768 key pair (FIPS 203) of one handshake, on the JDK's implementation: `e1` of the initiator.
///
/// Keys on the wire are raw. The JDK wants a DER SubjectPublicKeyInfo, which is a fixed prefix and the raw key. Not
/// thread-safe; the handshake closes it, which wipes the decapsulation key.
final class MlKem768 implements AutoCloseable {

    static final int ENCAPSULATION_KEY_BYTES = 1_184;
    static final int CIPHERTEXT_BYTES = 1_088;
    static final int SHARED_SECRET_BYTES = 32;

    /// SEQUENCE of the algorithm `id-alg-ml-kem-768` (2.16.840.1.101.3.4.4.2) and a BIT STRING of 1,184 bytes (RFC 9935).
    private static final byte[] SPKI_PREFIX = HexFormat.of().parseHex("308204b2300b0609608648016503040402038204a100");

    /// The pair that [#prepare] makes, until a handshake takes it: it is given once.
    private static MlKem768 next;

    /// Immutable, so shared by all handshakes.
    private static final KEM KEM_768 = kem();

    private final PrivateKey decapsulationKey;
    private final byte[] encapsulationKey;

    private MlKem768(KeyPair pair) {
        decapsulationKey = pair.getPrivate();
        encapsulationKey = raw(pair.getPublic());
    }

    /// Makes the pair of the next handshake now, unless there is one, while its thread does other work. Takes milliseconds in cold code.
    static synchronized void prepare() {
        if (next == null) {
            next = new MlKem768(newPair(null));
        }
    }

    /// Waits for [#prepare], if it is at work.
    private static synchronized MlKem768 takeNext() {
        MlKem768 taken = next;
        next = null;
        return taken;
    }

    /// `ML-KEM.KeyGen`: a new key pair.
    ///
    /// @param random null for the JDK's own generator; test vectors supply 64 bytes, `d` and then `z`
    static MlKem768 generate(SecureRandom random) {
        MlKem768 prepared = random == null ? takeNext() : null;
        return prepared != null ? prepared : new MlKem768(newPair(random));
    }

    private static KeyPair newPair(SecureRandom random) {
        try {
            var generator = KeyPairGenerator.getInstance(NamedParameterSpec.ML_KEM_768.getName(), Suite.PROVIDER);
            if (random != null) {
                generator.initialize(NamedParameterSpec.ML_KEM_768, random);
            }
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw missing(e);
        }
    }

    /// The encapsulation key: 1,184 raw bytes, not a copy, so read only.
    byte[] encapsulationKey() {
        return encapsulationKey;
    }

    /// The result of `ML-KEM.Encaps`.
    ///
    /// @param ciphertext   1,088 bytes, for the peer
    /// @param sharedSecret 32 bytes, which the caller wipes
    record Encapsulated(byte[] ciphertext, byte[] sharedSecret) {
    }

    /// `ML-KEM.Encaps`.
    ///
    /// @param encapsulationKey 1,184 raw bytes of the peer
    /// @param random null for the JDK's own generator; test vectors supply 32 bytes, `m`
    /// @throws ProtocolException if a coefficient of the key is not reduced (the modulus check of FIPS 203, section 7.2)
    static Encapsulated encapsulate(byte[] encapsulationKey, SecureRandom random) throws ProtocolException {
        byte[] spki = Arrays.copyOf(SPKI_PREFIX, SPKI_PREFIX.length + encapsulationKey.length);
        System.arraycopy(encapsulationKey, 0, spki, SPKI_PREFIX.length, encapsulationKey.length);
        try {
            var keys = KeyFactory.getInstance(NamedParameterSpec.ML_KEM_768.getName(), Suite.PROVIDER);
            var encapsulator = KEM_768.newEncapsulator(keys.generatePublic(new X509EncodedKeySpec(spki)), random);
            KEM.Encapsulated made = encapsulator.encapsulate();
            return new Encapsulated(made.encapsulation(), bytes(made.key()));
        } catch (InvalidKeyException e) {
            throw (ProtocolException) new ProtocolException("an ML-KEM-768 key out of range").initCause(e);
        } catch (GeneralSecurityException e) {
            throw missing(e);
        }
    }

    /// `ML-KEM.Decaps`: 32 bytes, which the caller wipes. A ciphertext made for another key gives a pseudorandom secret
    /// ("implicit rejection"), and the next tag fails.
    ///
    /// @param ciphertext 1,088 bytes
    byte[] decapsulate(byte[] ciphertext) {
        try {
            return bytes(KEM_768.newDecapsulator(decapsulationKey).decapsulate(ciphertext));
        } catch (DecapsulateException | InvalidKeyException e) {
            throw new IllegalStateException("decapsulation under our own key failed", e);
        }
    }

    @Override
    public void close() {
        try {
            decapsulationKey.destroy();
        } catch (DestroyFailedException e) {
            throw new IllegalStateException("this JDK cannot wipe an ML-KEM key", e);
        }
    }

    @Override
    public String toString() {
        return "MlKem768";
    }

    private static KEM kem() {
        try {
            return KEM.getInstance(NamedParameterSpec.ML_KEM_768.getName(), Suite.PROVIDER);
        } catch (GeneralSecurityException e) {
            throw missing(e);
        }
    }

    private static byte[] raw(PublicKey key) {
        byte[] spki = key.getEncoded();
        if (spki.length != SPKI_PREFIX.length + ENCAPSULATION_KEY_BYTES
                || !Arrays.equals(spki, 0, SPKI_PREFIX.length, SPKI_PREFIX, 0, SPKI_PREFIX.length)) {
            throw new IllegalStateException("this JDK encodes ML-KEM-768 keys in another way");
        }
        return Arrays.copyOfRange(spki, SPKI_PREFIX.length, spki.length);
    }

    /// Returns a copy; the bytes inside the JDK's key cannot be reached.
    private static byte[] bytes(SecretKey key) {
        return key.getEncoded();
    }

    private static IllegalStateException missing(GeneralSecurityException e) {
        return new IllegalStateException("this JDK has no ML-KEM-768", e);
    }
}
