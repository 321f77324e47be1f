package dev.cipherlink.session;

import dev.cipherlink.message.Message.MessageType;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/// What waits to be sent, and the lock that guards it and the state of the session it feeds.
///
/// It outlives connections and sessions: a client that has to open a new one hands it on with whatever was not sent yet.
/// The public methods take the lock; all others require it.
public final class Outbox {

    private final ReentrantLock lock = new ReentrantLock();
    /// Signalled when a full outbox has room again, or will never have.
    private final Condition room = lock.newCondition();
    private final PushSignal pushSignal = new PushSignal();
    private final ArrayDeque<Outgoing> waiting = new ArrayDeque<>(0);
    private final int maxWaiting;
    private final long maxWaitingBytes;
    private long waitingBytes;
    private volatile Transmitter transmitter;
    private boolean isInBatch;
    private IOException closedBy;

    /// @param maxWaiting      how many requests may wait before senders have to
    /// @param maxWaitingBytes how many bytes may wait before senders have to
    public Outbox(int maxWaiting, long maxWaitingBytes) {
        this.maxWaiting = maxWaiting;
        this.maxWaitingBytes = maxWaitingBytes;
    }

    /// What sends the contents of an outbox while a connection is there.
    @FunctionalInterface
    interface Transmitter {

        /// Sends what the window permits, without flushing.
        void transmit();
    }

    ReentrantLock lock() {
        return lock;
    }

    /// Wakes the pusher of the link that is attached, or will be.
    PushSignal pushSignal() {
        return pushSignal;
    }

    /// Queues a request, and sends what the window permits, without flushing; while there is no connection it only waits.
    /// Blocks while the outbox is full, except in a handler, which may exceed it.
    ///
    /// @throws IOException if no more requests are taken
    public void send(byte[] request, ReplyHandler replyHandler) throws IOException, InterruptedException {
        lock.lockInterruptibly();
        try {
            if (!isInBatch && isFull()) {
                pushSignal.request();
                awaitRoom();
            }
            requireOpen();
            add(new Outgoing(MessageType.DATA, request, replyHandler));
            // What handlers send leaves together when their batch ends.
            if (transmitter != null && !isInBatch) {
                transmitter.transmit();
            }
        } finally {
            lock.unlock();
        }
    }

    /// Queues the end of the session behind what was sent before.
    public void disconnect() {
        lock.lock();
        try {
            add(Outgoing.disconnect());
            pushSignal.request();
        } finally {
            lock.unlock();
        }
    }

    /// Whether the calling thread runs a handler of the session: it must not wait for an answer.
    public boolean isInHandler() {
        return lock.isHeldByCurrentThread() && isInBatch;
    }

    /// How many requests wait to be sent.
    public int waiting() {
        lock.lock();
        try {
            return waiting.size();
        } finally {
            lock.unlock();
        }
    }

    /// @param newTransmitter of the link that is attached from now on; null if it has ended
    void attach(Transmitter newTransmitter) {
        transmitter = newTransmitter;
        pushSignal.request();
    }

    /// Whether a link is attached. Needs no lock.
    boolean isAttached() {
        return transmitter != null;
    }

    /// Messages that arrived together follow; handlers run until [#endBatch].
    void beginBatch() {
        isInBatch = true;
    }

    void endBatch() {
        isInBatch = false;
    }

    boolean isEmptyButForDisconnect() {
        return waiting.isEmpty() || waiting.peek().type == MessageType.DISCONNECT;
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

    /// Puts back what was taken out.
    void addFirst(Outgoing outgoing) {
        waiting.addFirst(outgoing);
        waitingBytes += outgoing.payload.length;
    }

    long bytes() {
        return waitingBytes;
    }

    /// What is to be sent next; null if nothing.
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

    /// Refuses everything from now on. What is waiting stays: [Session#abandon] tells its fate.
    void close(IOException cause) {
        if (closedBy == null) {
            closedBy = cause;
            room.signalAll();
        }
    }

    /// Payloads that any thread pushes to the peer of a session, until the session has room for them in its window.
    ///
    /// It takes no other lock while it holds its own, and so [#offer] may be called under any: also by a handler of another
    /// session. Thread-safe.
    static final class EventQueue {

        private final int maxEvents;
        private final long maxBytes;
        private final ArrayDeque<Outgoing> events = new ArrayDeque<>(0);
        private long bytes;
        /// Read without the lock: most sessions never have an event.
        private volatile boolean isUsed;
        private boolean hasRefused;

        EventQueue(int maxEvents, long maxBytes) {
            this.maxEvents = maxEvents;
            this.maxBytes = maxBytes;
        }

        /// @return false if too much is waiting; then it is not taken
        synchronized boolean offer(Outgoing event) {
            if (events.size() >= maxEvents || bytes > 0 && bytes + event.payload.length > maxBytes) {
                hasRefused = true;
                return false;
            }
            events.add(event);
            bytes += event.payload.length;
            isUsed = true;
            return true;
        }

        /// The oldest, taken away; null if there is none.
        Outgoing poll() {
            return isUsed ? pollLocked() : null;
        }

        private synchronized Outgoing pollLocked() {
            Outgoing event = events.poll();
            if (event != null) {
                bytes -= event.payload.length;
            }
            isUsed = hasRefused || !events.isEmpty();
            return event;
        }

        boolean isEmpty() {
            return !isUsed || isEmptyLocked();
        }

        private synchronized boolean isEmptyLocked() {
            return events.isEmpty();
        }

        /// Whether it is empty again after it had refused an event; true once each time.
        boolean hasRecovered() {
            return isUsed && hasRecoveredLocked();
        }

        private synchronized boolean hasRecoveredLocked() {
            boolean hasRecovered = hasRefused && events.isEmpty();
            if (hasRecovered) {
                hasRefused = false;
                isUsed = false;
            }
            return hasRecovered;
        }

        synchronized long bytes() {
            return bytes;
        }
    }

    /// Wakes the pusher of whichever link a session has. Thread-safe, without a lock.
    static final class PushSignal {

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
}
