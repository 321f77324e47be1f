package dev.cipherlink.session;

import dev.cipherlink.message.MessageType;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.concurrent.locks.Condition;
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
}
