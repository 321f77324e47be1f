package dev.cipherlink.session;

import dev.cipherlink.channel.SecureChannel;
import dev.cipherlink.message.MessageCodec;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.StructuredTaskScope;
import java.util.concurrent.StructuredTaskScope.Joiner;
import java.util.concurrent.locks.ReentrantLock;

/// One session attached to one channel: the threads and clocks that [Session] does not have.
///
/// The [LinkReader] receives packets, runs their messages and writes the answers. The pusher sends what others queued,
/// and keepalives. The watchdog ends a link whose peer stops reading. Whichever ends first ends the link; the others
/// are interrupted, which closes the socket if they are using it.
///
/// The session's lock is never held during a network call: who writes, and when, is up to the [LinkWriter].
public final class Link {

    private final SecureChannel channel;
    private final Session session;
    private final LinkConfig config;
    private final ReentrantLock lock;
    private final LinkWriter writer;
    private final LinkReader reader;
    private final KeepaliveTimer keepalive;

    public Link(SecureChannel channel, Session session, LinkConfig config) {
        this.channel = channel;
        this.session = session;
        this.config = config;
        lock = session.outbox().lock();
        var codec = new MessageCodec(session.parameters().checksum());
        writer = new LinkWriter(channel, session, codec);
        keepalive = new KeepaliveTimer(config.keepaliveInterval(), System.nanoTime());
        reader = new LinkReader(this, codec, writer, keepalive);
    }

    SecureChannel channel() {
        return channel;
    }

    /// Whether nothing has come from the peer for this long, nothing waits to be sent, and nobody is writing.
    public boolean isQuiet(Duration duration) {
        // In this order: what was staged before the first look is being written at the second.
        return !isSending() && !writer.isWriting() && keepalive.silentNanos(System.nanoTime()) >= duration.toNanos();
    }

    private boolean isSending() {
        lock.lock();
        try {
            return channel.pendingBytes() > 0 || session.outbox().isPushRequested()
                    || session.isOpen() && !session.outbox().isEmpty();
        } finally {
            lock.unlock();
        }
    }

    public Session session() {
        return session;
    }

    LinkConfig config() {
        return config;
    }

    /// Runs the link until it ends. Blocks.
    ///
    /// @throws InterruptedException if the calling thread is interrupted: the link is aborted
    public LinkEnd run() throws InterruptedException {
        requestPush();
        try (var scope = StructuredTaskScope.open(Joiner.<LinkEnd>anySuccessfulResultOrThrow())) {
            scope.fork(reader::readUntilEnd);
            scope.fork(this::pushUntilEnd);
            scope.fork(this::watchUntilStalled);
            return scope.join();
        }
    }

    /// Queues a request and sends what the window permits, without flushing. Blocks while the outbox is full, except
    /// in a handler, which runs on the reading thread and may exceed it.
    ///
    /// @throws IOException if no more requests are taken
    public void send(byte[] request, ReplyHandler handler) throws IOException, InterruptedException {
        lock.lockInterruptibly();
        try {
            if (!reader.isInBatch() && session.outbox().isFull()) {
                session.outbox().requestPush();
                session.outbox().awaitRoom();
            }
            session.outbox().requireOpen();
            session.enqueue(request, handler);
            session.transmit(writer);
            if (!session.isOpen()) {
                session.outbox().requestPush();
            }
        } finally {
            lock.unlock();
        }
    }

    /// Queues an event for the pusher.
    ///
    /// @return false if too many are waiting already; then this one is dropped
    public boolean push(byte[] event) {
        lock.lock();
        try {
            if (session.outbox().isFull()) {
                return false;
            }
            session.enqueue(event);
            session.outbox().requestPush();
            return true;
        } finally {
            lock.unlock();
        }
    }

    /// Queues the end of the session behind what was sent before.
    public void disconnect() {
        lock.lock();
        try {
            session.enqueueDisconnect();
            session.outbox().requestPush();
        } finally {
            lock.unlock();
        }
    }

    /// Tells the peer why the connection is about to close, unless somebody is writing. Does not close it.
    public void refuse(String reason) throws IOException {
        lock.lock();
        try {
            writer.refuse(reason);
        } finally {
            lock.unlock();
        }
        writer.flush();
    }

    /// An earlier session may have left something in the outbox.
    private void requestPush() {
        lock.lock();
        try {
            session.outbox().requestPush();
        } finally {
            lock.unlock();
        }
    }

    /// After the end of a session that another one continues: fails every request that was sent and has no answer.
    public void failInFlight(IOException cause) {
        lock.lock();
        try {
            session.failInFlight(cause);
        } finally {
            lock.unlock();
        }
    }

    /// Whether the calling thread is the reader and runs a handler: it must not wait for an answer.
    public boolean isInHandler() {
        return lock.isHeldByCurrentThread() && reader.isInBatch();
    }

    /// Ends all hope: fails every request that has no answer, sent or not, and takes no more.
    public void abandon(IOException cause) {
        lock.lock();
        try {
            session.abandon(cause);
        } finally {
            lock.unlock();
        }
    }

    /// Writes what is pending, or leaves it to the thread that is writing. In a handler it does nothing: the reader
    /// flushes after its batch.
    public void flush() throws IOException {
        if (!isInHandler()) {
            writer.flush();
        }
    }

    private LinkEnd pushUntilEnd() throws InterruptedException {
        try {
            while (awaitPush()) {
                LinkEnd failure = writer.failure();
                if (failure != null) {
                    return failure;
                }
                writer.flush();
            }
            return LinkEnd.of(CloseReason.KEEPALIVE_TIMEOUT);
        } catch (IOException e) {
            return LinkEnd.of(CloseReason.PEER_LOST, e);
        } catch (RuntimeException | Error e) {
            return LinkEnd.of(CloseReason.INTERNAL_ERROR, e);
        }
    }

    /// Waits until there is something to push or a keepalive is due, and adds it.
    ///
    /// @return false if the peer has left the last keepalive unanswered
    private boolean awaitPush() throws IOException, InterruptedException {
        lock.lockInterruptibly();
        try {
            long untilDue = keepalive.nanosUntilDue(System.nanoTime());
            while (!session.outbox().isPushRequested() && untilDue > 0) {
                session.outbox().pushNeeded().awaitNanos(untilDue);
                untilDue = keepalive.nanosUntilDue(System.nanoTime());
            }
            session.outbox().pushDone();
            session.transmit(writer);
            if (untilDue <= 0) {
                if (keepalive.isExhausted()) {
                    return false;
                }
                keepalive.keepaliveSent(System.nanoTime());
                session.keepAlive(writer);
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    private LinkEnd watchUntilStalled() throws InterruptedException {
        writer.awaitStall(config.keepaliveInterval().multipliedBy(KeepaliveTimer.MAX_UNANSWERED));
        return LinkEnd.of(CloseReason.PEER_STALLED);
    }
}
