package dev.cipherlink.session;

import dev.cipherlink.channel.SecureChannel;
import dev.cipherlink.message.MessageCodec;
import dev.cipherlink.session.Outbox.PushSignal;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.StructuredTaskScope;
import java.util.concurrent.StructuredTaskScope.Joiner;
import java.util.concurrent.StructuredTaskScope.Subtask;
import java.util.concurrent.atomic.AtomicReference;
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
    private final PushSignal pushSignal;
    private final LinkWriter writer;
    private final LinkReader reader;
    private final KeepaliveTimer keepalive;

    public Link(SecureChannel channel, Session session, LinkConfig config) {
        this.channel = channel;
        this.session = session;
        this.config = config;
        lock = session.outbox().lock();
        pushSignal = session.outbox().pushSignal();
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

    /// For how long nothing has come from the peer although the reader listened.
    public Duration silence() {
        return Duration.ofNanos(keepalive.silentNanos(System.nanoTime()));
    }

    private boolean isSending() {
        lock.lock();
        try {
            return channel.pendingBytes() > 0 || session.isSending();
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

    /// Goes on where the session's last connection ended; before [#run].
    ///
    /// @param peerReceived     the highest number that the peer has accepted
    /// @param peerAcknowledged the number up to which each of the peer's requests was answered in whole; -1 if unknown
    /// @throws java.net.ProtocolException if that cannot be
    public void resume(int peerReceived, int peerAcknowledged) throws IOException {
        lock.lock();
        try {
            session.resume(peerReceived, peerAcknowledged, System.nanoTime(), writer);
        } finally {
            lock.unlock();
        }
    }

    /// Runs the link until it ends; the session is attached to it meanwhile. Blocks.
    ///
    /// @throws InterruptedException if the calling thread is interrupted: the link is aborted
    public LinkEnd run() throws InterruptedException {
        attach(this::transmit);
        try (var scope = StructuredTaskScope.open(new FirstEnd())) {
            scope.fork(reader::readUntilEnd);
            scope.fork(this::pushUntilEnd);
            scope.fork(this::watchUntilStalled);
            return scope.join();
        } finally {
            attach(null);
        }
    }

    private void attach(Outbox.Transmitter transmitter) {
        lock.lock();
        try {
            session.outbox().attach(transmitter);
        } finally {
            lock.unlock();
        }
    }

    private void transmit() {
        try {
            session.transmit(System.nanoTime(), writer);
        } catch (IOException e) {
            // The channel is closed, and the link about to end; what was queued goes on with the next.
            return;
        }
        if (!session.isOpen()) {
            pushSignal.request();
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

    /// Writes what is pending, or leaves it to the thread that is writing. In a handler it does nothing: the reader
    /// flushes after its batch.
    public void flush() throws IOException {
        if (!session.outbox().isInHandler()) {
            writer.flush();
        }
    }

    private LinkEnd pushUntilEnd() throws InterruptedException {
        try {
            while (true) {
                CloseReason end = push();
                LinkEnd failure = writer.failure();
                if (end != null || failure != null) {
                    return failure != null ? failure : LinkEnd.of(end);
                }
                writer.flush();
                awaitPush();
            }
        } catch (IOException e) {
            return LinkEnd.of(CloseReason.PEER_LOST, e);
        } catch (RuntimeException | Error e) {
            return LinkEnd.of(CloseReason.INTERNAL_ERROR, e);
        }
    }

    /// Adds what can be sent, and what is due.
    ///
    /// @return why the peer counts as lost; null if it does not
    private CloseReason push() throws IOException {
        lock.lock();
        try {
            long now = System.nanoTime();
            pushSignal.clear();
            session.transmit(now, writer);
            if (writer.isWriting()) {
                session.postponeRetransmit(now);
            }
            if (session.nanosUntilRetransmit(now) <= 0 && !session.retransmit(now, writer)) {
                return CloseReason.UNACKNOWLEDGED;
            }
            if (keepalive.nanosUntilDue(now) <= 0) {
                if (keepalive.isExhausted()) {
                    return CloseReason.KEEPALIVE_TIMEOUT;
                }
                keepalive.keepaliveSent(now);
                session.keepAlive(writer);
            }
            return null;
        } finally {
            lock.unlock();
        }
    }

    /// Waits until there is something to push or something is due. A message that is sent meanwhile does not wake it:
    /// its retransmission may be late by a keepalive interval.
    private void awaitPush() throws InterruptedException {
        long wait = nanosUntilDue();
        while (wait > 0 && !pushSignal.isRequested()) {
            pushSignal.await(wait);
            wait = nanosUntilDue();
        }
    }

    private long nanosUntilDue() {
        lock.lock();
        try {
            long now = System.nanoTime();
            return Math.min(keepalive.nanosUntilDue(now), session.nanosUntilRetransmit(now));
        } finally {
            lock.unlock();
        }
    }

    private LinkEnd watchUntilStalled() throws InterruptedException {
        writer.awaitStall(config.keepaliveInterval().multipliedBy(KeepaliveTimer.MAX_UNANSWERED));
        return LinkEnd.of(CloseReason.PEER_STALLED);
    }

    /// The end of a link is the end of the first of its threads, also of one that failed: without memory none can be sure to say
    /// why it ends, and the others would keep a link that nobody reads until its keepalives run out.
    static final class FirstEnd implements Joiner<LinkEnd, LinkEnd> {

        private final AtomicReference<Subtask<? extends LinkEnd>> first = new AtomicReference<>();

        @Override
        public boolean onComplete(Subtask<? extends LinkEnd> ended) {
            first.compareAndSet(null, ended);
            return true;
        }

        @Override
        public LinkEnd result() {
            Subtask<? extends LinkEnd> ended = first.get();
            return ended.state() == Subtask.State.SUCCESS ? ended.get()
                    : LinkEnd.of(CloseReason.INTERNAL_ERROR, ended.exception());
        }
    }

    /// How a link treats time and memory.
    ///
    /// @param keepaliveInterval silence after which the peer is asked for a sign of life; three unanswered questions, or
    ///                          three intervals in which it reads nothing of what it is sent, and it counts as lost
    /// @param maxBacklogBytes   sealed bytes that may wait for the peer to read before the reader waits too
    public record LinkConfig(Duration keepaliveInterval, int maxBacklogBytes) {

        /// For a server: a peer that does not read its answers is not read from.
        public static LinkConfig server(Duration keepaliveInterval) {
            return new LinkConfig(keepaliveInterval, LinkWriter.BACKLOG_BYTES);
        }

        /// For a client: it always reads, else two ends that wait for each other to read would wait for ever. What it can
        /// have in its backlog is bounded by its window.
        public static LinkConfig client(Duration keepaliveInterval) {
            return new LinkConfig(keepaliveInterval, Integer.MAX_VALUE);
        }
    }
}
