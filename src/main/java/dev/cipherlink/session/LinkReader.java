package dev.cipherlink.session;

import dev.cipherlink.channel.SecureChannel;
import dev.cipherlink.message.Message;
import dev.cipherlink.message.MessageCodec;
import java.io.IOException;
import java.net.ProtocolException;
import java.util.concurrent.locks.ReentrantLock;

/// The reading thread of a link: it decrypts a packet, runs its messages, and writes all answers at once when no whole
/// packet is waiting.
final class LinkReader {

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

    LinkReader(Link link, MessageCodec codec, LinkWriter writer, KeepaliveTimer keepalive) {
        channel = link.channel();
        session = link.session();
        config = link.config();
        this.codec = codec;
        lock = session.outbox().lock();
        this.writer = writer;
        this.keepalive = keepalive;
    }

    /// Reads until the link ends, and says why it does. Blocks.
    LinkEnd readUntilEnd() {
        try {
            while (channel.receive()) {
                long now = System.nanoTime();
                keepalive.received(now);
                ProtocolException violation = receiveBatch(now);
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

    /// Runs all messages of the packets that are there, up to a bounded backlog of answers, waits until what they changed
    /// is durable, and adds their answers to what is pending.
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
        lock.lock();
        try {
            session.sendAnswers(writer);
            if (violation == null) {
                session.transmit(now, writer);
            } else {
                writer.refuse(violation.getMessage());
            }
        } finally {
            lock.unlock();
        }
        return violation;
    }

    private ProtocolException runBatch(long now) throws IOException {
        lock.lock();
        session.outbox().beginBatch();
        try {
            keepalive.answered();
            receivePackets(now);
            return null;
        } catch (MessageViolation e) {
            return e.violation;
        } catch (RuntimeException | Error e) {
            session.fail();
            throw e;
        } finally {
            session.outbox().endBatch();
            lock.unlock();
        }
    }

    /// Also for a batch that failed: what it changed is complete before anybody else goes on with the session.
    private void completeBatch(boolean mayAnswer) {
        boolean isComplete = false;
        try {
            session.completeBatch();
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

    private void receivePackets(long now) throws IOException {
        do {
            receivePacket(now);
        } while (session.end() == null
                && channel.pendingBytes() + session.pendingAnswerBytes() < config.maxBacklogBytes()
                && channel.hasPacket() && channel.receive());
    }

    private void receivePacket(long now) throws IOException {
        byte[] packet = channel.received();
        int offset = 0;
        int end = channel.receivedBytes();
        try {
            do {
                Message message = codec.decode(packet, offset, end - offset);
                offset += MessageCodec.encodedBytes(message.payload().length());
                if (message.payload().length() > session.parameters().maxPayloadBytes()) {
                    throw new ProtocolException("a message is larger than what was agreed on");
                }
                if (offset < end && channel.isOneMessageAPacket()) {
                    throw new ProtocolException("more than one message in a packet");
                }
                session.receive(message, now, writer);
            } while (offset < end && session.end() == null);
        } catch (ProtocolException e) {
            session.fail();
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
                session.outbox().pushSignal().request();
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
}
