package dev.cipherlink.crypto;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;

/// The 32-byte secret of a version 1 tunnel, the same on both sides.
///
/// Thread-safe. Its creator closes it, which wipes it; later use fails.
public final class SharedKey implements AutoCloseable {

    /// Bytes of a key, and of its file.
    public static final int BYTES = Sodium.SECRETBOX_KEY_BYTES;

    private final byte[] bytes;
    private volatile boolean closed;

    private SharedKey(byte[] bytes) {
        this.bytes = bytes;
    }

    /// A new random key.
    public static SharedKey generate() {
        var bytes = new byte[BYTES];
        Sodium.randomBytes(bytes);
        return new SharedKey(bytes);
    }

    /// A key from its raw bytes, which are copied.
    ///
    /// @throws IllegalArgumentException unless there are exactly 32
    public static SharedKey of(byte[] bytes) {
        if (bytes.length != BYTES) {
            throw new IllegalArgumentException("a shared key has " + BYTES + " bytes, not " + bytes.length);
        }
        return new SharedKey(bytes.clone());
    }

    /// Reads a key file: 32 raw bytes, readable by its owner only. Blocks on the disk.
    ///
    /// @throws IOException if it cannot be read or cannot be trusted; the message says what to do
    public static SharedKey load(Path file) throws IOException {
        return new SharedKey(SecretFile.read(file, BYTES));
    }

    /// Writes the key as 32 raw bytes with mode 0600. Blocks on the disk.
    ///
    /// @param overwrite whether to replace an existing file (atomically); if not, an existing file is an error
    public void save(Path file, boolean overwrite) throws IOException {
        requireOpen();
        SecretFile.write(file, bytes, overwrite);
    }

    /// Encrypts into a secretbox; see [Sodium#seal].
    public void seal(byte[] box, byte[] message, byte[] nonce) {
        requireOpen();
        Sodium.seal(box, message, nonce, bytes);
        // If another thread has closed the key meanwhile, the box may be sealed under zeros and must not be sent.
        requireOpen();
    }

    /// Opens a secretbox; see [Sodium#open].
    public boolean open(byte[] message, byte[] box, byte[] nonce) {
        requireOpen();
        boolean isAuthentic = Sodium.open(message, box, nonce, bytes);
        requireOpen();
        return isAuthentic;
    }

    /// Identifies the key without revealing it: the first 8 bytes of a BLAKE2b digest, in hex.
    public String fingerprint() {
        requireOpen();
        var label = "cipherlink shared key fingerprint".getBytes(StandardCharsets.US_ASCII);
        var input = Arrays.copyOf(label, label.length + BYTES);
        System.arraycopy(bytes, 0, input, label.length, BYTES);
        var digest = new byte[Sodium.BLAKE2B_BYTES];
        Sodium.blake2b(digest, input, input.length);
        Arrays.fill(input, (byte) 0);
        return "shared:" + HexFormat.of().formatHex(digest, 0, 8);
    }

    /// Wipes the key. Idempotent.
    @Override
    public void close() {
        closed = true;
        Arrays.fill(bytes, (byte) 0);
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the shared key is closed");
        }
    }

    @Override
    public String toString() {
        return "SharedKey";
    }
}
