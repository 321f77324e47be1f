package dev.cipherlink.client;

import dev.cipherlink.channel.NoiseChannel;
import dev.cipherlink.client.ClientConfig.Credentials;
import dev.cipherlink.forward.ForwardListener;
import dev.cipherlink.forward.ForwardListener.ForwardEvents;
import dev.cipherlink.forward.ForwardSockets;
import dev.cipherlink.forward.ForwardSpec;
import dev.cipherlink.forward.ForwardTarget;
import dev.cipherlink.forward.ForwardTarget.TargetException;
import dev.cipherlink.forward.ForwardTarget.TargetException.Refusal;
import dev.cipherlink.forward.Forwards.RunnableForward;
import dev.cipherlink.forward.PlainEnd;
import dev.cipherlink.forward.Relay;
import dev.cipherlink.forward.Relay.ForwardLimits;
import dev.cipherlink.forward.Relay.Tunnel;
import dev.cipherlink.forward.TunnelSource;
import dev.cipherlink.forward.TunnelSource.Accepted;
import dev.cipherlink.message.Message.MessageCodec.Checksum;
import dev.cipherlink.message.SessionParameters;
import dev.cipherlink.message.SessionParameters.OperationMode;
import dev.cipherlink.message.Syn;
import dev.cipherlink.session.SessionHandshake;
import dev.cipherlink.session.SessionHandshake.RefusedException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.Semaphore;

/// Opens forwards to targets beyond one server: channels of one connection (`docs/protocol.md`, section 6.1), or, with a pool or an older
/// server, connections in stream mode (section 6).
///
/// A pool keeps some connections ready with the first handshake done, so that a tunnel costs one round trip; without
/// one, each tunnel connects anew. Thread-safe. The caller closes it; its tunnels go on, its channels end.
public final class TunnelClient implements TunnelSource, AutoCloseable {

    /// Handshakes under way at the same time: a server lets in 64 of one address, and this may not be all there is.
    private static final int MAX_HANDSHAKES = 48;
    /// The first pause before trying again where the server limits how fast we may come; it doubles.
    private static final Duration FIRST_PAUSE = Duration.ofMillis(50);

    private static final String NO_ANSWER = "the server does not answer";

    private final ClientConfig config;
    private final Semaphore handshakes = new Semaphore(MAX_HANDSHAKES, true);
    private final TunnelPool pool;
    private final ChannelClient channels;
    private final boolean usesChannels;
    /// Whether the server has let us in before: what it refuses now is for another reason than keys.
    private volatile boolean isProven;

    /// @param poolSize connections to keep ready, one for each forward; 0 for channels of one connection
    /// @throws IllegalArgumentException with a shared key: forwarding is for version 2
    public TunnelClient(ClientConfig config, int poolSize) {
        if (!(config.credentials() instanceof Credentials.Personal personal)) {
            throw new IllegalArgumentException("forwarding needs version 2: an identity, not a shared key");
        }
        this.config = config.withCredentials(personal.rememberingServerKey());
        pool = new TunnelPool(this::shakeHands, poolSize);
        channels = new ChannelClient(this.config);
        usesChannels = poolSize == 0 && config.route().isTcp();
    }

    /// Begins to fill the pool, after the server has let us in once by another connection. Returns at once.
    public void start() {
        isProven = true;
        pool.start();
        if (usesChannels) {
            channels.start();
        }
    }

    /// Whether the server was not reached when it was last needed.
    public boolean isServerMissed() {
        return channels.isMissed();
    }

    @Override
    public RunnableForward open(ForwardTarget target, Accepted accepted) throws IOException {
        RunnableForward channel = usesChannels ? channels.open(target, accepted) : null;
        return channel != null ? channel : new Relay(open(target), accepted.plain(), accepted.limits());
    }

    /// Opens a forward whose unencrypted side is no socket. Blocks until the server is connected to the target, or refuses.
    ///
    /// @throws TargetException if the server did not connect to the target
    public RunnableForward open(ForwardTarget target, PlainEnd plain, ForwardLimits limits) throws IOException {
        ChannelForward channel = usesChannels ? channels.open(target, new Accepted(null, new byte[0], limits, true)) : null;
        return channel != null ? new StreamForward(channel, plain) : new Relay(open(target), plain, limits);
    }

    /// A connection in stream mode. Blocks until the server is connected to the target, or refuses.
    ///
    /// @throws TargetException if the server did not connect to the target
    public Tunnel open(ForwardTarget target) throws IOException {
        Optional<Tunnel> ready = pool.take();
        if (ready.isPresent()) {
            try {
                return open(ready.get(), target);
            } catch (TargetException e) {
                throw e;
            } catch (IOException e) {
                // The server may have given it up meanwhile; nothing of the forwarded connection was sent yet.
                return open(shakeHandsPatiently(), target);
            }
        }
        return open(shakeHandsPatiently(), target);
    }

    private Tunnel open(Tunnel tunnel, ForwardTarget target) throws IOException {
        var wishes = new SessionParameters(OperationMode.STREAM, SessionParameters.MAX_MESSAGE_BYTES, 1,
                Checksum.Algorithm.CRC32C);
        try {
            Attachment.keepNextKey(config, Attachment.within(config, tunnel.socket(), NO_ANSWER, () ->
                    SessionHandshake.connect(tunnel.channel(), new Syn(wishes, config.clientId(), target.toString()))));
            isProven = true;
            return tunnel;
        } catch (RefusedException e) {
            tunnel.close();
            throw new TargetException(Refusal.ofCode(e.code()), e.getMessage());
        } catch (IOException | RuntimeException e) {
            tunnel.close();
            throw e;
        }
    }

    /// A server that limits how fast one address may come closes without a word; so this tries again for as long as
    /// connecting may take.
    private Tunnel shakeHandsPatiently() throws IOException {
        long deadline = System.nanoTime() + config.connectTimeout().toNanos();
        for (Duration pause = FIRST_PAUSE; ; pause = pause.multipliedBy(2)) {
            try {
                return shakeHands();
            } catch (LostHandshakeException e) {
                if (!isProven || System.nanoTime() + pause.toNanos() >= deadline) {
                    throw e;
                }
            }
            sleep(pause);
        }
    }

    private static void sleep(Duration pause) throws InterruptedIOException {
        try {
            Thread.sleep(pause);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while connecting");
        }
    }

    /// A connection with the first handshake done, that waits for its SYN.
    private Tunnel shakeHands() throws IOException {
        acquire();
        Socket socket = config.route().socket();
        try {
            return Attachment.within(config, socket, NO_ANSWER, () -> {
                config.route().connect(socket, config.host(), config.port());
                ForwardSockets.tune(socket);
                return new Tunnel(socket, (NoiseChannel) Attachment.open(config, socket));
            });
        } finally {
            handshakes.release();
        }
    }

    private void acquire() throws InterruptedIOException {
        try {
            handshakes.acquire();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while connecting");
        }
    }

    /// Listens on this machine and forwards what it accepts through the server, until the caller closes the listener. Time limits are
    /// the defaults; SOCKS needs no password.
    ///
    /// @param events told of each connection that could not be forwarded, and why
    /// @throws java.net.BindException if the address cannot be bound
    public ForwardListener listen(ForwardSpec spec, ForwardEvents events) throws IOException {
        ForwardListener listener = ForwardListener.bind(spec,
                new ForwardListener.Config(this, ForwardLimits.DEFAULT, Optional.empty(), events));
        listener.start();
        return listener;
    }

    /// Has the server listen, where its line for our key permits that, and forwards what it accepts to targets of this side, until the caller
    /// closes it. Blocks until the server listens. If the session with the server is lost, it asks again.
    ///
    /// @param forwarding its tunnels are not used
    /// @throws TargetException if the server refuses
    /// @throws IOException     if there is no connection to the server
    public RemoteForward listenRemotely(ForwardSpec spec, ForwardListener.Config forwarding) throws IOException {
        return channels.listen(spec, forwarding);
    }

    /// Closes what is kept ready, and ends channels. Idempotent.
    @Override
    public void close() {
        pool.close();
        channels.close();
    }

    /// Connections that have done their first handshake and wait for a SYN, oldest first.
    ///
    /// A server gives a client 10 s from connecting to the end of both handshakes, and connecting to a target takes up to 5 s of
    /// them; so no connection waits for longer than [#MAX_AGE]: then a new one takes its place. One thread refills, so that
    /// a server that is away is asked once a [#RETRY_PAUSE].
    static final class TunnelPool implements AutoCloseable {

        static final Duration MAX_AGE = Duration.ofSeconds(4);
        private static final Duration RETRY_PAUSE = Duration.ofSeconds(2);
        private static final Logger LOG = System.getLogger(TunnelPool.class.getName());

        private final Source source;
        private final int size;
        private final Deque<Ready> ready = new ArrayDeque<>();
        private Thread refiller;
        private boolean closed;

        /// Makes one connection. Blocks.
        @FunctionalInterface
        interface Source {
            Tunnel connect() throws IOException;
        }

        private record Ready(Tunnel tunnel, long since) {
            boolean isUsable(long nanoTime) {
                return nanoTime - since < MAX_AGE.toNanos();
            }
        }

        TunnelPool(Source source, int size) {
            this.source = source;
            this.size = size;
        }

        /// Begins to fill it, if it is to hold anything.
        synchronized void start() {
            if (size > 0 && refiller == null && !closed) {
                refiller = Thread.ofVirtual().name("cipherlink-pool").start(this::refill);
            }
        }

        /// The connection that has waited longest; empty if there is none. Does not block.
        synchronized Optional<Tunnel> take() {
            Ready oldest = ready.poll();
            notifyAll();
            while (oldest != null && !oldest.isUsable(System.nanoTime())) {
                oldest.tunnel.close();
                oldest = ready.poll();
            }
            return Optional.ofNullable(oldest).map(Ready::tunnel);
        }

        private void refill() {
            try {
                while (awaitNeed()) {
                    try {
                        add(source.connect());
                    } catch (IOException e) {
                        LOG.log(Level.DEBUG, "cannot keep a connection ready: {0}", e.getMessage());
                        Thread.sleep(RETRY_PAUSE);
                    }
                }
            } catch (InterruptedException e) {
                LOG.log(Level.DEBUG, "no longer keeping connections ready");
            }
        }

        /// Drops what is too old, and blocks until there is room.
        ///
        /// @return false once it is closed
        private synchronized boolean awaitNeed() throws InterruptedException {
            while (!closed) {
                long now = System.nanoTime();
                while (!ready.isEmpty() && !ready.peek().isUsable(now)) {
                    ready.poll().tunnel.close();
                }
                if (ready.size() < size) {
                    return true;
                }
                long millis = (MAX_AGE.toNanos() - (now - ready.peek().since)) / 1_000_000 + 1;
                wait(millis);
            }
            return false;
        }

        private synchronized void add(Tunnel tunnel) {
            if (closed) {
                tunnel.close();
            } else {
                ready.add(new Ready(tunnel, System.nanoTime()));
            }
        }

        /// How many wait now.
        synchronized int waiting() {
            return ready.size();
        }

        @Override
        public synchronized void close() {
            closed = true;
            ready.forEach(waiting -> waiting.tunnel.close());
            ready.clear();
            if (refiller != null) {
                refiller.interrupt();
            }
        }
    }
}
