package dev.cipherlink.session;

import java.util.concurrent.locks.LockSupport;

/// Wakes the pusher of whichever link a session has. Thread-safe, without a lock.
final class PushSignal {

    private volatile boolean isRequested;
    private volatile Thread pusher;

    /// There is something to send; remembered while there is no pusher.
    void request() {
        isRequested = true;
        LockSupport.unpark(pusher);
    }

    boolean isRequested() {
        return isRequested;
    }

    /// Takes the request back; what is added later asks anew. Called by the pusher before it looks for something to send.
    void clear() {
        isRequested = false;
    }

    /// Waits for a request, by the one pusher. May return early.
    void await(long nanos) throws InterruptedException {
        pusher = Thread.currentThread();
        if (!isRequested) {
            LockSupport.parkNanos(this, nanos);
        }
        if (Thread.interrupted()) {
            throw new InterruptedException("interrupted while waiting for something to push");
        }
    }
}
