package dev.cipherlink.session;

import dev.cipherlink.message.Message;
import dev.cipherlink.message.Message.MessageType;
import dev.cipherlink.message.Message.Payload;
import java.io.IOException;
import java.net.ProtocolException;
import java.time.Duration;
import java.util.Arrays;

/// Counts the silence of a peer: when it is to be asked for a sign of life, and when it was asked often enough.
///
/// It does not look at the clock: each `now` is a [System#nanoTime]. The reader's methods, and [#silentNanos], need no
/// lock; the others require the session's.
final class KeepaliveTimer {

    static final int MAX_UNANSWERED = 3;

    private final long intervalNanos;
    private volatile long lastReceived;
    /// False while the reader writes: what it does not hear then is not the peer's silence.
    private volatile boolean isReading = true;
    private long lastKeepalive;
    private int unanswered;

    KeepaliveTimer(Duration interval, long now) {
        intervalNanos = interval.toNanos();
        lastReceived = now;
        lastKeepalive = now;
    }

    /// The reader received a packet.
    void received(long now) {
        lastReceived = now;
    }

    /// The reader is about to write.
    void readingPaused() {
        isReading = false;
    }

    /// The reader has written.
    void readingResumed(long now) {
        lastReceived = now;
        isReading = true;
    }

    /// For how long nothing has come although the reader listened.
    long silentNanos(long now) {
        return isReading ? now - lastReceived : 0;
    }

    /// What was received stands for the answers to all keepalives so far.
    void answered() {
        unanswered = 0;
    }

    void keepaliveSent(long now) {
        unanswered++;
        lastKeepalive = now;
    }

    /// How long to wait for a sign of life; zero or less if a keepalive is due.
    ///
    /// Counted from each keepalive anew: after a time in which we were busy or stopped ourselves, the peer has its time
    /// to answer too.
    long nanosUntilDue(long now) {
        return intervalNanos - Math.min(silentNanos(now), now - lastKeepalive);
    }

    /// Whether so many keepalives are unanswered that the peer counts as lost when the next is due.
    boolean isExhausted() {
        return unanswered == MAX_UNANSWERED;
    }

    /// KEEPALIVE messages and their answers, in both directions (`docs/protocol.md`, section 4). Requires the session's lock.
    static final class Keepalives {

        /// Largest payload of KEEPALIVE.
        static final int MAX_BYTES = 64;

        private final byte[] token;

        /// @param token the payload of ours
        Keepalives(byte[] token) {
            this.token = token;
        }

        /// Takes in a KEEPALIVE, and answers it unless the peer does not read.
        void receive(Message message, MessageSink sink) throws IOException {
            if (message.payload().length() > MAX_BYTES) {
                throw new ProtocolException("KEEPALIVE with more than " + MAX_BYTES + " bytes");
            }
            if (!sink.isBacklogged()) {
                sink.send(Message.of(MessageType.ACK, 0, message.payload()));
            }
        }

        void ask(MessageSink sink) throws IOException {
            sink.send(Message.of(MessageType.KEEPALIVE, 0, Payload.of(token)));
        }

        /// Whether the payload of an ACK answers ours.
        boolean isAnswer(Payload payload) {
            return Arrays.equals(payload.array(), payload.offset(), payload.offset() + payload.length(), token, 0, token.length);
        }
    }
}
