package dev.cipherlink.crypto;

import com.goterl.lazysodium.SodiumJava;
import com.goterl.lazysodium.utils.LibraryLoader;
import com.sun.jna.NativeLibrary;
import com.sun.jna.NativeLong;
import com.sun.jna.Pointer;
import java.nio.file.Path;
import java.util.Objects;

/// The only class that uses Lazysodium.
///
/// Lazysodium passes key, nonce and output arrays to native code without checking their lengths, and its `Key` overloads
/// drop libsodium's failure code. Every method here checks all lengths first (`IllegalArgumentException`: a bug of ours)
/// and returns libsodium's result.
///
/// JNA copies each array in and out as a whole, so pass arrays of the exact size and not large reused ones. All methods
/// are thread-safe; none blocks. Source of the functions: libsodium 1.0.20.
public final class Sodium {

    /// Bytes of a secretbox key.
    public static final int SECRETBOX_KEY_BYTES = 32;
    /// Bytes of a secretbox nonce (XSalsa20).
    public static final int SECRETBOX_NONCE_BYTES = 24;
    /// Bytes that a secretbox adds to its message: the Poly1305 tag, before the ciphertext.
    public static final int SECRETBOX_TAG_BYTES = 16;
    /// Bytes of an X25519 scalar, point and shared secret (RFC 7748).
    public static final int X25519_BYTES = 32;
    /// Bytes of a BLAKE2b-512 digest (RFC 7693).
    public static final int BLAKE2B_BYTES = 64;
    /// Bytes of the salt of a password derivation (Argon2id).
    public static final int PASSWORD_SALT_BYTES = 16;

    /// libsodium's constant for Argon2id, version 1.3.
    private static final int ARGON2ID13 = 2;
    /// The limits of Argon2id (minimum) and of libsodium (maximum).
    private static final long MIN_PASSWORD_MEMORY_BYTES = 8_192;
    private static final long MAX_PASSWORD_COST = Integer.MAX_VALUE;

    /// Folder of the unpacked `libsodium`, set by the runtime image.
    private static final String NATIVE_FOLDER_PROPERTY = "cipherlink.native.dir";

    private Sodium() {
    }

    /// Loads the library on first use, not when the outer class is loaded.
    private static final class Library {
        private static final SodiumJava SODIUM = load();

        private static SodiumJava load() {
            String folder = System.getProperty(NATIVE_FOLDER_PROPERTY);
            return folder == null
                    ? new SodiumJava(LibraryLoader.Mode.BUNDLED_ONLY)
                    : new SodiumJava(Path.of(folder, System.mapLibraryName("sodium")).toAbsolutePath().toString());
        }
    }

    /// Loads the native library now, to keep its cost and its errors out of the first handshake.
    ///
    /// @throws UncheckedNativeException if the library cannot be loaded
    public static void load() {
        try {
            Objects.requireNonNull(Library.SODIUM);
        } catch (LinkageError | RuntimeException e) {
            throw new UncheckedNativeException(e);
        }
    }

    /// The native library cannot be loaded on this machine.
    public static final class UncheckedNativeException extends RuntimeException {
        private static final long serialVersionUID = 1;

        UncheckedNativeException(Throwable cause) {
            super("cannot load libsodium: " + cause.getMessage(), cause);
        }
    }

    /// Encrypts and authenticates with XSalsa20-Poly1305 (NaCl `crypto_secretbox`, combined layout).
    ///
    /// @param box receives tag and ciphertext: exactly `message.length + 16` bytes
    public static void seal(byte[] box, byte[] message, byte[] nonce, byte[] key) {
        requireLength("box", box, message.length + SECRETBOX_TAG_BYTES);
        requireLength("nonce", nonce, SECRETBOX_NONCE_BYTES);
        requireLength("key", key, SECRETBOX_KEY_BYTES);
        requireDone("crypto_secretbox_easy", Library.SODIUM.crypto_secretbox_easy(box, message, message.length, nonce, key));
    }

    /// Verifies and decrypts a secretbox of [#seal].
    ///
    /// @param message receives the plaintext: exactly `box.length - 16` bytes; unchanged if the tag is wrong
    /// @return whether the tag is right; if not, `message` must not be used
    public static boolean open(byte[] message, byte[] box, byte[] nonce, byte[] key) {
        requireLength("message", message, box.length - SECRETBOX_TAG_BYTES);
        requireLength("nonce", nonce, SECRETBOX_NONCE_BYTES);
        requireLength("key", key, SECRETBOX_KEY_BYTES);
        return Library.SODIUM.crypto_secretbox_open_easy(message, box, box.length, nonce, key) == 0;
    }

    /// X25519 (RFC 7748, section 5).
    ///
    /// @param shared receives the 32-byte result
    /// @return false if the result is all zero (a low-order point): the handshake must fail
    public static boolean x25519(byte[] shared, byte[] scalar, byte[] point) {
        requireLength("shared", shared, X25519_BYTES);
        requireLength("scalar", scalar, X25519_BYTES);
        requireLength("point", point, X25519_BYTES);
        return Library.SODIUM.crypto_scalarmult(shared, scalar, point) == 0;
    }

    /// The public point of a scalar (X25519 with the base point).
    public static void x25519Base(byte[] point, byte[] scalar) {
        requireLength("point", point, X25519_BYTES);
        requireLength("scalar", scalar, X25519_BYTES);
        requireDone("crypto_scalarmult_base", Library.SODIUM.crypto_scalarmult_base(point, scalar));
    }

    /// Guarded memory for a scalar, readable and writable (`sodium_malloc`); null if there is none.
    static Pointer allocate() {
        return Library.SODIUM.sodium_malloc(X25519_BYTES);
    }

    /// Until the next of these calls, any access to guarded memory ends the process.
    static void forbid(Pointer memory) {
        requireDone("sodium_mprotect_noaccess", Library.SODIUM.sodium_mprotect_noaccess(memory));
    }

    static void permitReading(Pointer memory) {
        requireDone("sodium_mprotect_readonly", Library.SODIUM.sodium_mprotect_readonly(memory));
    }

    /// Wipes guarded memory and gives it back; no call for it may follow.
    static void free(Pointer memory) {
        Library.SODIUM.sodium_free(memory);
    }

    /// [#x25519] with a scalar in guarded memory, which Lazysodium has no method for.
    static boolean x25519(byte[] shared, Pointer scalar, byte[] point) {
        requireLength("shared", shared, X25519_BYTES);
        requireLength("point", point, X25519_BYTES);
        return NativeLibrary.getProcess().getFunction("crypto_scalarmult").invokeInt(new Object[] {shared, scalar, point}) == 0;
    }

    static void x25519Base(byte[] point, Pointer scalar) {
        requireLength("point", point, X25519_BYTES);
        requireDone("crypto_scalarmult_base",
                NativeLibrary.getProcess().getFunction("crypto_scalarmult_base").invokeInt(new Object[] {point, scalar}));
    }

    /// BLAKE2b-512 without a key (RFC 7693).
    ///
    /// @param digest receives 64 bytes
    /// @param length bytes of the input, from its first one on
    public static void blake2b(byte[] digest, byte[] input, int length) {
        requireLength("digest", digest, BLAKE2B_BYTES);
        Objects.checkFromIndexSize(0, length, input.length);
        requireDone("crypto_generichash", Library.SODIUM.crypto_generichash(digest, digest.length, input, length, null, 0));
    }

    /// Derives a key from a password with Argon2id (RFC 9106), one lane. Slow and memory-hungry by design.
    ///
    /// @param key         receives the 32 bytes of a secretbox key
    /// @param salt        16 bytes
    /// @param operations  passes over the memory, at least 1
    /// @param memoryBytes at least 8,192; the caller bounds it, because all of it is allocated
    /// @return false if there is not enough memory
    public static boolean deriveFromPassword(byte[] key, byte[] password, byte[] salt, long operations, long memoryBytes) {
        requireLength("key", key, SECRETBOX_KEY_BYTES);
        requireLength("salt", salt, PASSWORD_SALT_BYTES);
        if (operations < 1 || operations > MAX_PASSWORD_COST) {
            throw new IllegalArgumentException("operations " + operations);
        }
        if (memoryBytes < MIN_PASSWORD_MEMORY_BYTES || memoryBytes > MAX_PASSWORD_COST) {
            throw new IllegalArgumentException("memoryBytes " + memoryBytes);
        }
        return Library.SODIUM.crypto_pwhash(key, key.length, password, password.length, salt, operations,
                new NativeLong(memoryBytes), ARGON2ID13) == 0;
    }

    /// Fills the array from the operating system's random generator.
    public static void randomBytes(byte[] target) {
        Library.SODIUM.randombytes_buf(target, target.length);
    }

    /// For functions that do not fail with arguments of the right length.
    private static void requireDone(String function, int result) {
        if (result != 0) {
            throw new IllegalStateException(function + " failed");
        }
    }

    private static void requireLength(String name, byte[] array, int length) {
        if (array.length != length) {
            throw new IllegalArgumentException(name + " must have " + length + " bytes, not " + array.length);
        }
    }
}
