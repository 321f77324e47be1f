package dev.cipherlink.crypto;

import com.sun.jna.NativeLibrary;
import com.sun.jna.NativeLong;
import com.sun.jna.Pointer;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;

/// A secret key outside of the Java heap, in memory of `sodium_malloc`: between pages that end the process if they are touched, locked
/// against swap where the system allows it, left out of core dumps, readable only while it is used, and wiped when it is closed.
///
/// Thread-safe: one use at a time.
public final class LockedKey implements KeyPair.SecretKey {
    private static final int PR_SET_DUMPABLE = 4;

    private final Pointer memory;
    private final boolean isLocked;
    private final byte[] publicKey = new byte[Sodium.X25519_BYTES];
    private boolean closed;

    private LockedKey(Pointer memory) {
        this.memory = memory;
        // sodium_malloc does not say whether the lock has failed.
        isLocked = NativeLibrary.getProcess().getFunction("mlock")
                .invokeInt(new Object[] {memory, new NativeLong(Sodium.X25519_BYTES)}) == 0;
    }

    /// Reads the 32 bytes of a secret straight into that memory. Blocks on the channel.
    ///
    /// @throws EOFException if the channel ends before
    /// @throws IOException if there is no memory, or the channel fails
    public static LockedKey read(ReadableByteChannel channel) throws IOException {
        Pointer memory = Sodium.allocate();
        if (memory == null) {
            throw new IOException("there is no memory for another key");
        }
        var key = new LockedKey(memory);
        try {
            ByteBuffer secret = memory.getByteBuffer(0, Sodium.X25519_BYTES);
            while (secret.hasRemaining()) {
                if (channel.read(secret) < 0) {
                    throw new EOFException("a key was cut short");
                }
            }
            Sodium.x25519Base(key.publicKey, memory);
            Sodium.forbid(memory);
            return key;
        } catch (IOException | RuntimeException e) {
            key.close();
            throw e;
        }
    }

    /// Where the system can (Linux), keeps other processes of the user out of the memory of this one, and core dumps from being written.
    /// What stands under `/proc/self` belongs to root from then on.
    public static void hideProcess() {
        if (Files.isDirectory(Path.of("/proc/self"))) {
            NativeLibrary.getProcess().getFunction("prctl").invokeInt(new Object[] {PR_SET_DUMPABLE, new NativeLong(0), new NativeLong(0),
                new NativeLong(0), new NativeLong(0)});
        }
    }

    /// Whether the system keeps it out of swap; not where its limit of such memory (`ulimit -l`) is used up.
    public boolean isLocked() {
        return isLocked;
    }

    /// 32 bytes, a copy.
    public byte[] publicKey() {
        return publicKey.clone();
    }

    /// @throws IOException if it is closed
    @Override
    public synchronized boolean x25519(byte[] shared, byte[] point) throws IOException {
        if (closed) {
            throw new IOException("the key was forgotten");
        }
        Sodium.permitReading(memory);
        try {
            return Sodium.x25519(shared, memory, point);
        } finally {
            Sodium.forbid(memory);
        }
    }

    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            Sodium.free(memory);
        }
    }

    @Override
    public String toString() {
        return "LockedKey";
    }
}
