package dev.cipherlink.client;

import dev.cipherlink.budget.MemoryBudget;
import dev.cipherlink.channel.NoiseChannel;
import dev.cipherlink.client.Connector.Backoff;
import dev.cipherlink.forward.ForwardListener;
import dev.cipherlink.forward.ForwardSockets;
import dev.cipherlink.forward.ForwardSpec;
import dev.cipherlink.forward.ForwardTarget;
import dev.cipherlink.forward.ForwardTarget.TargetException;
import dev.cipherlink.forward.ForwardTarget.TargetException.Refusal;
import dev.cipherlink.forward.TunnelSource.Accepted;
import dev.cipherlink.forward.mux.MuxSession;
import dev.cipherlink.forward.mux.Opening;
import dev.cipherlink.message.Message.MessageCodec.Checksum;
import dev.cipherlink.message.SessionParameters;
import dev.cipherlink.message.SessionParameters.OperationMode;
import dev.cipherlink.message.Syn;
import dev.cipherlink.message.Syn.SynAck;
import dev.cipherlink.session.Link.LinkEnd;
import dev.cipherlink.session.SessionHandshake;
import dev.cipherlink.session.SessionHandshake.RefusedException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.Socket;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ThreadLocalRandom;

/// Opens forwards as channels of one connection, which is made when it is needed and again when it is lost (`docs/protocol.md`, section
/// 6.1). One thread serves it and connects again; while it does, all channels wait.
///
/// Thread-safe. Closing it ends its channels.
final class ChannelClient implements AutoCloseable {

    private static final Logger LOG = System.getLogger(ChannelClient.class.getName());
    /// Of the heap, for packets that are kept and bytes that programs have not taken.
    private static final int HEAP_SHARE = 4;
    /// After an attempt that failed, though another forward wants a connection.
    private static final Duration FAILED_PAUSE = Duration.ofMillis(50);
    /// How the reason of a server begins that is older than channels.
    private static final String UNKNOWN_MODE = "operation_mode must be";

    private final ClientConfig config;
    private final MemoryBudget budget = MemoryBudget.ofHeap(HEAP_SHARE);
    private final Backoff backoff = new Backoff(ThreadLocalRandom.current());
    private final Thread thread = Thread.ofPlatform().daemon().name("cipherlink-channels").unstarted(this::run);
    private final List<RemoteForward> remotes = new CopyOnWriteArrayList<>();
    private MuxSession session;
    /// That of the last connection; empty if a new session is to be asked for.
    private String sessionId = "";
    private boolean isStarted;
    private boolean isWanted;
    private boolean isAttached;
    private boolean wasAttached;
    /// Whether channels wait for the connection, or the last attempt to make it failed.
    private boolean isMissed;
    private boolean isUnknownToServer;
    private boolean isClosed;
    /// Attempts to connect that failed so far, and why the last one did.
    private int failures;
    private IOException failure;
    private long lostAt;

    ChannelClient(ClientConfig config) {
        this.config = config;
    }

    /// Connects, if it is not connected. Returns at once.
    synchronized void start() {
        if (!isStarted && !isClosed) {
            isStarted = true;
            thread.start();
        }
        isWanted = true;
        notifyAll();
    }

    /// Opens a forward.
    ///
    /// @return null if the server is too old for channels
    /// @throws TargetException if the server does not connect to the target
    /// @throws IOException     if there is no connection to the server
    ChannelForward open(ForwardTarget target, Accepted accepted) throws IOException {
        MuxSession connected = connected();
        if (connected == null) {
            return null;
        }
        var forward = new ChannelForward(this, connected, target, accepted);
        if (accepted.isAwaited()) {
            forward.open();
        }
        return forward;
    }

    /// Has the server listen, and takes what it accepts. Blocks until it listens.
    ///
    /// @throws TargetException if it refuses
    /// @throws IOException     if there is no connection to the server
    RemoteForward listen(ForwardSpec spec, ForwardListener.Config forwarding) throws IOException {
        var remote = new RemoteForward(this, spec, forwarding);
        remotes.add(remote);
        try {
            remote.open();
            return remote;
        } catch (IOException e) {
            remotes.remove(remote);
            throw e;
        }
    }

    /// A channel that the server opens.
    private void accept(Opening opening) {
        String listener = opening.target().substring(0, Math.max(0, opening.target().indexOf(' ')));
        RemoteForward found = remotes.stream().filter(remote -> remote.has(listener)).findFirst().orElse(null);
        if (found == null) {
            opening.refuse(new TargetException(Refusal.FAILED, "the client has no such listener"));
        } else {
            found.accept(opening);
        }
    }

    /// How long a connection, and then an answer of the server, may take.
    Duration patience() {
        return config.connectTimeout();
    }

    /// The session, with a connection.
    ///
    /// @return null if the server is too old for channels
    synchronized MuxSession connected() throws IOException {
        int failuresBefore = failures;
        long deadline = System.nanoTime() + config.connectTimeout().toNanos();
        while (!isAttached && !isUnknownToServer) {
            if (failures != failuresBefore) {
                // A network that breaks off, or a server that limits how fast we may come.
                boolean isWorthAnother = wasAttached && failure instanceof LostHandshakeException && System.nanoTime() < deadline;
                if (!isWorthAnother) {
                    throw failure;
                }
                failuresBefore = failures;
            }
            if (isClosed) {
                throw new IOException("closed");
            }
            start();
            try {
                wait();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("interrupted while connecting");
            }
        }
        return isUnknownToServer ? null : session;
    }

    /// For a channel that was opened: the connection may have been lost since [#connected] has found it.
    synchronized void connectIfLost() {
        if (!isAttached) {
            start();
        }
    }

    /// Whether there is no connection, and one is wanted.
    synchronized boolean isMissed() {
        return isMissed;
    }

    // In the thread of the connection.

    private void run() {
        try {
            session = MuxSession.ofClient(this::accept, budget);
            while (awaitNeed()) {
                connectAndServe();
            }
        } catch (InterruptedException e) {
            LOG.log(Level.DEBUG, "no longer serving channels");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            close();
            session.end("the forward ended");
        }
    }

    /// Blocks until there are channels, or one is wanted.
    ///
    /// @return false once it is closed
    private synchronized boolean awaitNeed() throws InterruptedException {
        Duration pause = session.channels() > 0 ? backoff.next() : Duration.ZERO;
        long deadline = System.nanoTime() + pause.toNanos();
        while (!isWanted && !isClosed) {
            long millis = (deadline - System.nanoTime()) / 1_000_000;
            if (session.channels() > 0 && millis <= 0) {
                break;
            }
            wait(Math.max(0, millis));
        }
        isWanted = false;
        return !isClosed;
    }

    private void connectAndServe() throws InterruptedException {
        try (SocketChannel socket = SocketChannel.open(); Link link = connect(socket.socket())) {
            attached(link.granted);
            LinkEnd end = session.run(socket, link.channel, link.granted.isResumed(), config.keepaliveInterval());
            detached(end);
        } catch (RefusedException e) {
            failed(e.code().isEmpty() ? e : new TargetException(Refusal.ofCode(e.code()), e.getMessage()));
            Thread.sleep(FAILED_PAUSE);
        } catch (IOException e) {
            failed(e);
            Thread.sleep(FAILED_PAUSE);
        }
    }

    private record Link(NoiseChannel channel, SynAck.Granted granted) implements AutoCloseable {
        @Override
        public void close() {
            channel.close();
        }
    }

    private Link connect(Socket socket) throws IOException {
        var wishes = new SessionParameters(OperationMode.CHANNELS, SessionParameters.MAX_MESSAGE_BYTES, 1, Checksum.Algorithm.CRC32C);
        var syn = new Syn(wishes, config.clientId(), sessionId.isEmpty() ? null : new Syn.Resume(sessionId, 0, 0));
        return Attachment.within(config, socket, "no session", () -> {
            config.route().connect(socket, config.host(), config.port());
            ForwardSockets.tune(socket);
            var channel = (NoiseChannel) Attachment.open(config, socket);
            SynAck.Granted granted = SessionHandshake.connect(channel, syn);
            Attachment.keepNextKey(config, granted);
            return new Link(channel, granted);
        });
    }

    private synchronized void attached(SynAck.Granted granted) {
        if (!sessionId.isEmpty() && !granted.isResumed()) {
            session.restart("the server has lost the session");
        }
        sessionId = granted.sessionId();
        isAttached = true;
        wasAttached = true;
        isMissed = false;
        backoff.reset();
        notifyAll();
    }

    private synchronized void detached(LinkEnd end) {
        isAttached = false;
        isMissed = session.channels() > 0;
        lostAt = System.nanoTime();
        boolean isOver = switch (end.reason()) {
            case PROTOCOL_ERROR, PEER_DISCONNECTED, DISCONNECTED -> true;
            default -> false;
        };
        LOG.log(session.channels() > 0 ? Level.INFO : Level.DEBUG, "the connection of {0} channels ended: {1} {2}",
                Integer.toString(session.channels()), end.reason(), end.detail());
        if (isOver) {
            session.restart("the server ended the session");
            sessionId = "";
        }
    }

    private synchronized void failed(IOException cause) {
        failure = cause;
        isMissed = true;
        failures++;
        isUnknownToServer = cause instanceof RefusedException && cause.getMessage().startsWith(UNKNOWN_MODE);
        session.failUnsent(cause.getMessage());
        boolean isFinal = cause instanceof RefusedException || cause instanceof TargetException || cause instanceof AuthenticationException;
        if (session.channels() > 0 && (isFinal || System.nanoTime() - lostAt >= config.reconnectFor().toNanos())) {
            session.restart(isFinal ? cause.getMessage() : "the server was not reached for " + config.reconnectFor().toSeconds() + " s");
            sessionId = "";
        }
        notifyAll();
    }

    /// Ends the channels. Idempotent.
    @Override
    public synchronized void close() {
        isClosed = true;
        notifyAll();
        thread.interrupt();
    }
}
