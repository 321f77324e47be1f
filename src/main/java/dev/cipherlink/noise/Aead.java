package dev.cipherlink.noise;

import java.security.GeneralSecurityException;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;

/// A suite's cipher: one JDK `Cipher`, initialized again for each message.
///
/// The JDK refuses to encrypt twice in a row with the same key and nonce. That check is a safety net that is never
/// reached: a counter never repeats under its key. Not thread-safe.
final class Aead {

    /// Bytes of a nonce: four zero bytes, then the counter.
    static final int NONCE_BYTES = 12;
    /// Bytes that encryption appends to the ciphertext.
    static final int TAG_BYTES = 16;

    private final Suite suite;
    private final Cipher cipher;
    private boolean used;

    Aead(Suite suite) {
        this.suite = suite;
        this.cipher = suite.newCipher();
    }

    Suite suite() {
        return suite;
    }

    void startEncryption(CipherKey key, byte[] nonce, byte[] ad) {
        start(Cipher.ENCRYPT_MODE, key, nonce);
        cipher.updateAAD(ad);
    }

    void startDecryption(CipherKey key, byte[] nonce, byte[] ad) {
        start(Cipher.DECRYPT_MODE, key, nonce);
        cipher.updateAAD(ad);
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

    /// Overwrites the expanded key in the JDK's cipher with that of an all-zero key. The cipher stays usable.
    void forget() {
        if (used) {
            // The nonce of a message starts with four zero bytes, so this one cannot trip the JDK's reuse check.
            byte[] nonce = new byte[NONCE_BYTES];
            nonce[0] = 1;
            start(Cipher.ENCRYPT_MODE, new CipherKey(suite, new byte[CipherKey.BYTES]), nonce);
            used = false;
        }
    }

    private void start(int mode, CipherKey key, byte[] nonce) {
        used = true;
        try {
            cipher.init(mode, key, suite.parameters(nonce));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("the cipher of " + suite + " refuses its key or nonce", e);
        }
    }
}
