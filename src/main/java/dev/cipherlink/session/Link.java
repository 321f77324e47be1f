package dev.cipherlink.session;

import dev.cipherlink.channel.SecureChannel;
import dev.cipherlink.command.Reply;
import dev.cipherlink.message.Message;
import dev.cipherlink.message.MessageCodec;
import dev.cipherlink.message.MessageType;
import dev.cipherlink.message.Payload;
import java.io.IOException;
import java.net.ProtocolException;
import java.time.Duration;
import java.util.concurrent.StructuredTaskScope;
import java.util.concurrent.StructuredTaskScope.Joiner;
import java.util.concurrent.locks.ReentrantLock;

/// One session attached to one channel: the threads and clocks that [Session] does not have.
///
/// The reader decrypts a packet, runs its messages, and writes all answers at once when no whole packet is waiting. The
/// pusher sends what others queued, and keepalives. The watchdog ends a link whose peer stops reading. Whichever ends
/// first ends the link; the others are interrupted, which closes the socket if they are using it.
///
/// The session's lock is never held during a network call: who writes, and when, is up to the [LinkWriter].
public final class Link {

    /// Requests in flight up to this size always fit into the socket's buffers, so that sending them cannot make the
    /// reader wait for the peer. Beyond it, the pusher writes.
    private static final int MAX_READER_BYTES = 32 * 1024;

    private final SecureChannel channel;
    private final Session session;
    private final LinkConfig config;
    private final MessageCodec codec;
    private final ReentrantLock lock;
    private final LinkWriter writer;
    private final KeepaliveTimer keepalive;
    /// The reader is running messages: whoever sends under the lock now is a handler, and need not flush.
    private boolean inBatch;

    public Link(SecureChannel channel, Session session, LinkConfig config) {
        this.channel = channel;
        this.session = session;
        this.config = config;
        codec = new MessageCodec(session.parameters().checksum());
        lock = session.outbox().lock();
        writer = new LinkWriter(channel, session, codec);
        keepalive = new KeepaliveTimer(config.keepaliveInterval(), System.nanoTime());
    }

    public SecureChannel channel() {
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

    /// Runs the link until it ends. Blocks.
    ///
    /// @throws InterruptedException if the calling thread is interrupted: the link is aborted
    public LinkEnd run() throws InterruptedException {
        requestPush();
        try (var scope = StructuredTaskScope.open(Joiner.<LinkEnd>anySuccessfulResultOrThrow())) {
            scope.fork(this::readUntilEnd);
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
            if (!inBatch && session.outbox().isFull()) {
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
            writer.send(Message.of(MessageType.ERROR, 0, Payload.of(Reply.error(reason).payload())));
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
            RuntimeException broken = session.failInFlight(cause);
            if (broken != null) {
                throw broken;
            }
        } finally {
            lock.unlock();
        }
    }

    /// Whether the calling thread is the reader and runs a handler: it must not wait for an answer.
    public boolean isInHandler() {
        return lock.isHeldByCurrentThread() && inBatch;
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

    private LinkEnd readUntilEnd() {
        try {
            while (channel.receive()) {
                keepalive.received(System.nanoTime());
                ProtocolException violation = receiveBatch();
                CloseReason end = session.end();
                // The last words are written here: the end of this thread interrupts every other that writes.
                flushBatch(violation != null || end != null);
                if (violation != null) {
                    return LinkEnd.of(CloseReason.PROTOCOL_ERROR, violation);
                }
                if (end != null) {
                    return LinkEnd.of(end);
                }
            }
            return LinkEnd.of(CloseReason.PEER_CLOSED);
        } catch (ProtocolException e) {
            return LinkEnd.of(CloseReason.PROTOCOL_ERROR, e);
        } catch (RefusedException e) {
            return LinkEnd.of(CloseReason.REFUSED_BY_PEER, e);
        } catch (IOException e) {
            return LinkEnd.of(CloseReason.PEER_LOST, e);
        } catch (RuntimeException | Error e) {
            return LinkEnd.of(CloseReason.INTERNAL_ERROR, e);
        }
    }

    /// Runs all messages of the packets that are there, up to a bounded backlog of answers.
    ///
    /// @return how the peer broke the rules of messages, of which it was told; null if it did not
    private ProtocolException receiveBatch() throws IOException {
        lock.lock();
        inBatch = true;
        boolean isComplete = false;
        try {
            keepalive.answered();
            ProtocolException violation = receivePackets();
            session.completeBatch();
            if (violation == null) {
                session.transmit(writer);
            } else {
                writer.send(Message.of(MessageType.ERROR, 0, Payload.of(Reply.error(violation.getMessage()).payload())));
            }
            isComplete = true;
            return violation;
        } finally {
            if (!isComplete) {
                writer.mute();
            }
            inBatch = false;
            lock.unlock();
        }
    }

    private ProtocolException receivePackets() throws IOException {
        try {
            do {
                receivePacket();
            } while (session.end() == null && channel.pendingBytes() < config.maxBacklogBytes()
                    && channel.hasPacket() && channel.receive());
            return null;
        } catch (MessageViolation e) {
            return e.violation;
        }
    }

    private void receivePacket() throws IOException {
        byte[] packet = channel.received();
        int offset = channel.receivedOffset();
        int end = offset + channel.receivedBytes();
        try {
            do {
                Message message = codec.decode(packet, offset, end - offset);
                offset += MessageCodec.encodedBytes(message.payload().length());
                if (offset < end && channel.isOneMessageAPacket()) {
                    throw new ProtocolException("more than one message in a packet");
                }
                session.receive(message, writer);
            } while (offset < end && session.end() == null);
        } catch (ProtocolException e) {
            throw new MessageViolation(e);
        }
    }

    /// A violation inside an authentic packet: unlike one of the packet itself, the peer is told.
    private static final class MessageViolation extends IOException {
        private static final long serialVersionUID = 1;
        private final transient ProtocolException violation;

        MessageViolation(ProtocolException violation) {
            this.violation = violation;
        }
    }

    /// @param isLast whether the link ends after this batch
    private void flushBatch(boolean isLast) throws IOException {
        int pending;
        boolean readerMayWrite;
        lock.lock();
        try {
            pending = channel.pendingBytes();
            readerMayWrite = session.inFlightBytes() <= MAX_READER_BYTES;
            if (pending > 0 && !readerMayWrite && !isLast) {
                session.outbox().requestPush();
            }
        } finally {
            lock.unlock();
        }
        if (isLast || pending >= config.maxBacklogBytes()) {
            flushAsReader(true);
        } else if (pending > 0 && readerMayWrite) {
            flushAsReader(false);
        }
    }

    private void flushAsReader(boolean wait) throws IOException {
        keepalive.readingPaused();
        try {
            if (wait) {
                writer.awaitFlush();
            } else {
                writer.flush();
            }
        } finally {
            keepalive.readingResumed(System.nanoTime());
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
