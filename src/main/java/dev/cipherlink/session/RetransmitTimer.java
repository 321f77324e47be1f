package dev.cipherlink.session;

import java.util.concurrent.TimeUnit;

/// Tells when the oldest message in flight is to be sent again (`docs/protocol.md`, section 4).
///
/// The timeout follows the measured round trip as RFC 6298 has it, and doubles with each try. It does not look at the
/// clock: each `now` is a [System#nanoTime].
final class RetransmitTimer {

    /// A message that is sent again so often and stays unanswered means that the connection is lost.
    static final int MAX_TRIES = 5;
    /// Before the first round trip was measured.
    static final long INITIAL_NANOS = TimeUnit.SECONDS.toNanos(5);
    /// Over TCP a message is hardly ever lost: below this, a peer that is busy would be sent things twice.
    static final long MIN_NANOS = TimeUnit.SECONDS.toNanos(1);
    static final long MAX_NANOS = TimeUnit.SECONDS.toNanos(30);

    private boolean isRunning;
    private long startedAt;
    private int tries;
    private long smoothedNanos = -1;
    private long variationNanos;

    /// A message is in flight where none was.
    void start(long now) {
        isRunning = true;
        startedAt = now;
        tries = 0;
    }

    /// The oldest message in flight was answered, at least in part.
    ///
    /// @param isLast whether it was the only one
    void progressed(long now, boolean isLast) {
        start(now);
        isRunning = !isLast;
    }

    /// What is in flight has not left yet, or was just sent again for another reason.
    void postpone(long now) {
        startedAt = now;
    }

    /// A round trip of a message that was sent once.
    void measured(long nanos) {
        if (smoothedNanos < 0) {
            smoothedNanos = nanos;
            variationNanos = nanos / 2;
        } else {
            variationNanos += (Math.abs(smoothedNanos - nanos) - variationNanos) / 4;
            smoothedNanos += (nanos - smoothedNanos) / 8;
        }
    }

    /// The smoothed round trip; -1 before the first.
    long roundTripNanos() {
        return smoothedNanos;
    }

    /// How long an answer may take before anything is done about it.
    long timeoutNanos() {
        return smoothedNanos < 0 ? INITIAL_NANOS
                : Math.clamp(smoothedNanos + 4 * variationNanos, MIN_NANOS, MAX_NANOS);
    }

    /// Zero or less if it is time; [Long#MAX_VALUE] while nothing is in flight.
    long nanosUntilDue(long now) {
        return isRunning ? (timeoutNanos() << tries) - (now - startedAt) : Long.MAX_VALUE;
    }

    /// It was time, and the message was sent again.
    void retransmitted(long now) {
        tries++;
        startedAt = now;
    }

    boolean isExhausted() {
        return tries == MAX_TRIES;
    }
}
