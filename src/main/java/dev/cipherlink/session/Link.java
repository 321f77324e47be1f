package dev.cipherlink.session;

import dev.cipherlink.channel.SecureChannel;
import dev.cipherlink.message.Message;
import dev.cipherlink.message.Message.MessageCodec;
import dev.cipherlink.message.Message.MessageType;
import dev.cipherlink.message.Message.Payload;
import dev.cipherlink.session.Session.MessageSink;
import java.io.IOException;
import java.net.ProtocolException;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.locks.ReentrantLock;

/// One session attached to one channel, with the threads and clocks that [Session] does not have.
///
/// The [LinkReader] receives packets, runs their messages and writes the answers, in the thread that runs the link. The [LinkPusher]
/// sends queued requests and events, and keepalives, and ends a link whose peer stops reading; at rest it has no thread.
///
/// The session's lock is never held during a network call: the [LinkWriter] decides which thread writes.
public final class Link {

    private final SecureChannel channel;
    private final Session session;
    private final LinkConfig config;
    private final ReentrantLock lock;
    private final LinkWriter writer;
    private final LinkReader reader;
    private final LinkPusher pusher;
    private final KeepaliveTimer keepalive;
    /// The thread that runs the link; null before and after.
    private Thread reading;
    /// Why another thread has ended the link; null if none has.
    private LinkEnd end;

    public Link(SecureChannel channel, Session session, LinkConfig config) {
        this.channel = channel;
        this.session = session;
        this.config = config;
        lock = session.outbox().lock();
        var codec = new MessageCodec(session.parameters().checksum());
        writer = new LinkWriter(channel, session, codec);
        keepalive = new KeepaliveTimer(config.keepaliveInterval(), System.nanoTime());
        reader = new LinkReader(this, codec, writer, keepalive);
        pusher = new LinkPusher(this, writer, keepalive);
    }

    SecureChannel channel() {
        return channel;
    }

    /// Whether nothing has come from the peer for this long, nothing waits to be sent, and no thread is writing.
    public boolean isQuiet(Duration duration) {
        // In this order: what was staged before the first look is being written at the second.
        return !isSending() && !writer.isWriting() && keepalive.silentNanos(System.nanoTime()) >= duration.toNanos();
    }

    /// How long nothing has come from the peer while the reader listened.
    public Duration silence() {
        return Duration.ofNanos(keepalive.silentNanos(System.nanoTime()));
    }

    /// Whether something waits to be put on the connection.
    boolean isSending() {
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

    /// Goes on where the session's last connection ended. Called before [#run].
    ///
    /// @param received     the highest number up to which the peer received everything
    /// @param acknowledged the number up to which each of the peer's requests was answered in whole; -1 if unknown
    /// @throws java.net.ProtocolException if the session was never there
    public void resume(int received, int acknowledged) throws IOException {
        lock.lock();
        try {
            session.resume(received, acknowledged, System.nanoTime(), writer);
        } finally {
            lock.unlock();
        }
    }

    /// Runs the link until it ends, in this thread, which reads; the session is attached to it meanwhile. Blocks.
    ///
    /// @throws InterruptedException if the calling thread is interrupted: the link is aborted
    public LinkEnd run() throws InterruptedException {
        reading = Thread.currentThread();
        attach(this::transmit);
        LinkEnd last = null;
        boolean isInterrupted;
        try {
            pusher.start();
            last = reader.readUntilEnd();
        } catch (RuntimeException | Error e) {
            // Without memory the reader may not even have said why it ends.
            last = LinkEnd.of(CloseReason.INTERNAL_ERROR, e);
        } finally {
            isInterrupted = stopReading();
            pusher.stop();
            attach(null);
        }
        if (isInterrupted) {
            throw new InterruptedException("the link was aborted");
        }
        return end != null ? end : last;
    }

    /// Ends the link from a thread other than the one that reads, which is interrupted; that closes the socket if it is using it. The
    /// first reason counts. Allocates nothing.
    void end(LinkEnd reason) {
        synchronized (keepalive) {
            if (end == null && reading != null) {
                end = reason;
                reading.interrupt();
            }
        }
    }

    /// From now on no thread interrupts this one for the link's sake.
    ///
    /// @return whether another one than [#end] has interrupted it
    private boolean stopReading() {
        synchronized (keepalive) {
            reading = null;
            return Thread.interrupted() && end == null;
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
            // The channel is closed and the link about to end; what is queued is sent by the next link.
            return;
        }
        if (!session.isOpen()) {
            session.outbox().pushSignal().request();
        }
    }

    /// Tells the peer why the connection is about to close, unless another thread is writing. Does not close it.
    public void refuse(String reason) throws IOException {
        lock.lock();
        try {
            writer.refuse(reason);
        } finally {
            lock.unlock();
        }
        writer.flush();
    }

    /// Sends what was queued, as far as the window permits: writes it, or leaves that to the thread that is writing. Does nothing in a
    /// handler: the reader flushes after its batch.
    public void flush() throws IOException {
        if (!session.outbox().isInHandler()) {
            session.outbox().transmit();
            writer.flush();
        }
    }

    /// How a link treats time and memory.
    ///
    /// @param keepaliveInterval silence after which the peer is asked for a sign of life; it counts as lost after three unanswered
    ///                          keepalives, or three intervals in which it reads nothing of what it is sent
    /// @param maxBacklogBytes   sealed bytes that may wait for the peer to read before the reader waits too
    public record LinkConfig(Duration keepaliveInterval, int maxBacklogBytes) {

        /// For a server: a peer that does not read its answers is not read from.
        public static LinkConfig server(Duration keepaliveInterval) {
            return new LinkConfig(keepaliveInterval, LinkWriter.BACKLOG_BYTES);
        }

        /// For a client: it always reads, since two ends that wait for each other to read would wait for ever. Its window bounds its
        /// backlog.
        public static LinkConfig client(Duration keepaliveInterval) {
            return new LinkConfig(keepaliveInterval, Integer.MAX_VALUE);
        }
    }

    /// Measures the silence of a peer: when a keepalive is due, and when enough of them were sent.
    ///
    /// It does not look at the clock: each `now` is a [System#nanoTime]. The reader's methods, and [#silentNanos], need no
    /// lock; the others require the session's.
    static final class KeepaliveTimer {

        static final int MAX_UNANSWERED = 3;

        private final long intervalNanos;
        private volatile long lastReceived;
        /// False while the reader writes: that time is not the peer's silence.
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

        /// How long nothing has come while the reader listened.
        long silentNanos(long now) {
            return isReading ? now - lastReceived : 0;
        }

        /// Anything received counts as the answer to all keepalives so far.
        void answered() {
            unanswered = 0;
        }

        void keepaliveSent(long now) {
            unanswered++;
            lastKeepalive = now;
        }

        /// How long to wait for a sign of life; zero or less if a keepalive is due.
        ///
        /// Counted anew from each keepalive, so that the peer has its time to answer after this process was busy or stopped.
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

            /// Receives a KEEPALIVE, and answers it unless the peer does not read.
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

    /// How a link ended.
    ///
    /// @param detail one sentence for people; empty if the reason says it all
    /// @param cause  what was thrown; null if nothing was
    public record LinkEnd(CloseReason reason, String detail, Throwable cause) {

        public static LinkEnd of(CloseReason reason) {
            return new LinkEnd(reason, "", null);
        }

        public static LinkEnd of(CloseReason reason, Throwable cause) {
            return new LinkEnd(reason, cause.getMessage() == null ? cause.toString() : cause.getMessage(), cause);
        }
    }
}
