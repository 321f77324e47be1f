package dev.cipherlink.session;

import dev.cipherlink.channel.SecureChannel;
import dev.cipherlink.command.Reply;
import dev.cipherlink.message.Message;
import dev.cipherlink.message.Message.MessageCodec;
import dev.cipherlink.message.Message.MessageType;
import dev.cipherlink.message.Message.Payload;
import dev.cipherlink.session.Link.LinkEnd;
import dev.cipherlink.session.Session.MessageSink;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.concurrent.locks.ReentrantLock;

/// Writes to a link's channel, for any thread. A thread with something to write takes the lock for writing if it is free; if not,
/// the thread that holds it writes that as well.
///
/// As the session's sink it puts messages into the channel's memory, under the session's lock; [#flush] takes that lock only for a
/// moment, and never during a network call.
final class LinkWriter implements MessageSink {

    /// While more than this waits to be written, the peer gets no repetitions that it asks for, no answers to its KEEPALIVEs, and no
    /// more parts of a large answer.
    static final int BACKLOG_BYTES = RequestHandler.MAX_SMALL_ANSWERS_BYTES;

    /// Requests in flight up to this size fit into the socket's buffers.
    private static final int SMALL_BYTES = 32 * 1024;

    private final SecureChannel channel;
    private final Session session;
    private final MessageCodec codec;
    private final ReentrantLock lock;
    private final ReentrantLock writing = new ReentrantLock();
    /// Why nothing can be written any more; null while it can.
    private volatile LinkEnd failure;
    /// Whether a batch failed, whose answers must not leave.
    private boolean isMuted;

    LinkWriter(SecureChannel channel, Session session, MessageCodec codec) {
        this.channel = channel;
        this.session = session;
        this.codec = codec;
        lock = session.outbox().lock();
    }

    /// Encodes a message for the next flush; requires the session's lock.
    @Override
    public void send(Message message) throws IOException {
        int offset = channel.reserve(MessageCodec.encodedBytes(message.payload().length()));
        codec.encode(message, channel.reserved(), offset);
    }

    @Override
    public boolean isBacklogged() {
        return channel.pendingBytes() > BACKLOG_BYTES;
    }

    /// Adds an ERROR that says why the connection is about to close; requires the session's lock.
    void refuse(String reason) throws IOException {
        send(Message.of(MessageType.ERROR, 0, Payload.of(Reply.error(reason).payload())));
    }

    /// Stops everything from being written, by any thread; requires the session's lock.
    void mute() {
        isMuted = true;
    }

    /// The end of the link, if a thread could not write; else null.
    LinkEnd failure() {
        return failure;
    }

    boolean isWriting() {
        return writing.isLocked();
    }

    /// Writes what is pending, or leaves it to the thread that is writing.
    void flush() throws IOException {
        flush(Integer.MAX_VALUE);
    }

    /// The same for the reader, which leaves it to the pusher while requests in flight might not fit into the socket's buffers:
    /// two ends that wait for each other to read would wait for ever. Other threads may add requests at any moment, so this is
    /// looked at before each piece.
    void flushSmall() throws IOException {
        flush(SMALL_BYTES);
    }

    private void flush(int maxInFlight) throws IOException {
        while (writing.tryLock()) {
            if (!writePending(maxInFlight)) {
                return;
            }
        }
    }

    /// Has the session and the channel drop memory that they do not need at rest, unless it is in use.
    void rest() throws IOException {
        if (!writing.tryLock()) {
            return;
        }
        try {
            lock.lock();
            try {
                session.receiver.rest();
                if (channel.pendingBytes() == 0) {
                    channel.rest();
                }
            } finally {
                lock.unlock();
            }
        } finally {
            writing.unlock();
        }
        // What another thread has added meanwhile.
        flush();
    }

    /// Writes what is pending, after the thread that is writing.
    void awaitFlush() throws IOException {
        do {
            awaitWriting();
        } while (writePending(Integer.MAX_VALUE));
    }

    /// Requires the lock for writing, and releases it.
    ///
    /// @return whether a thread that found the lock taken has added something meanwhile
    private boolean writePending(int maxInFlight) throws IOException {
        try {
            while (stage(maxInFlight)) {
                channel.writeStaged();
            }
        } catch (IOException e) {
            fail(LinkEnd.of(CloseReason.PEER_LOST, e));
            throw e;
        } catch (RuntimeException | Error e) {
            fail(LinkEnd.of(CloseReason.INTERNAL_ERROR, e));
            throw e;
        } finally {
            writing.unlock();
        }
        return isPending(maxInFlight);
    }

    private void awaitWriting() throws IOException {
        try {
            writing.lockInterruptibly();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while another thread was writing");
        }
    }

    private boolean stage(int maxInFlight) throws IOException {
        lock.lock();
        try {
            session.receiver.answersSent();
            return !isMuted && session.sender.inFlightBytes() <= maxInFlight && channel.stage();
        } finally {
            lock.unlock();
        }
    }

    private boolean isPending(int maxInFlight) {
        lock.lock();
        try {
            if (isMuted || channel.pendingBytes() == 0) {
                return false;
            }
            boolean isSmall = session.sender.inFlightBytes() <= maxInFlight;
            if (!isSmall) {
                session.outbox().pushSignal().request();
            }
            return isSmall;
        } finally {
            lock.unlock();
        }
    }

    /// The pusher ends the link, whichever thread failed: the reader may never hear of it.
    private void fail(LinkEnd end) {
        failure = end;
        session.outbox().pushSignal().request();
    }
}
