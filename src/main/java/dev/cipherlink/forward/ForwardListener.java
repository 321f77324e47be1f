package dev.cipherlink.forward;

import dev.cipherlink.forward.ForwardTarget.TargetException;
import dev.cipherlink.forward.Forwards.RunnableForward;
import dev.cipherlink.forward.Relay.ForwardLimits;
import dev.cipherlink.forward.Relay.RelayEnd;
import dev.cipherlink.forward.Socks.SocksPasswords;
import dev.cipherlink.forward.TunnelSource.Accepted;
import java.io.Closeable;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.channels.ServerSocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.ToIntFunction;

/// Listens on this machine, on one address or on both loopback ones, and forwards what it accepts, each connection in virtual
/// threads of its own.
///
/// Thread-safe. The caller closes it; connections that are forwarded by then go on.
public final class ForwardListener implements AutoCloseable {

    private static final int BACKLOG = 1_024;
    private static final Duration DIALOGUE_TIMEOUT = Duration.ofSeconds(10);
    /// Pause after a failed accept, as when descriptors run out.
    private static final Duration ACCEPT_PAUSE = Duration.ofMillis(100);
    private static final Duration TICK = Duration.ofSeconds(1);

    private final List<ServerSocket> sockets;
    private final ForwardSpec spec;
    private final Config config;
    private final Forwards forwards = new Forwards();

    /// Configuration that all listeners of a program share.
    ///
    /// @param passwords who may use a SOCKS port; empty for no authentication
    public record Config(TunnelSource tunnels, ForwardLimits limits, Optional<SocksPasswords> passwords,
                         ForwardEvents events) {
    }

    private ForwardListener(List<ServerSocket> sockets, ForwardSpec spec, Config config) {
        this.sockets = sockets;
        this.spec = spec;
        this.config = config;
    }

    /// Binds what the spec says. Nothing is accepted before [#start].
    ///
    /// @throws BindException        if an address cannot be bound; the message begins with it
    /// @throws UnknownHostException if there is no such name
    public static ForwardListener bind(ForwardSpec spec, Config config) throws IOException {
        return new ForwardListener(spec.bind(ForwardListener::bind, ServerSocket::getLocalPort), spec, config);
    }

    private static ServerSocket bind(InetSocketAddress address) throws IOException {
        // One of a channel, so that what it accepts may join a selector.
        ServerSocket socket = ServerSocketChannel.open().socket();
        try {
            socket.setReuseAddress(true);
            socket.bind(address, BACKLOG);
            return socket;
        } catch (IOException e) {
            socket.close();
            throw new BindException(shown(address) + ": " + e.getMessage());
        }
    }

    /// Where it listens, with the port that it really has; the first one if there are two.
    public InetSocketAddress address() {
        return (InetSocketAddress) sockets.getFirst().getLocalSocketAddress();
    }

    /// Address and target, for people: `127.0.0.1:8080 -> db:5432`.
    public String name() {
        return shown(address()) + " -> " + spec.target().map(ForwardTarget::toString).orElse("SOCKS");
    }

    /// An address for people, an IPv6 one in brackets and without its scope.
    public static String shown(InetSocketAddress address) {
        String host = address.getAddress().getHostAddress().replaceFirst("%.*", "");
        return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + address.getPort();
    }

    /// Its relays and their totals.
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
            while (!sockets.getFirst().isClosed() || forwards.totals().live() > 0) {
                Thread.sleep(TICK);
                forwards.checkTimes(System.nanoTime());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void acceptUntilClosed(ServerSocket socket) {
        while (!socket.isClosed()) {
            try {
                Socket accepted = socket.accept();
                Thread.ofVirtual().name("cipherlink-forwarded").start(() -> serve(accepted));
            } catch (IOException e) {
                pause(socket, e);
            }
        }
    }

    private void pause(ServerSocket socket, IOException failure) {
        if (!socket.isClosed()) {
            config.events.failed(name(), failure);
            try {
                Thread.sleep(ACCEPT_PAUSE);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void serve(Socket accepted) {
        try {
            ForwardSockets.tune(accepted);
            Socks socks = spec.target().isPresent() ? null
                    : new Socks(new DialogueInput(accepted, DIALOGUE_TIMEOUT, System::nanoTime), accepted.getOutputStream(),
                            config.passwords);
            ForwardTarget target = socks == null ? spec.target().get() : request(accepted, socks);
            RunnableForward forward = open(target, accepted, socks);
            try {
                answer(socks, Socks.SUCCEEDED);
            } catch (IOException e) {
                forward.stop();
                forward.run(Thread.ofVirtual().factory());
                throw e;
            }
            config.events.ended(name(), target, forwards.run(forward));
        } catch (IOException e) {
            forwards.countFailure();
            config.events.failed(name(), e);
            end(accepted);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException | Error e) {
            ForwardSockets.reset(accepted);
            throw e;
        }
    }

    /// A SOCKS client gets its reply before the end; any other sees a connection that breaks.
    private void end(Socket accepted) {
        if (spec.target().isPresent()) {
            ForwardSockets.reset(accepted);
        } else {
            ForwardSockets.close(accepted);
        }
    }

    private static ForwardTarget request(Socket accepted, Socks socks) throws IOException {
        try {
            ForwardTarget target = socks.request();
            accepted.setSoTimeout(0);
            return target;
        } catch (EOFException e) {
            throw new EOFException("the program closed during the SOCKS dialogue");
        } catch (SocketTimeoutException e) {
            throw new SocketTimeoutException("the program did not end the SOCKS dialogue within " + DIALOGUE_TIMEOUT.toSeconds()
                    + " s");
        }
    }

    private RunnableForward open(ForwardTarget target, Socket accepted, Socks socks) throws IOException {
        try {
            return config.tunnels.open(target, new Accepted(accepted, config.limits, socks != null));
        } catch (TargetException e) {
            answer(socks, Socks.code(e.refusal()));
            throw e;
        } catch (IOException e) {
            answer(socks, Socks.GENERAL_FAILURE);
            throw e;
        }
    }

    private static void answer(Socks socks, int code) throws IOException {
        if (socks != null) {
            socks.reply(code);
        }
    }

    /// Stops accepting. Idempotent.
    @Override
    public void close() {
        for (ServerSocket socket : sockets) {
            try {
                socket.close();
            } catch (IOException e) {
                // It accepts no more either way.
            }
        }
    }

    /// Input of a program in a dialogue, with one deadline for all of it: a byte now and then gains no time.
    ///
    /// Sets the socket's read timeout before each read; the next user of the socket resets it. Closing it closes the socket.
    static final class DialogueInput extends FilterInputStream {

        private final Socket socket;
        private final LongSupplier nanoClock;
        private final long deadline;
        private final Duration limit;

        /// @param limit from now on
        DialogueInput(Socket socket, Duration limit, LongSupplier nanoClock) throws IOException {
            super(socket.getInputStream());
            this.socket = socket;
            this.limit = limit;
            this.nanoClock = nanoClock;
            deadline = nanoClock.getAsLong() + limit.toNanos();
        }

        /// @throws SocketTimeoutException at the deadline
        @Override
        public int read() throws IOException {
            limitNextRead();
            return super.read();
        }

        /// @throws SocketTimeoutException at the deadline
        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            limitNextRead();
            return super.read(buffer, offset, length);
        }

        private void limitNextRead() throws IOException {
            long left = deadline - nanoClock.getAsLong();
            if (left <= 0) {
                throw new SocketTimeoutException("a dialogue that takes longer than " + limit.toMillis() + " ms");
            }
            socket.setSoTimeout((int) Math.ceilDiv(left, 1_000_000));
        }
    }

    /// A listener's callbacks. Called from many threads; must not block for long.
    public interface ForwardEvents {

        /// A connection was accepted and not forwarded, or its SOCKS request was malformed.
        ///
        /// @param listener as [ForwardListener#name] says
        /// @param cause    a [TargetException] if the server did not connect to the target
        void failed(String listener, IOException cause);

        /// A forwarded connection ended.
        default void ended(String listener, ForwardTarget target, RelayEnd end) {
            // Most programs care for what failed only.
        }
    }

    /// The address to listen on, and the target of the connections accepted there.
    ///
    /// @param bind   name or address to listen on, without brackets; `*` for all of this machine, `localhost` for both of
    ///               its loopback addresses
    /// @param port   0 .. 65,535; 0 takes a free one
    /// @param target where to; empty if each connection says so itself, by SOCKS
    public record ForwardSpec(String bind, int port, Optional<ForwardTarget> target) {

        /// Attempts to find a free port that both loopback addresses have.
        private static final int PORT_ATTEMPTS = 20;
        /// The default: both loopback addresses.
        static final String LOOPBACK = "localhost";
        /// All addresses of this machine.
        public static final String EVERYWHERE = "*";

        /// The value of `-L`: `[bind:]port:host:port`.
        ///
        /// @throws IllegalArgumentException if the syntax is wrong; the message says what is allowed
        public static ForwardSpec parseLocal(String text) {
            List<String> parts = split(text);
            if (parts.size() < 3 || parts.size() > 4) {
                throw new IllegalArgumentException("[BIND:]PORT:HOST:PORT is needed, IPv6 addresses in brackets");
            }
            List<String> last = parts.subList(parts.size() - 3, parts.size());
            var target = new ForwardTarget(unbracketed(last.get(1)), ForwardTarget.port(last.get(2), 1));
            return new ForwardSpec(parts.size() == 4 ? bind(parts.getFirst()) : LOOPBACK, ForwardTarget.port(last.get(0), 0),
                    Optional.of(target));
        }

        /// The value of `-D`: `[bind:]port`.
        ///
        /// @throws IllegalArgumentException if the syntax is wrong; the message says what is allowed
        public static ForwardSpec parseDynamic(String text) {
            List<String> parts = split(text);
            if (parts.size() > 2) {
                throw new IllegalArgumentException("[BIND:]PORT is needed, an IPv6 address in brackets");
            }
            return new ForwardSpec(parts.size() == 2 ? bind(parts.getFirst()) : LOOPBACK,
                    ForwardTarget.port(parts.getLast(), 0), Optional.empty());
        }

        /// Makes a listening socket.
        @FunctionalInterface
        public interface Binder<S> {
            /// @throws BindException if the address cannot be bound; the message begins with it
            S bind(InetSocketAddress address) throws IOException;
        }

        /// Binds the addresses that it says. If one fails, none stays bound.
        ///
        /// @param port which one a socket has got
        /// @throws UnknownHostException if there is no such name
        public <S extends Closeable> List<S> bind(Binder<S> binder, ToIntFunction<S> port) throws IOException {
            return switch (bind) {
                case LOOPBACK -> bindLoopback(binder, port);
                case EVERYWHERE -> List.of(binder.bind(new InetSocketAddress(this.port)));
                default -> List.of(binder.bind(new InetSocketAddress(InetAddress.getByName(bind), this.port)));
            };
        }

        /// The same port of both loopback addresses: a program that is told `localhost` may try either, and another user could
        /// listen on the one that was left.
        private <S extends Closeable> List<S> bindLoopback(Binder<S> binder, ToIntFunction<S> boundPort) throws IOException {
            InetAddress second = InetAddress.ofLiteral("::1");
            for (int attempt = 1;; attempt++) {
                S first = binder.bind(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port));
                if (!isOfThisMachine(second)) {
                    return List.of(first);
                }
                try {
                    return List.of(first, binder.bind(new InetSocketAddress(second, boundPort.applyAsInt(first))));
                } catch (IOException e) {
                    first.close();
                    if (port != 0 || attempt == PORT_ATTEMPTS) {
                        throw e;
                    }
                }
            }
        }

        /// Not where IPv6 is switched off.
        private static boolean isOfThisMachine(InetAddress address) throws IOException {
            return NetworkInterface.getByInetAddress(address) != null;
        }

        private static String bind(String text) {
            String host = unbracketed(text);
            if (!host.equals(EVERYWHERE) && !ForwardTarget.isHost(host)) {
                throw new IllegalArgumentException("the address to listen on is a name, an address or *");
            }
            return host;
        }

        private static String unbracketed(String host) {
            return host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
        }

        /// At the colons that are not inside of brackets.
        private static List<String> split(String text) {
            var parts = new ArrayList<String>();
            int start = 0;
            boolean isInside = false;
            for (int i = 0; i < text.length(); i++) {
                char c = text.charAt(i);
                isInside = c == '[' || isInside && c != ']';
                if (c == ':' && !isInside) {
                    parts.add(text.substring(start, i));
                    start = i + 1;
                }
            }
            parts.add(text.substring(start));
            return parts;
        }
    }
}
