package dev.cipherlink.session;

import dev.cipherlink.command.Reply;
import dev.cipherlink.command.ReplyHandler;
import dev.cipherlink.message.Message.MessageType;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// Messages that wait to be sent, and the lock that guards them and the state of their session.
///
/// It outlives connections and sessions: a client that has to open a new session hands it the outbox with what was not sent yet.
/// The public methods take the lock; all others require it.
public final class Outbox {

    private final ReentrantLock lock = new ReentrantLock();
    /// Signalled when a full outbox takes requests again, or is closed.
    private final Condition notFull = lock.newCondition();
    private final PushSignal pushSignal = new PushSignal();
    private final ArrayDeque<Outgoing> waiting = new ArrayDeque<>(0);
    private final int maxWaiting;
    private final long maxWaitingBytes;
    private long waitingBytes;
    private volatile Transmitter transmitter;
    private boolean isInBatch;
    private IOException closedBy;

    /// @param maxWaiting      requests that may wait before [#send] blocks
    /// @param maxWaitingBytes bytes that may wait before [#send] blocks
    public Outbox(int maxWaiting, long maxWaitingBytes) {
        this.maxWaiting = maxWaiting;
        this.maxWaitingBytes = maxWaitingBytes;
    }

    /// Sends the contents of an outbox while a connection is there.
    @FunctionalInterface
    interface Transmitter {

        /// Sends what the window permits, without flushing.
        void transmit();
    }

    ReentrantLock lock() {
        return lock;
    }

    /// Asks the pusher of the link that is attached, or of the next one, to send.
    PushSignal pushSignal() {
        return pushSignal;
    }

    /// Queues a request for the next [Link#flush], or for the end of the batch whose handler calls; it waits while there is no
    /// connection. Blocks while the outbox is full, except in a handler, which may overfill it.
    ///
    /// @throws IOException if no more requests are taken
    public void send(byte[] request, ReplyHandler replyHandler) throws IOException, InterruptedException {
        lock.lockInterruptibly();
        try {
            if (!isInBatch && isFull()) {
                pushSignal.request();
                awaitNotFull();
            }
            requireOpen();
            add(new Outgoing(MessageType.DATA, request, replyHandler));
        } finally {
            lock.unlock();
        }
    }

    /// Has the link that is attached send what the window permits, without flushing.
    void transmit() {
        lock.lock();
        try {
            if (transmitter != null) {
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
    }

    /// Whether a link is attached. Needs no lock.
    boolean isAttached() {
        return transmitter != null;
    }

    /// Begins a batch of messages that arrived together; handlers run until [#endBatch].
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

    /// Blocks while it is full; the lock must be held.
    ///
    /// @throws IOException if the outbox was closed
    void awaitNotFull() throws IOException, InterruptedException {
        while (closedBy == null && isFull()) {
            notFull.await();
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

    /// The next message to send; null if none waits.
    Outgoing peek() {
        return waiting.peek();
    }

    void remove() {
        boolean wasFull = isFull();
        waitingBytes -= waiting.remove().payload.length;
        if (wasFull && !isFull()) {
            notFull.signalAll();
        }
    }

    /// Refuses requests from now on. [Session#abandon] fails those that wait.
    void close(IOException cause) {
        if (closedBy == null) {
            closedBy = cause;
            notFull.signalAll();
        }
    }

    /// Events that any thread pushes to the peer of a session, until the window takes them.
    ///
    /// It takes no other lock while it holds its own, so that [#offer] may be called under any lock, by a handler of another session,
    /// too. Thread-safe.
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

        /// @return false if too much is waiting: this one is dropped
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

        /// Removes the oldest; null if there is none.
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

    /// Asks the [LinkPusher] of the link that a session has to send. It has a thread only while it does so. Thread-safe; takes no
    /// other lock while it holds its own.
    static final class PushSignal {

        private volatile boolean isRequested;
        /// The thread of the pusher; null while it is at rest.
        private volatile Thread thread;
        /// Null while there is no link.
        private Runnable pusher;

        /// Asks for something to be sent; remembered while there is no pusher. Starts its thread if it has none.
        void request() {
            isRequested = true;
            if (thread == null) {
                start();
            }
        }

        boolean isRequested() {
            return isRequested;
        }

        /// Forgets the request. Called by the pusher before it looks for something to send: what is added later asks anew.
        void clear() {
            isRequested = false;
        }

        boolean isAtRest() {
            return thread == null;
        }

        /// @param newPusher runs once for each request, or for several
        synchronized void attach(Runnable newPusher) {
            pusher = newPusher;
        }

        /// Interrupts the pusher, which closes the socket if it is writing, and waits for its end. An interrupt does not cut that
        /// short, and is kept.
        synchronized void detach() {
            pusher = null;
            if (thread != null) {
                thread.interrupt();
            }
            boolean isInterrupted = false;
            while (thread != null) {
                try {
                    wait();
                } catch (InterruptedException e) {
                    isInterrupted = true;
                }
            }
            if (isInterrupted) {
                Thread.currentThread().interrupt();
            }
        }

        private synchronized void start() {
            if (thread != null || pusher == null) {
                return;
            }
            try {
                thread = Thread.ofVirtual().name("cipherlink-push").inheritInheritableThreadLocals(false).unstarted(this::run);
                thread.start();
            } catch (RuntimeException | Error e) {
                thread = null;
                throw e;
            }
        }

        private void run() {
            Runnable running = next();
            try {
                while (running != null) {
                    running.run();
                    running = next();
                }
            } finally {
                rest();
            }
        }

        /// @return null if nothing is to be done
        private synchronized Runnable next() {
            thread = null;
            // In this order: a request that found the thread is seen here.
            if (!isRequested || pusher == null) {
                notifyAll();
                return null;
            }
            thread = Thread.currentThread();
            return pusher;
        }

        /// Also if the pusher has thrown for want of memory.
        private synchronized void rest() {
            if (thread == Thread.currentThread()) {
                thread = null;
                notifyAll();
            }
        }
    }
}
