package dev.cipherlink.session;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// What waits to be sent, and the lock that guards it and the state of the session it feeds.
///
/// It outlives sessions: a client that has to open a new one hands it on with whatever was not sent yet. All methods
/// require the lock.
public final class Outbox {

    private final ReentrantLock lock = new ReentrantLock();
    /// Signalled when the link's pusher has something to do.
    private final Condition pushNeeded = lock.newCondition();
    /// Signalled when a full outbox has room again, or will never have.
    private final Condition room = lock.newCondition();
    private final ArrayDeque<Outgoing> waiting = new ArrayDeque<>(0);
    private final int maxWaiting;
    private final long maxWaitingBytes;
    private long waitingBytes;
    private boolean pushRequested;
    private IOException closedBy;

    /// @param maxWaiting      how many requests may wait before senders have to
    /// @param maxWaitingBytes how many bytes may wait before senders have to
    public Outbox(int maxWaiting, long maxWaitingBytes) {
        this.maxWaiting = maxWaiting;
        this.maxWaitingBytes = maxWaitingBytes;
    }

    ReentrantLock lock() {
        return lock;
    }

    Condition pushNeeded() {
        return pushNeeded;
    }

    boolean isFull() {
        return waiting.size() >= maxWaiting || waitingBytes >= maxWaitingBytes;
    }

    boolean isEmpty() {
        return waiting.isEmpty();
    }

    /// Blocks until there is room; the lock must be held.
    ///
    /// @throws IOException if the outbox was closed
    void awaitRoom() throws IOException, InterruptedException {
        while (closedBy == null && isFull()) {
            room.await();
        }
        requireOpen();
    }

    void requireOpen() throws IOException {
        if (closedBy != null) {
            throw new IOException(closedBy.getMessage(), closedBy);
        }
    }

    void add(Outgoing outgoing) {
        waiting.add(outgoing);
        waitingBytes += outgoing.payload.length;
    }

    Outgoing peek() {
        return waiting.peek();
    }

    void remove() {
        boolean wasFull = isFull();
        waitingBytes -= waiting.remove().payload.length;
        if (wasFull && !isFull()) {
            room.signalAll();
        }
    }

    void requestPush() {
        pushRequested = true;
        pushNeeded.signal();
    }

    boolean isPushRequested() {
        return pushRequested;
    }

    void pushDone() {
        pushRequested = false;
    }

    /// Refuses everything from now on. What is waiting stays: [Session#abandon] tells its fate.
    void close(IOException cause) {
        if (closedBy == null) {
            closedBy = cause;
            room.signalAll();
        }
    }
}
