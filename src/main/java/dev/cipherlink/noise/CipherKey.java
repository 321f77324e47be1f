package dev.cipherlink.noise;

import java.io.NotSerializableException;
import java.io.ObjectOutputStream;
import java.util.Arrays;
import javax.crypto.SecretKey;

/// A symmetric key of 32 bytes that can be wiped, which the JDK's `SecretKeySpec` cannot.
final class CipherKey implements SecretKey {

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
