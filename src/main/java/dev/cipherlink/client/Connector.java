package dev.cipherlink.client;

import dev.cipherlink.channel.SecureChannel;
import dev.cipherlink.channel.SharedKeyChannel;
import dev.cipherlink.client.Attachment.ForeignServer;
import dev.cipherlink.client.AuthenticationException.HostKeyException;
import dev.cipherlink.client.Client.ConnectionState;
import dev.cipherlink.client.Watch.Watches;
import dev.cipherlink.command.CommandParser;
import dev.cipherlink.command.CommandParser.CommandException;
import dev.cipherlink.command.Reply;
import dev.cipherlink.message.Syn;
import dev.cipherlink.message.Syn.SynAck;
import dev.cipherlink.session.CloseReason;
import dev.cipherlink.session.Link;
import dev.cipherlink.session.Link.LinkConfig;
import dev.cipherlink.session.Link.LinkEnd;
import dev.cipherlink.session.Outbox;
import dev.cipherlink.session.RequestHandler;
import dev.cipherlink.session.Session;
import dev.cipherlink.session.Session.SessionIdentity;
import dev.cipherlink.session.SessionHandshake.NotAuthorizedException;
import dev.cipherlink.session.SessionHandshake.RefusedException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.ProtocolException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/// A client's connection, one after the other: runs the link, and when it ends, resumes the session with another one.
///
/// Its [#run] is the client's one thread; the other methods may be called by any.
final class Connector implements Runnable {

    private static final CommandParser PARSER = new CommandParser(Integer.MAX_VALUE);
    private static final Reply EMPTY = Reply.ok(new byte[0]);
    private static final int MAX_EVENT_BYTES = 1 << 20;
    /// A connection that lived so long was of use, even if nothing was asked for.
    private static final long USEFUL_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final ClientConfig config;
    private final Outbox outbox;
    private final Watches watches;
    private final RequestHandler events;
    private final AtomicReference<Consumer<byte[]>> eventHandler = new AtomicReference<>(event -> { });
    private final AtomicReference<Consumer<ConnectionState>> listener = new AtomicReference<>(state -> { });
    private final Backoff backoff = new Backoff(ThreadLocalRandom.current());
    private final Semaphore retryPermits = new Semaphore(0);
    private volatile Attachment attachment;
    private volatile SynAck.Granted granted;
    private volatile Session session;
    private volatile Link link;
    /// When something last came on the connection before this one, or on the one before that.
    private volatile long heardAt;
    private volatile boolean isLinked;
    private volatile boolean isClosing;

    /// Connects for the first time. Blocks.
    Connector(ClientConfig config, Outbox outbox, Watches watches) throws IOException {
        this.config = config;
        this.outbox = outbox;
        this.watches = watches;
        events = (sequence, event) -> {
            byte[] payload = event.toBytes();
            watches.heard(payload);
            eventHandler.get().accept(payload);
            return EMPTY;
        };
        try {
            attach();
        } catch (SocketTimeoutException e) {
            throw ForeignServer.asked(config, e);
        }
    }

    SynAck.Granted granted() {
        return granted;
    }

    SecureChannel channel() {
        return attachment.channel();
    }

    Session session() {
        return session;
    }

    void onEvent(Consumer<byte[]> handler) {
        eventHandler.set(handler);
    }

    void onConnectionChange(Consumer<ConnectionState> newListener) {
        listener.set(newListener);
    }

    void retryNow() {
        if (!isLinked) {
            retryPermits.release();
        }
    }

    Duration sinceLastContact() {
        return isLinked ? link.silence() : Duration.ofNanos(System.nanoTime() - heardAt);
    }

    void flush() {
        try {
            link.flush();
        } catch (IOException e) {
            // The link ends of it, and another one sends what could not be written.
        }
    }

    /// Asks for the end of the session. What was sent is answered first; if there is no connection, that is not waited
    /// for.
    void close() {
        isClosing = true;
        outbox.disconnect();
        retryPermits.release();
    }

    @Override
    public void run() {
        IOException cause = new IOException("the client was closed");
        try {
            while (true) {
                LinkEnd end = runLink();
                cause = failure(end);
                if (!goesOn(end)) {
                    return;
                }
                reattach(cause);
            }
        } catch (InterruptedException e) {
            cause = new IOException("the client was closed", e);
        } catch (IOException e) {
            cause = e;
        } finally {
            abandon(cause);
        }
    }

    private void abandon(IOException cause) {
        try {
            session.abandon(cause);
        } finally {
            watches.ended(cause);
            if (!isClosing) {
                listener.get().accept(new ConnectionState.Closed(cause));
            }
        }
    }

    private LinkEnd runLink() throws InterruptedException {
        long startedAt = System.nanoTime();
        int acknowledged = session.acknowledged();
        isLinked = true;
        try {
            return link.run();
        } finally {
            attachment.close();
            long now = System.nanoTime();
            heardAt = now - link.silence().toNanos();
            isLinked = false;
            if (session.acknowledged() != acknowledged || now - startedAt > USEFUL_NANOS) {
                backoff.reset();
            }
        }
    }

    /// Whether another connection is to follow. A version 1 session ends when its sequence numbers are used up, on either
    /// side, and the rest goes on in a new session: even while the client is being closed, since that DISCONNECT stands
    /// behind it in the outbox.
    private boolean goesOn(LinkEnd end) {
        if (session.isUsedUp()) {
            return true;
        }
        if (isClosing && session.isSettled()) {
            return false;
        }
        return end.reason() == CloseReason.PEER_DISCONNECTED && !isClosing
                || !session.isOver() && !config.reconnectFor().isZero();
    }

    /// Connects again, until that succeeds or the time for it is over.
    private void reattach(IOException lost) throws IOException, InterruptedException {
        IOException cause = lost;
        long startedAt = System.nanoTime();
        retryPermits.drainPermits();
        while (true) {
            await(backoff.next(), cause);
            try {
                int unknown = attach();
                if (!granted.isResumed()) {
                    watches.renew();
                }
                listener.get().accept(new ConnectionState.Connected(granted.isResumed(), unknown,
                        Duration.ofNanos(System.nanoTime() - startedAt)));
                return;
            } catch (InterruptedIOException e) {
                if (Thread.interrupted()) {
                    throw new InterruptedException("interrupted while connecting");
                }
                cause = e;
            } catch (IOException e) {
                cause = e;
                if (isFinal(e)) {
                    throw e;
                }
            }
            if (isClosing || System.nanoTime() - startedAt >= config.reconnectFor().toNanos()) {
                throw cause;
            }
        }
    }

    private void await(Duration delay, IOException cause) throws InterruptedException {
        if (isClosing) {
            return;
        }
        // Also before an attempt without delay: connecting to a server that hangs takes as long as one may wait for it.
        listener.get().accept(new ConnectionState.Retrying(backoff.attempts(), delay, cause));
        if (!delay.isZero() && retryPermits.tryAcquire(delay.toNanos(), TimeUnit.NANOSECONDS)) {
            retryPermits.drainPermits();
        }
    }

    /// Failures that another attempt cannot mend. A connection that ended within the handshake is none: the server may be stopping,
    /// or the network be broken.
    private static boolean isFinal(IOException failure) {
        return failure instanceof HostKeyException || failure instanceof RefusedException
                || failure.getCause() instanceof NotAuthorizedException || failure instanceof ResumeException;
    }

    /// The server resumes the session in a way that cannot be.
    private static final class ResumeException extends IOException {
        private static final long serialVersionUID = 1;

        ResumeException(String message) {
            super(message);
        }
    }

    /// Connects, and resumes the session or opens another one.
    ///
    /// @return how many requests have an outcome that will never be known
    private int attach() throws IOException {
        Session previous = session == null || session.isOver() ? null : session;
        Syn syn = previous == null ? new Syn(config.wishes(), config.clientId())
                : new Syn(config.wishes(), config.clientId(), new Syn.Resume(previous.identity().id(),
                        previous.received(), previous.acknowledged()));
        Attachment next = Attachment.establish(config, syn.with(new Syn.Extras(false, config.isPadded())));
        try {
            int unknown = next.granted().isResumed() ? resume(previous, next) : open(next);
            attachment = next;
            return unknown;
        } catch (IOException | RuntimeException e) {
            next.close();
            throw e;
        }
    }

    private int resume(Session previous, Attachment next) throws IOException {
        if (previous == null || !next.granted().sessionId().equals(previous.identity().id())
                || !next.granted().parameters().equals(previous.parameters())) {
            throw new ResumeException("the server resumed another session than the one it was asked for");
        }
        var resumed = new Link(next.channel(), previous, LinkConfig.client(config.keepaliveInterval()));
        try {
            resumed.resume(next.granted().received(), -1);
        } catch (ProtocolException e) {
            throw new ResumeException(e.getMessage());
        }
        granted = next.granted();
        link = resumed;
        return 0;
    }

    private int open(Attachment next) {
        int unknown = 0;
        if (session != null) {
            unknown = session.handOver(new IOException("the server does not have the session any more"),
                    Connector::isRepeatable);
        }
        granted = next.granted();
        var identity = new SessionIdentity(granted.sessionId(), granted.clientId(), granted.clientId(),
                next.channel().version() != SharedKeyChannel.VERSION, MAX_EVENT_BYTES);
        session = new Session(identity, granted.parameters(), outbox, events);
        link = new Link(next.channel(), session, LinkConfig.client(config.keepaliveInterval()));
        return unknown;
    }

    /// Whether a request changes nothing, so that running it twice does no harm.
    private static boolean isRepeatable(byte[] request) {
        try {
            return PARSER.parse(request, 0, request.length).isReadOnly();
        } catch (CommandException e) {
            return true;
        }
    }

    private static IOException failure(LinkEnd end) {
        return new IOException(describe(end), end.cause());
    }

    private static String describe(LinkEnd end) {
        String text = switch (end.reason()) {
            case PEER_CLOSED, PEER_DISCONNECTED -> "the server closed the connection";
            case PEER_LOST -> "the connection was lost";
            case KEEPALIVE_TIMEOUT, UNACKNOWLEDGED -> "the server does not answer any more";
            case PEER_STALLED -> "the server does not read what it is sent";
            case PROTOCOL_ERROR -> "the server broke the protocol";
            case REFUSED_BY_PEER -> "the server ended the connection";
            case DISCONNECTED -> "the client was closed";
            case HANDSHAKE_FAILED, HANDSHAKE_TIMEOUT, TOO_MANY_HANDSHAKES, NOT_AUTHORIZED, ENDED_BY_OPERATOR, NOT_USED, FORWARD_REFUSED,
                    STREAM_ENDED,
                    TARGET_LOST, IDLE_TIMEOUT, SERVER_STOPPED, TAKEN_OVER,
                    INTERNAL_ERROR ->
                    "the connection ended: " + end.reason();
        };
        return end.detail().isEmpty() ? text : text + ": " + end.detail();
    }

    /// How long to wait before each attempt to connect again: not at all before the first, then 200 ms, doubling to 30 s, each
    /// longer or shorter by up to a fifth, so that the clients of a server that comes back do not come all at once.
    static final class Backoff {

        private static final Duration FIRST = Duration.ofMillis(200);
        private static final Duration LONGEST = Duration.ofSeconds(30);
        private static final double JITTER = 0.2;

        private final RandomGenerator random;
        private int attempts;

        Backoff(RandomGenerator random) {
            this.random = random;
        }

        /// How many attempts there were since the last [#reset].
        int attempts() {
            return attempts;
        }

        /// The time before the next attempt.
        Duration next() {
            int doublings = attempts++ - 1;
            if (doublings < 0) {
                return Duration.ZERO;
            }
            long nanos = Math.min(LONGEST.toNanos(), FIRST.toNanos() << Math.min(doublings, Byte.SIZE));
            return Duration.ofNanos((long) (nanos * (1 - JITTER + 2 * JITTER * random.nextDouble())));
        }

        /// The connection was of use: the next loss is the first again.
        void reset() {
            attempts = 0;
        }
    }
}
