package dev.cipherlink.noise;

import dev.cipherlink.noise.CipherState.Aead;
import java.io.IOException;
import java.net.ProtocolException;

/// The two directions after a handshake: transport messages, and rekey by count.
///
/// After every 65,536 messages in a direction, `Rekey()` replaces its key. Only the counter, which is not reset, triggers
/// it. A received message that fails to authenticate closes both directions at once.
///
/// Threads: one may seal and another open at the same time; any thread may close. A call waits at most for the processing
/// of one message. Source: `docs/protocol.md` section 1, version 2.
public final class TransportState implements AutoCloseable {

    /// Bytes that [#seal] adds to the plaintext.
    public static final int TAG_BYTES = Aead.TAG_BYTES;
    /// The largest plaintext of one transport message.
    public static final int MAX_PLAINTEXT_BYTES = HandshakeState.MAX_MESSAGE_BYTES - TAG_BYTES;
    /// Messages under one key; a power of two, so that the low bits of the counter show when to rekey.
    static final long MESSAGES_PER_KEY = 65_536;

    // The lock of each direction is its cipher state. Without it close() could wipe the key while a message is sealed,
    // and the message could go out under a key of zeros.
    private final CipherState sending;
    private final CipherState receiving;
    private volatile boolean closed;

    TransportState(CipherState sending, CipherState receiving) {
        this.sending = sending;
        this.receiving = receiving;
    }

    /// Makes a transport message: ciphertext, then the 16-byte tag. It may be sealed in place (same array, same offset);
    /// any other overlap is refused.
    ///
    /// @param length bytes of plaintext, 0 .. 65,519
    /// @return the size of the message, `length + 16`
    /// @throws IOException if this state is closed, by a failure of the other direction or by [#close]
    /// @throws IllegalArgumentException if the plaintext is too large
    public int seal(byte[] plaintext, int offset, int length, byte[] message, int messageOffset) throws IOException {
        if (length > MAX_PLAINTEXT_BYTES) {
            throw new IllegalArgumentException("a message holds " + MAX_PLAINTEXT_BYTES + " bytes, not " + length);
        }
        synchronized (sending) {
            requireOpen();
            int written = sending.encrypt(plaintext, offset, length, message, messageOffset);
            rekeyWhenDue(sending);
            return written;
        }
    }

    /// Verifies and decrypts a transport message into an array, or a range of one, that does not overlap it.
    ///
    /// @param length bytes of the message, 16 .. 65,535
    /// @return the size of the plaintext, `length - 16`
    /// @throws ProtocolException if the message does not authenticate or has an impossible size; this state is then
    ///         closed, and the connection has to end without another message
    /// @throws IOException if this state is closed
    public int open(byte[] message, int offset, int length, byte[] plaintext, int plaintextOffset)
            throws IOException {
        try {
            if (length > HandshakeState.MAX_MESSAGE_BYTES) {
                throw new ProtocolException("a transport message of " + length + " bytes is too large");
            }
            synchronized (receiving) {
                requireOpen();
                int written = receiving.decrypt(message, offset, length, plaintext, plaintextOffset);
                rekeyWhenDue(receiving);
                return written;
            }
        } catch (ProtocolException e) {
            close();
            throw e;
        }
    }

    /// Drops what each direction needs for a message only; the next one makes it again.
    public void rest() {
        synchronized (sending) {
            sending.rest();
        }
        synchronized (receiving) {
            receiving.rest();
        }
    }

    /// Wipes both keys. Idempotent.
    @Override
    public void close() {
        closed = true;
        synchronized (sending) {
            sending.close();
        }
        synchronized (receiving) {
            receiving.close();
        }
    }

    @Override
    public String toString() {
        return "TransportState[sending " + sending + ", receiving " + receiving + "]";
    }

    private void requireOpen() throws IOException {
        if (closed) {
            throw new IOException("the transport state is closed");
        }
    }

    private static void rekeyWhenDue(CipherState direction) {
        if (Long.remainderUnsigned(direction.nonce(), MESSAGES_PER_KEY) == 0) {
            direction.rekey();
        }
    }
}
