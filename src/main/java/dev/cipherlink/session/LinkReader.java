package dev.cipherlink.session;

import dev.cipherlink.channel.BulkYield;
import dev.cipherlink.channel.SecureChannel;
import dev.cipherlink.message.Message;
import dev.cipherlink.message.Message.MessageCodec;
import dev.cipherlink.message.Message.MessageType;
import dev.cipherlink.session.Link.KeepaliveTimer;
import dev.cipherlink.session.Link.LinkConfig;
import dev.cipherlink.session.Link.LinkEnd;
import dev.cipherlink.session.SessionHandshake.RefusedException;
import java.io.IOException;
import java.net.ProtocolException;
import java.util.concurrent.locks.ReentrantLock;

/// The reading thread of a link: decrypts a packet, runs its messages, and writes all answers at once when no whole packet is
/// waiting.
final class LinkReader {

    /// A batch ends after this time: its answers leave, and other threads run. Checked every few messages.
    private static final long MAX_BATCH_NANOS = 10_000_000;
    private static final int MESSAGES_BETWEEN_CHECKS = 16;

    private final SecureChannel channel;
    private final Session session;
    private final LinkConfig config;
    private final MessageCodec codec;
    private final ReentrantLock lock;
    private final LinkWriter writer;
    private final KeepaliveTimer keepalive;
    private final int maxPayloadBytes;
    private final BulkYield turn = new BulkYield();
    /// Where the next message begins in the last packet, and where that packet ends.
    private int next;
    private int end;

    LinkReader(Link link, MessageCodec codec, LinkWriter writer, KeepaliveTimer keepalive) {
        channel = link.channel();
        session = link.session();
        config = link.config();
        this.codec = codec;
        lock = session.outbox().lock();
        this.writer = writer;
        this.keepalive = keepalive;
        maxPayloadBytes = session.parameters().maxPayloadBytes();
    }

    /// Reads until the link ends, and says why it does. Blocks.
    LinkEnd readUntilEnd() {
        try {
            while (next < end || receivePacket()) {
                long now = System.nanoTime();
                keepalive.received(now);
                ProtocolException violation = receiveBatch(now);
                CloseReason reason = session.end();
                // Last words are written here: when this thread ends, the others that write are interrupted.
                flushBatch(violation != null || reason != null);
                session.receiver.answersWritten();
                if (violation != null) {
                    return LinkEnd.of(CloseReason.PROTOCOL_ERROR, violation);
                }
                if (reason != null) {
                    return LinkEnd.of(reason);
                }
                turn.give();
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
        } finally {
            forgetAnswers();
        }
    }

    private boolean receivePacket() throws IOException {
        if (!channel.receive()) {
            return false;
        }
        next = 0;
        end = channel.receivedBytes();
        turn.count(end);
        return true;
    }

    private void forgetAnswers() {
        lock.lock();
        try {
            session.receiver.forgetAnswers();
        } finally {
            lock.unlock();
        }
    }

    /// Runs all messages that have arrived, up to a bounded backlog of answers, waits until their changes are durable, and adds the
    /// answers to what is pending. Of a large answer only the last part is pending then; the others are written.
    ///
    /// @return how the peer broke the rules of messages, of which it was told; null if it did not
    private ProtocolException receiveBatch(long now) throws IOException {
        ProtocolException violation = null;
        boolean mayAnswer = false;
        try {
            violation = runBatch(now);
            mayAnswer = true;
        } finally {
            completeBatch(mayAnswer);
        }
        // Only answers in parts loop here. A client gives none, so its reader does not wait for the peer to read.
        while (!sendAnswers(now, violation)) {
            flushAsReader(true);
            turn.count(LinkWriter.BACKLOG_BYTES);
            turn.give();
        }
        return violation;
    }

    /// @return false if the peer has to read before the rest is sent
    private boolean sendAnswers(long now, ProtocolException violation) throws IOException {
        lock.lock();
        try {
            if (!session.receiver.sendAnswers(writer)) {
                return false;
            }
            if (violation == null) {
                session.transmit(now, writer);
            } else {
                writer.refuse(violation.getMessage());
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    private ProtocolException runBatch(long now) throws IOException {
        lock.lock();
        session.outbox().beginBatch();
        try {
            keepalive.answered();
            receiveMessages(now);
            return null;
        } catch (MessageViolation e) {
            return e.violation;
        } catch (RuntimeException | Error e) {
            session.fail();
            throw e;
        } finally {
            session.outbox().endBatch();
            lock.unlock();
            turn.ran(System.nanoTime() - now);
        }
    }

    /// Runs for a batch that failed, too: its changes are complete before another link goes on with the session.
    private void completeBatch(boolean mayAnswer) {
        boolean isComplete = false;
        try {
            session.receiver.completeBatch();
            isComplete = true;
        } finally {
            if (!isComplete || !mayAnswer) {
                lock.lock();
                try {
                    writer.mute();
                    if (!isComplete) {
                        session.fail();
                    }
                } finally {
                    lock.unlock();
                }
            }
        }
    }

    private void receiveMessages(long now) throws IOException {
        int messages = 0;
        boolean isLong;
        do {
            receiveMessage(now);
            isLong = ++messages % MESSAGES_BETWEEN_CHECKS == 0 && System.nanoTime() - now > MAX_BATCH_NANOS;
        } while (!isLong && session.end() == null && !session.receiver.isBatchFull() && (next < end || receiveWaitingPacket()));
    }

    private boolean receiveWaitingPacket() throws IOException {
        if (channel.pendingBytes() >= config.maxBacklogBytes() || !channel.hasPacket()) {
            return false;
        }
        receivePacket();
        return true;
    }

    private void receiveMessage(long now) throws IOException {
        try {
            Message message = codec.decode(channel.received(), next, end - next);
            next += MessageCodec.encodedBytes(message.payload().length());
            if (message.payload().length() > maxPayloadBytes) {
                throw new ProtocolException("a message is larger than what was agreed on");
            }
            if (next < end && channel.isOneMessageAPacket()) {
                throw new ProtocolException("more than one message in a packet");
            }
            if (message.type() != MessageType.PADDING) {
                session.receive(message, now, writer);
            } else if (!channel.isPadded()) {
                throw new ProtocolException("PADDING that was not agreed on");
            }
        } catch (ProtocolException e) {
            session.fail();
            throw new MessageViolation(e);
        }
    }

    /// A violation inside an authentic packet. The peer is told of it, unlike of one of the packet itself.
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
        lock.lock();
        try {
            pending = channel.pendingBytes();
        } finally {
            lock.unlock();
        }
        if (isLast || pending >= config.maxBacklogBytes() || session.receiver.holdsMemory()) {
            flushAsReader(true);
        } else if (pending > 0) {
            flushAsReader(false);
        }
    }

    private void flushAsReader(boolean wait) throws IOException {
        keepalive.readingPaused();
        try {
            if (wait) {
                writer.awaitFlush();
            } else {
                writer.flushSmall();
            }
        } finally {
            keepalive.readingResumed(System.nanoTime());
        }
    }
}
