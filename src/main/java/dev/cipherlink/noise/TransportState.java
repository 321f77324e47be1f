package dev.cipherlink.noise;

import dev.cipherlink.noise.CipherState.Aead;
import java.io.IOException;
import java.net.ProtocolException;
import java.time.Duration;
import java.util.function.LongSupplier;

/// The two directions after a handshake: transport messages, and rekey by count and by time.
///
/// After every 65,536 messages in a direction, `Rekey()` replaces its key; the counter is not reset. Between peers that agreed on it
/// ([#rekeyByTime]), a key that has sealed for 10 minutes is replaced in front of the next message too, without a word: a message that
/// does not authenticate is tried under the next key. A received message that fails to authenticate closes both directions at once.
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
    /// For how long a key seals.
    static final long KEY_NANOS = Duration.ofMinutes(10).toNanos();

    // The lock of each direction is its cipher state. Without it close() could wipe the key while a message is sealed,
    // and the message could go out under a key of zeros.
    private final CipherState sending;
    private final CipherState receiving;
    private final LongSupplier nanoClock;
    private volatile boolean closed;
    private volatile boolean rekeysByTime;
    /// When the present key for sending was made. Guarded by `sending`.
    private long keyedAt;

    TransportState(CipherState sending, CipherState receiving) {
        this(sending, receiving, System::nanoTime);
    }

    TransportState(CipherState sending, CipherState receiving, LongSupplier nanoClock) {
        this.sending = sending;
        this.receiving = receiving;
        this.nanoClock = nanoClock;
        keyedAt = nanoClock.getAsLong();
    }

    /// Both sides replace their keys by time too from now on.
    public void rekeyByTime() {
        rekeysByTime = true;
    }

    /// How many times the keys of the two directions were replaced.
    public Rekeys rekeys() {
        long sent;
        synchronized (sending) {
            sent = sending.rekeys();
        }
        synchronized (receiving) {
            return new Rekeys(sent, receiving.rekeys());
        }
    }

    /// How many times the keys of the two directions were replaced.
    public record Rekeys(long sending, long receiving) {
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
            if (rekeysByTime && nanoClock.getAsLong() - keyedAt >= KEY_NANOS) {
                rekeySending();
            }
            int written = sending.encrypt(plaintext, offset, length, message, messageOffset);
            if (isRekeyDue(sending)) {
                rekeySending();
            }
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
                int written = rekeysByTime ? receiving.decryptOrRekey(message, offset, length, plaintext, plaintextOffset)
                        : receiving.decrypt(message, offset, length, plaintext, plaintextOffset);
                if (isRekeyDue(receiving)) {
                    receiving.rekey();
                }
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

    private void rekeySending() {
        sending.rekey();
        keyedAt = nanoClock.getAsLong();
    }

    private static boolean isRekeyDue(CipherState direction) {
        return Long.remainderUnsigned(direction.nonce(), MESSAGES_PER_KEY) == 0;
    }
}
