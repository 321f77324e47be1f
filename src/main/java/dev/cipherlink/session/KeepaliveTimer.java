package dev.cipherlink.session;

import java.time.Duration;

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
}
