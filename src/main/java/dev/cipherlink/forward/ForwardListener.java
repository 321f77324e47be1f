package dev.cipherlink.forward;

import dev.cipherlink.forward.ForwardTarget.TargetException;
import dev.cipherlink.forward.Forwards.RunnableForward;
import dev.cipherlink.forward.ProxyDialogue.DialogueInput;
import dev.cipherlink.forward.Relay.ForwardLimits;
import dev.cipherlink.forward.Relay.RelayEnd;
import dev.cipherlink.forward.Socks.SocksPasswords;
import dev.cipherlink.forward.TunnelSource.Accepted;
import java.io.EOFException;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// Listens on this machine, on one address, on both loopback ones or on a Unix socket, and forwards what it accepts, each connection in virtual
/// threads of its own.
///
/// Thread-safe. The caller closes it; connections that are forwarded by then go on.
public final class ForwardListener implements ForwardPort {

    private static final Duration DIALOGUE_TIMEOUT = Duration.ofSeconds(10);
    /// Pause after a failed accept, as when descriptors run out.
    private static final Duration ACCEPT_PAUSE = Duration.ofMillis(100);
    private static final byte[] NOTHING = {};
    private static final Duration TICK = Duration.ofSeconds(1);

    private final List<ServerSocketChannel> sockets;
    /// Empty if it listens on a port.
    private final Optional<UnixSocket> unixSocket;
    private final ForwardSpec spec;
    private final Config config;
    private final Forwards forwards = new Forwards();
    private final String name;

    /// Configuration that all listeners of a program share.
    ///
    /// @param passwords who may use a port of SOCKS and HTTP; empty for no authentication
    public record Config(TunnelSource tunnels, ForwardLimits limits, Optional<SocksPasswords> passwords,
                         ForwardEvents events) {
    }

    private ForwardListener(List<ServerSocketChannel> sockets, Optional<UnixSocket> unixSocket, ForwardSpec spec, Config config)
            throws IOException {
        this.sockets = sockets;
        this.unixSocket = unixSocket;
        this.spec = spec;
        this.config = config;
        name = unixSocket.map(socket -> socket.path().toString()).orElseGet(() -> ForwardSpec.shown(address()))
                + " -> " + spec.targetText();
    }

    /// Binds what the spec says. Nothing is accepted before [#start].
    ///
    /// @throws BindException        if an address cannot be bound; the message begins with it
    /// @throws UnknownHostException if there is no such name
    public static ForwardListener bind(ForwardSpec spec, Config config) throws IOException {
        if (spec.isPath()) {
            UnixSocket socket = UnixSocket.bind(Path.of(spec.bind()));
            return new ForwardListener(List.of(socket.channel()), Optional.of(socket), spec, config);
        }
        return new ForwardListener(spec.listen(), Optional.empty(), spec, config);
    }

    /// Where it listens, with the port that it really has; the first one if there are two.
    ///
    /// @throws ClassCastException if it listens on a Unix socket
    public InetSocketAddress address() {
        return (InetSocketAddress) sockets.getFirst().socket().getLocalSocketAddress();
    }

    @Override
    public boolean isOfOthers() {
        return unixSocket.isEmpty() && !address().getAddress().isLoopbackAddress();
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Forwards forwards() {
        return forwards;
    }

    /// Begins to accept, and to hold its relays to their time limits. Returns at once.
    public void start() {
        sockets.forEach(socket -> Thread.ofVirtual().name("cipherlink-forward").start(() -> acceptUntilClosed(socket)));
        Thread.ofVirtual().name("cipherlink-forward-clock").start(this::checkTimesUntilClosed);
    }

    private void checkTimesUntilClosed() {
        try {
            while (sockets.getFirst().isOpen() || forwards.totals().live() > 0) {
                Thread.sleep(TICK);
                forwards.checkTimes(System.nanoTime());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void acceptUntilClosed(ServerSocketChannel socket) {
        while (socket.isOpen()) {
            try {
                SocketChannel accepted = socket.accept();
                Thread.ofVirtual().name("cipherlink-forwarded").start(() -> serve(accepted));
            } catch (IOException e) {
                pause(socket, e);
            }
        }
    }

    private void pause(ServerSocketChannel socket, IOException failure) {
        if (socket.isOpen()) {
            config.events.failed(name, failure);
            try {
                Thread.sleep(ACCEPT_PAUSE);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void serve(SocketChannel accepted) {
        try {
            if (unixSocket.isEmpty()) {
                ForwardSockets.tune(accepted.socket());
            }
            if (spec.target().isPresent()) {
                run(config.tunnels.open(spec.target().get(), new Accepted(accepted, NOTHING, config.limits, false)), spec.target().get());
            } else {
                serveProgram(accepted);
            }
        } catch (IOException e) {
            forwards.countFailure();
            config.events.failed(name, e);
            end(accepted);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException | Error e) {
            PlainEnd.reset(accepted);
            throw e;
        }
    }

    private void run(RunnableForward forward, ForwardTarget target) throws IOException, InterruptedException {
        config.events.opened(name, target);
        RelayEnd end = forwards.run(forward);
        config.events.ended(name, target, end, forward.bytesToTunnel(), forward.bytesToPlain());
    }

    /// The program says first where it wants to go.
    private void serveProgram(SocketChannel accepted) throws IOException, InterruptedException {
        var input = new DialogueInput(accepted.socket(), DIALOGUE_TIMEOUT, System::nanoTime);
        ProxyDialogue dialogue;
        ForwardTarget target;
        try {
            dialogue = ProxyDialogue.begin(input, accepted.socket().getOutputStream(), config.passwords);
            target = dialogue.request();
        } catch (EOFException e) {
            throw new EOFException("the program closed before it said where to");
        } catch (SocketTimeoutException e) {
            throw new SocketTimeoutException("the program did not say where to within " + DIALOGUE_TIMEOUT.toSeconds() + " s");
        }
        accepted.socket().setSoTimeout(0);
        RunnableForward forward = open(target, new Accepted(accepted, input.rest(), config.limits, true), dialogue);
        try {
            dialogue.granted();
        } catch (IOException e) {
            forward.stop();
            forward.run(Thread.ofVirtual().factory());
            throw e;
        }
        run(forward, target);
    }

    private RunnableForward open(ForwardTarget target, Accepted accepted, ProxyDialogue dialogue) throws IOException {
        try {
            return config.tunnels.open(target, accepted);
        } catch (IOException e) {
            dialogue.refused(e);
            throw e;
        }
    }

    /// A program that has asked gets its answer before the end; any other sees a connection that breaks.
    private void end(SocketChannel accepted) {
        if (spec.target().isPresent()) {
            PlainEnd.reset(accepted);
        } else {
            PlainEnd.close(accepted);
        }
    }

    /// Stops accepting. Idempotent.
    @Override
    public void close() {
        try {
            for (ServerSocketChannel socket : sockets) {
                socket.close();
            }
            if (unixSocket.isPresent()) {
                unixSocket.get().close();
            }
        } catch (IOException e) {
            // It accepts no more either way.
        }
    }

    /// A listener's callbacks. Called from many threads; must not block for long.
    public interface ForwardEvents {

        /// A connection was accepted and not forwarded, or its request for a target was malformed.
        ///
        /// @param listener as [ForwardListener#name] says
        /// @param cause    a [TargetException] if the server did not connect to the target
        void failed(String listener, IOException cause);

        /// The server does not listen for us any more; it is asked again.
        ///
        /// @param cause why it could not be asked, or has refused
        default void listensNoMore(String listener, IOException cause) {
            failed(listener, cause);
        }

        /// The server listens for us again.
        default void listens(String listener) {
            // Most programs care for what failed only.
        }

        /// A connection is forwarded from now on; as a channel it may still not get its target.
        default void opened(String listener, ForwardTarget target) {
            // Most programs care for what failed only.
        }

        /// A forwarded connection ended.
        ///
        /// @param bytesToTarget that the program on this side has sent
        /// @param bytesToPlain  that it was sent
        default void ended(String listener, ForwardTarget target, RelayEnd end, long bytesToTarget, long bytesToPlain) {
            // Most programs care for what failed only.
        }
    }
}
