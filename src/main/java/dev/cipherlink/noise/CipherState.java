package dev.cipherlink.noise;

import dev.cipherlink.noise.CipherState.Aead.CipherKey;
import java.io.NotSerializableException;
import java.io.ObjectOutputStream;
import java.net.ProtocolException;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.Objects;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.SecretKey;

/// A key and its message counter (Noise 5.1).
///
/// The counter is an unsigned 64-bit number. It advances only after a message was sealed or has authenticated. Messages
/// never use the value 2^64-1, which is reserved for [#rekey]. An authentication failure or an exhausted counter wipes
/// the key, and every later call throws `IllegalStateException`. Not thread-safe; its creator closes it.
final class CipherState implements AutoCloseable {

    /// 2^64-1, the nonce of rekey.
    static final long RESERVED_NONCE = -1L;

    private static final byte[] EMPTY = {};

    private final Aead aead;
    private final byte[] nonce = new byte[Aead.NONCE_BYTES];
    /// Null while there is no key ("empty" in the specification).
    private CipherKey key;
    private long n;
    private long rekeys;
    private boolean dead;

    /// A state without a key.
    CipherState(Suite suite) {
        this(new Aead(suite));
    }

    private CipherState(Aead aead) {
        this.aead = aead;
    }

    /// The same key and counter on the same JDK cipher, so both states must stay on one thread.
    CipherState copy() {
        requireAlive();
        var copy = new CipherState(aead);
        copy.key = key == null ? null : key.copy();
        copy.n = n;
        return copy;
    }

    /// Takes a copy of the first 32 bytes as the key and sets the counter to 0.
    void initializeKey(byte[] newKey) {
        requireAlive();
        replaceKey(newKey);
        n = 0;
    }

    boolean hasKey() {
        return key != null;
    }

    /// The counter of the next message, unsigned.
    long nonce() {
        return n;
    }

    /// How many times [#rekey] has replaced the key.
    long rekeys() {
        return rekeys;
    }

    /// Sets the counter. The caller must never set it back, which would reuse nonces (Noise 5.1).
    void setNonce(long nonce) {
        n = nonce;
    }

    /// Encrypts and authenticates; without a key returns a copy of the plaintext.
    ///
    /// @return ciphertext and 16-byte tag
    /// @throws IllegalStateException if the counter is exhausted
    byte[] encryptWithAd(byte[] ad, byte[] plaintext) {
        requireAlive();
        if (!hasKey()) {
            return plaintext.clone();
        }
        byte[] ciphertext = new byte[plaintext.length + Aead.TAG_BYTES];
        startEncryption(ad);
        finishEncryption(plaintext, 0, plaintext.length, ciphertext, 0);
        return ciphertext;
    }

    /// Verifies and decrypts; without a key returns a copy of the ciphertext.
    ///
    /// @throws ProtocolException if the tag is wrong
    byte[] decryptWithAd(byte[] ad, byte[] ciphertext) throws ProtocolException {
        requireAlive();
        if (!hasKey()) {
            return ciphertext.clone();
        }
        byte[] plaintext = new byte[Math.max(0, ciphertext.length - Aead.TAG_BYTES)];
        startDecryption(ad, ciphertext.length);
        finishDecryption(ciphertext, 0, ciphertext.length, plaintext, 0);
        return plaintext;
    }

    /// `EncryptWithAd` with empty associated data, between arrays of the caller. Both may be the same array if the
    /// offsets are equal; any other overlap is refused.
    ///
    /// @return the bytes written: `length + 16`
    int encrypt(byte[] in, int inOffset, int length, byte[] out, int outOffset) {
        requireKey();
        Objects.checkFromIndexSize(inOffset, length, in.length);
        Objects.checkFromIndexSize(outOffset, Math.addExact(length, Aead.TAG_BYTES), out.length);
        if (in == out && inOffset != outOffset) {
            requireApart(inOffset, length, outOffset, length + Aead.TAG_BYTES);
        }
        startEncryption(EMPTY);
        return finishEncryption(in, inOffset, length, out, outOffset);
    }

    /// `DecryptWithAd` with empty associated data, between arrays of the caller. They must not overlap, so that
    /// unauthenticated plaintext never stays in the output.
    ///
    /// @param length bytes of ciphertext and tag
    /// @return the bytes written: `length - 16`
    /// @throws ProtocolException if the tag is wrong; the output is then zeroed or unchanged
    int decrypt(byte[] in, int inOffset, int length, byte[] out, int outOffset) throws ProtocolException {
        startDecryption(in, inOffset, length, out, outOffset);
        return finishDecryption(in, inOffset, length, out, outOffset);
    }

    /// The same, for a peer that replaces its key when it likes: a message that does not authenticate is tried once more, under the key that
    /// [#rekey] makes. That key stays.
    int decryptOrRekey(byte[] in, int inOffset, int length, byte[] out, int outOffset) throws ProtocolException {
        startDecryption(in, inOffset, length, out, outOffset);
        try {
            int written = aead.finish(in, inOffset, length, out, outOffset);
            n++;
            return written;
        } catch (AEADBadTagException _) {
            rekey();
            return decrypt(in, inOffset, length, out, outOffset);
        }
    }

    private void startDecryption(byte[] in, int inOffset, int length, byte[] out, int outOffset) throws ProtocolException {
        requireKey();
        Objects.checkFromIndexSize(inOffset, length, in.length);
        int plaintextLength = Math.max(0, length - Aead.TAG_BYTES);
        Objects.checkFromIndexSize(outOffset, plaintextLength, out.length);
        if (in == out) {
            requireApart(inOffset, length, outOffset, plaintextLength);
        }
        startDecryption(EMPTY, length);
    }

    /// `Rekey`: the first 32 bytes of ENCRYPT(k, 2^64-1, empty, 32 zeros). The counter is not reset (Noise 4.2, 11.3).
    void rekey() {
        requireKey();
        // A separate cipher: that of a receiving state is set to decrypt.
        var once = new Aead(aead.suite());
        byte[] block = new byte[CipherKey.BYTES + Aead.TAG_BYTES];
        aead.suite().encodeNonce(RESERVED_NONCE, nonce);
        once.startEncryption(key, nonce, EMPTY);
        try {
            once.finish(new byte[CipherKey.BYTES], 0, CipherKey.BYTES, block, 0);
        } catch (AEADBadTagException e) {
            throw new IllegalStateException("encryption has no tag to check", e);
        }
        replaceKey(block);
        rekeys++;
        Arrays.fill(block, (byte) 0);
        once.forget();
    }

    /// Wipes the key of this state, but not the JDK cipher, which copies share.
    void wipe() {
        dead = true;
        if (key != null) {
            key.destroy();
        }
    }

    /// Drops the JDK cipher until the next message, and wipes the key in it.
    void rest() {
        aead.forget();
    }

    /// Wipes the key, also inside the JDK cipher.
    @Override
    public void close() {
        wipe();
        aead.forget();
    }

    @Override
    public String toString() {
        return "CipherState[" + aead.suite() + ", n=" + Long.toUnsignedString(n) + (dead ? ", dead]" : "]");
    }

    private void startEncryption(byte[] ad) {
        if (n == RESERVED_NONCE) {
            close();
            throw new IllegalStateException("the message counter is used up");
        }
        aead.suite().encodeNonce(n, nonce);
        aead.startEncryption(key, nonce, ad);
    }

    private int finishEncryption(byte[] in, int inOffset, int length, byte[] out, int outOffset) {
        try {
            int written = aead.finish(in, inOffset, length, out, outOffset);
            n++;
            return written;
        } catch (AEADBadTagException e) {
            throw new IllegalStateException("encryption has no tag to check", e);
        }
    }

    private void startDecryption(byte[] ad, int length) throws ProtocolException {
        if (length < Aead.TAG_BYTES || n == RESERVED_NONCE) {
            close();
            throw new ProtocolException(n == RESERVED_NONCE ? "more messages than the counter has numbers"
                    : "a message of " + length + " bytes cannot hold its tag");
        }
        aead.suite().encodeNonce(n, nonce);
        aead.startDecryption(key, nonce, ad);
    }

    private int finishDecryption(byte[] in, int inOffset, int length, byte[] out, int outOffset)
            throws ProtocolException {
        try {
            int written = aead.finish(in, inOffset, length, out, outOffset);
            n++;
            return written;
        } catch (AEADBadTagException e) {
            close();
            throw new ProtocolException("a message does not authenticate");
        }
    }

    private void replaceKey(byte[] newKey) {
        var replaced = key;
        key = new CipherKey(aead.suite(), newKey);
        if (replaced != null) {
            replaced.destroy();
        }
    }

    private void requireAlive() {
        if (dead) {
            throw new IllegalStateException("this cipher state has failed or is closed");
        }
    }

    private void requireKey() {
        requireAlive();
        if (!hasKey()) {
            throw new IllegalStateException("this cipher state has no key yet");
        }
    }

    private static void requireApart(int inOffset, int inLength, int outOffset, int outLength) {
        if (inOffset < outOffset + outLength && outOffset < inOffset + inLength) {
            throw new IllegalArgumentException("input and output overlap");
        }
    }

    /// A suite's cipher: one JDK `Cipher`, initialized again for each message.
    ///
    /// The JDK refuses to encrypt twice in a row with the same key and nonce. That check is a safety net that is never
    /// reached: a counter never repeats under its key. Not thread-safe.
    static final class Aead {

        /// Bytes of a nonce: four zero bytes, then the counter.
        static final int NONCE_BYTES = 12;
        /// Bytes that encryption appends to the ciphertext.
        static final int TAG_BYTES = 16;

        private final Suite suite;
        /// Null before its first use, and at rest: with its key schedules it takes 900 bytes.
        private Cipher cipher;

        Aead(Suite suite) {
            this.suite = suite;
        }

        Suite suite() {
            return suite;
        }

        void startEncryption(CipherKey key, byte[] nonce, byte[] ad) {
            start(Cipher.ENCRYPT_MODE, key, nonce, ad);
        }

        void startDecryption(CipherKey key, byte[] nonce, byte[] ad) {
            start(Cipher.DECRYPT_MODE, key, nonce, ad);
        }

        /// Runs the started operation over the whole input.
        ///
        /// @return the number of bytes written: 16 more, or 16 less, than `length`
        /// @throws AEADBadTagException if the tag is wrong; the JDK has then zeroed the output or left it unchanged
        int finish(byte[] in, int inOffset, int length, byte[] out, int outOffset) throws AEADBadTagException {
            try {
                return cipher.doFinal(in, inOffset, length, out, outOffset);
            } catch (AEADBadTagException e) {
                throw e;
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException("the cipher of " + suite + " failed", e);
            }
        }

        /// Overwrites the expanded key in the JDK's cipher with that of an all-zero key, and drops the cipher. Another one is made when
        /// it is needed.
        void forget() {
            if (cipher != null) {
                // The nonce of a message starts with four zero bytes, so this one cannot trip the JDK's reuse check.
                byte[] nonce = new byte[NONCE_BYTES];
                nonce[0] = 1;
                start(Cipher.ENCRYPT_MODE, new CipherKey(suite, new byte[CipherKey.BYTES]), nonce, EMPTY);
                cipher = null;
            }
        }

        private void start(int mode, CipherKey key, byte[] nonce, byte[] ad) {
            if (cipher == null) {
                cipher = suite.newCipher();
            }
            try {
                cipher.init(mode, key, suite.parameters(nonce));
                if (ad.length > 0) {
                    cipher.updateAAD(ad);
                }
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException("the cipher of " + suite + " refuses its key or nonce", e);
            }
        }

        /// A symmetric key of 32 bytes that can be wiped, which the JDK's `SecretKeySpec` cannot.
        static final class CipherKey implements SecretKey {

            static final int BYTES = 32;
            private static final long serialVersionUID = 1;

            private final transient byte[] bytes;
            private final transient Suite suite;
            private transient boolean destroyed;

            /// Copies the first 32 bytes of the source; a longer source is truncated (Noise 5.2, `temp_k`).
            CipherKey(Suite suite, byte[] source) {
                if (source.length < BYTES) {
                    throw new IllegalArgumentException("a key has " + BYTES + " bytes, not " + source.length);
                }
                this.suite = suite;
                this.bytes = Arrays.copyOf(source, BYTES);
            }

            CipherKey copy() {
                return new CipherKey(suite, bytes);
            }

            @Override
            public String getAlgorithm() {
                return suite.keyAlgorithm();
            }

            @Override
            public String getFormat() {
                return "RAW";
            }

            /// A copy for the JDK's cipher, which wipes it.
            @Override
            public byte[] getEncoded() {
                if (destroyed) {
                    throw new IllegalStateException("the key was wiped");
                }
                return bytes.clone();
            }

            @Override
            public void destroy() {
                destroyed = true;
                Arrays.fill(bytes, (byte) 0);
            }

            @Override
            public boolean isDestroyed() {
                return destroyed;
            }

            private void writeObject(ObjectOutputStream out) throws NotSerializableException {
                throw new NotSerializableException(CipherKey.class.getName());
            }
        }
    }
}
