package dev.cipherlink.forward;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Optional;

/// Listens on one address of this machine and forwards what it accepts, each connection in virtual threads of its own.
///
/// Thread-safe. Whoever opened it closes it; connections that are forwarded by then go on.
public final class ForwardListener implements AutoCloseable {

    private static final int BACKLOG = 1_024;
    private static final Duration DIALOGUE_TIMEOUT = Duration.ofSeconds(10);
    /// Rest after an accept that failed, for want of descriptors perhaps.
    private static final Duration ACCEPT_PAUSE = Duration.ofMillis(100);

    private final ServerSocket socket;
    private final ForwardSpec spec;
    private final Config config;
    private final Forwards forwards = new Forwards();

    /// What all listeners of a program share.
    ///
    /// @param passwords who may use a SOCKS port; empty for everybody who reaches it
    public record Config(TunnelSource tunnels, ForwardLimits limits, Optional<SocksPasswords> passwords,
                         ForwardEvents events) {
    }

    private ForwardListener(ServerSocket socket, ForwardSpec spec, Config config) {
        this.socket = socket;
        this.spec = spec;
        this.config = config;
    }

    /// Binds the address. Nothing is accepted before [#start].
    ///
    /// @throws IOException if the address cannot be bound
    public static ForwardListener bind(ForwardSpec spec, Config config) throws IOException {
        var socket = new ServerSocket();
        try {
            socket.setReuseAddress(true);
            socket.bind(spec.bind().equals(ForwardSpec.EVERYWHERE) ? new InetSocketAddress(spec.port())
                    : new InetSocketAddress(InetAddress.getByName(spec.bind()), spec.port()), BACKLOG);
            return new ForwardListener(socket, spec, config);
        } catch (IOException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    /// Where it listens, with the port that it really has.
    public InetSocketAddress address() {
        return (InetSocketAddress) socket.getLocalSocketAddress();
    }

    /// Address and target, for people: `127.0.0.1:8080 -> db:5432`.
    public String name() {
        String host = address().getAddress().getHostAddress().replaceFirst("%.*", "");
        return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + address().getPort() + " -> "
                + spec.target().map(ForwardTarget::toString).orElse("SOCKS");
    }

    /// What it has done so far.
    public Forwards forwards() {
        return forwards;
    }

    /// Begins to accept. Returns at once.
    public void start() {
        Thread.ofVirtual().name("cipherlink-forward").start(this::acceptUntilClosed);
    }

    private void acceptUntilClosed() {
        while (!socket.isClosed()) {
            try {
                Socket accepted = socket.accept();
                Thread.ofVirtual().name("cipherlink-forwarded").start(() -> serve(accepted));
            } catch (IOException e) {
                pause(e);
            }
        }
    }

    private void pause(IOException failure) {
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
            Socks5 socks = spec.target().isPresent() ? null
                    : new Socks5(new DialogueInput(accepted, DIALOGUE_TIMEOUT, System::nanoTime), accepted.getOutputStream(),
                            config.passwords);
            ForwardTarget target = socks == null ? spec.target().get() : request(accepted, socks);
            Tunnel tunnel = open(target, socks);
            var relay = new Relay(tunnel, PlainEnd.of(accepted), config.limits);
            try {
                answer(socks, Socks5.SUCCEEDED);
            } catch (IOException e) {
                tunnel.close();
                throw e;
            }
            config.events.ended(name(), target, forwards.run(relay));
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

    private static ForwardTarget request(Socket accepted, Socks5 socks) throws IOException {
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

    private Tunnel open(ForwardTarget target, Socks5 socks) throws IOException {
        try {
            return config.tunnels.open(target);
        } catch (TargetException e) {
            answer(socks, Socks5.code(e.refusal()));
            throw e;
        } catch (IOException e) {
            answer(socks, Socks5.GENERAL_FAILURE);
            throw e;
        }
    }

    private static void answer(Socks5 socks, int code) throws IOException {
        if (socks != null) {
            socks.reply(code);
        }
    }

    /// Stops accepting. Idempotent.
    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            // It accepts no more either way.
        }
    }
}
