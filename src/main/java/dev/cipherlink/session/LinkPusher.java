package dev.cipherlink.session;

import dev.cipherlink.channel.SecureChannel;
import dev.cipherlink.session.Link.KeepaliveTimer;
import dev.cipherlink.session.Link.LinkEnd;
import dev.cipherlink.session.Outbox.PushSignal;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.locks.ReentrantLock;

/// Sends what other threads have queued in a session, keepalives, and what stays unanswered, and watches whether the peer reads.
///
/// It has a thread only while there is something to do: [PushSignal] starts one, for a request or when the [Timer] finds that
/// something is due. A link at rest is an entry of the timer.
final class LinkPusher implements Runnable {

    /// Made in advance: a thread without memory must be able to end the link all the same.
    private static final LinkEnd WITHOUT_MEMORY = new LinkEnd(CloseReason.INTERNAL_ERROR, "out of memory", null);

    /// A link without traffic for so long is at rest.
    private static final Duration REST = Duration.ofSeconds(1);

    private final Link link;
    private final Session session;
    private final SecureChannel channel;
    private final ReentrantLock lock;
    private final LinkWriter writer;
    private final KeepaliveTimer keepalive;
    private final PushSignal signal;
    private final long intervalNanos;
    /// Whether the last run has sent a keepalive.
    private boolean hasAsked;
    private Future<?> alarm;
    /// When the alarm goes off.
    private long alarmAt;
    private boolean isStopped;
    /// When a writer was last seen to have moved, or none to be writing, and how much had been written then. Used by the timer's thread.
    private long movedAt = System.nanoTime();
    private long movedBytes;

    LinkPusher(Link link, LinkWriter writer, KeepaliveTimer keepalive) {
        this.link = link;
        this.writer = writer;
        this.keepalive = keepalive;
        session = link.session();
        channel = link.channel();
        lock = session.outbox().lock();
        signal = session.outbox().pushSignal();
        intervalNanos = link.config().keepaliveInterval().toNanos();
    }

    void start() {
        signal.attach(this);
        if (link.isSending()) {
            signal.request();
        } else {
            setAlarm(Math.min(REST.toNanos(), nanosUntilDue()));
        }
    }

    /// Blocks until its thread has ended, which is interrupted.
    void stop() {
        synchronized (this) {
            isStopped = true;
            if (alarm != null) {
                alarm.cancel(false);
            }
        }
        signal.detach();
    }

    /// Sends once what waits and what is due. Blocks while the peer does not read.
    @Override
    public void run() {
        try {
            hasAsked = false;
            CloseReason reason = push();
            LinkEnd failure = writer.failure();
            if (reason != null || failure != null) {
                link.end(failure != null ? failure : LinkEnd.of(reason));
                return;
            }
            writer.flush();
            // A message that is sent later does not set the alarm: its retransmission may be late by a keepalive interval.
            long due = nanosUntilDue();
            if (link.isQuiet(REST)) {
                writer.rest();
            } else if (hasAsked) {
                due = Math.min(due, REST.toNanos());
            }
            setAlarm(due);
        } catch (IOException e) {
            fail(CloseReason.PEER_LOST, e);
        } catch (RuntimeException | Error e) {
            fail(CloseReason.INTERNAL_ERROR, e);
        }
    }

    private void fail(CloseReason reason, Throwable cause) {
        LinkEnd end = WITHOUT_MEMORY;
        try {
            end = LinkEnd.of(reason, cause);
        } finally {
            link.end(end);
        }
    }

    /// Adds what the window permits and what is due to the pending packets.
    ///
    /// @return why the peer counts as lost; null if it does not
    private CloseReason push() throws IOException {
        lock.lock();
        try {
            long now = System.nanoTime();
            signal.clear();
            session.transmit(now, writer);
            if (writer.isWriting()) {
                session.sender.postponeRetransmit(now);
            }
            if (session.sender.nanosUntilRetransmit(now) <= 0 && !session.sender.retransmit(now, writer)) {
                return CloseReason.UNACKNOWLEDGED;
            }
            if (keepalive.nanosUntilDue(now) <= 0) {
                if (keepalive.isExhausted()) {
                    return CloseReason.KEEPALIVE_TIMEOUT;
                }
                hasAsked = true;
                keepalive.keepaliveSent(now);
                session.keepAlive(writer);
            }
            return null;
        } finally {
            lock.unlock();
        }
    }

    private long nanosUntilDue() {
        lock.lock();
        try {
            long now = System.nanoTime();
            return Math.min(keepalive.nanosUntilDue(now), session.sender.nanosUntilRetransmit(now));
        } finally {
            lock.unlock();
        }
    }

    /// Has [#ring] called after this time, or sooner.
    private synchronized void setAlarm(long nanos) {
        long at = System.nanoTime() + nanos;
        if (isStopped || alarm != null && alarmAt - at <= 0) {
            return;
        }
        if (alarm != null) {
            alarm.cancel(false);
        }
        alarmAt = at;
        alarm = Timer.after(nanos, this::ring);
    }

    /// At least once in a keepalive interval, in the timer's thread: takes no lock of a session.
    private void ring() {
        try {
            synchronized (this) {
                alarm = null;
            }
            if (isStalled(System.nanoTime())) {
                link.end(LinkEnd.of(CloseReason.PEER_STALLED));
                return;
            }
            setAlarm(intervalNanos);
            signal.request();
        } catch (RuntimeException | Error e) {
            fail(CloseReason.INTERNAL_ERROR, e);
        }
    }

    /// Whether a thread has been writing for three intervals without getting a byte onto the connection, which it cannot notice itself.
    private boolean isStalled(long now) {
        long written = channel.bytesOut();
        if (written != movedBytes || !writer.isWriting()) {
            movedBytes = written;
            movedAt = now;
        }
        return now - movedAt >= KeepaliveTimer.MAX_UNANSWERED * intervalNanos;
    }
}
