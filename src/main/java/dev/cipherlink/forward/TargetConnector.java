package dev.cipherlink.forward;

import dev.cipherlink.forward.ForwardRules.GuardedAddress;
import dev.cipherlink.forward.ForwardTarget.TargetException;
import dev.cipherlink.forward.ForwardTarget.TargetException.Refusal;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;

/// Connects a server to the targets of forwards: resolves, asks the rules about each address, and connects to the first
/// one that they admit and that answers. Thread-safe.
public final class TargetConnector {

    /// Names that may be looked up at the same time: the system's resolver blocks a whole thread.
    private static final int MAX_LOOKUPS = 32;
    /// Between two attempts at a Unix socket that has no room for another connection.
    private static final Duration FULL_PAUSE = Duration.ofMillis(20);
    /// Between two looks whether a connection to this machine is there.
    private static final Duration FINISH_PAUSE = Duration.ofMillis(1);
    private final Semaphore lookups = new Semaphore(MAX_LOOKUPS);
    private final Duration timeout;

    /// @param timeout for resolving and connecting together
    public TargetConnector(Duration timeout) {
        this.timeout = timeout;
    }

    /// A target that was connected to.
    ///
    /// @param channel in blocking mode
    /// @param address empty for a Unix socket
    public record Connected(SocketChannel channel, Optional<InetAddress> address) {
    }

    /// Blocks, at most for the configured time.
    ///
    /// @throws TargetException if it cannot or must not be reached; the message says why
    public Connected connect(ForwardTarget target, ForwardRules rules) throws IOException {
        long deadline = System.nanoTime() + timeout.toNanos();
        if (!rules.concern(target)) {
            throw notAllowed(target, List.of());
        }
        if (target.isPath()) {
            return new Connected(connectUnix(target, deadline), Optional.empty());
        }
        List<InetAddress> addresses = List.of(resolve(target, deadline));
        List<InetAddress> admitted = addresses.stream().filter(address -> rules.admit(target, address)).toList();
        if (admitted.isEmpty()) {
            throw notAllowed(target, addresses);
        }
        TargetException failure = null;
        for (InetAddress address : admitted) {
            try {
                return new Connected(connect(target, address, deadline), Optional.of(address));
            } catch (IOException e) {
                failure = explained(target, e);
            }
        }
        throw failure;
    }

    /// Begins to connect to a target on the loopback interface, which mostly is done then. Does not block.
    ///
    /// @return null if it is another target, for [#connect]; a channel that is not connected yet is for [#finish]
    /// @throws TargetException if it cannot or must not be reached
    public SocketChannel begin(ForwardTarget target, ForwardRules rules) throws IOException {
        if (target.isPath() || !isLiteral(target) || !literal(target)[0].isLoopbackAddress()) {
            return null;
        }
        InetAddress address = literal(target)[0];
        if (!rules.concern(target) || !rules.admit(target, address)) {
            throw notAllowed(target, List.of(address));
        }
        SocketChannel channel = SocketChannel.open();
        try {
            channel.configureBlocking(false);
            ForwardSockets.tune(channel.socket());
            channel.connect(new InetSocketAddress(address, target.port()));
            channel.finishConnect(); // Linux says "in progress" of loopback too, and has connected by the next call
            return channel;
        } catch (IOException e) {
            channel.close();
            throw explained(target, e);
        }
    }

    /// Waits until a channel of [#begin] is connected, at most for the configured time.
    ///
    /// @throws TargetException if it cannot be reached; the channel is closed then
    public SocketChannel finish(ForwardTarget target, SocketChannel begun) throws IOException {
        long deadline = System.nanoTime() + timeout.toNanos();
        try {
            while (!begun.finishConnect()) {
                if (System.nanoTime() > deadline) {
                    throw new SocketTimeoutException();
                }
                Thread.sleep(FINISH_PAUSE);
            }
            return begun;
        } catch (IOException e) {
            begun.close();
            throw explained(target, e);
        } catch (InterruptedException e) {
            begun.close();
            Thread.currentThread().interrupt();
            throw new TargetException(Refusal.FAILED, "the server stopped waiting for " + target);
        }
    }

    /// The addresses of a name are for the operator only.
    ///
    /// @param addresses empty if it was not looked up
    private static TargetException notAllowed(ForwardTarget target, List<InetAddress> addresses) {
        String reason = "no rule admits " + target + ": the operator of the server can add forward=" + target
                + " to the line of your key in the authorized-keys file, or " + target + " to forward.allow";
        if (addresses.isEmpty() || isLiteral(target)) {
            return new TargetException(Refusal.NOT_ALLOWED, reason, "");
        }
        String found = addresses.stream().map(TargetConnector::described).collect(Collectors.joining(", "));
        return new TargetException(Refusal.NOT_ALLOWED, reason + "; if that is there, the server's log says what is missing",
                target + " leads to " + found);
    }

    private static String described(InetAddress address) {
        return address.getHostAddress().replaceFirst("%.*", "")
                + (GuardedAddress.bitsToName(address) > 0 ? ", which only a rule for this address or its network admits" : "");
    }

    private static TargetException explained(ForwardTarget target, IOException cause) {
        return switch (cause) {
            case SocketTimeoutException _ -> new TargetException(Refusal.TIMEOUT, target + " does not answer");
            case NoRouteToHostException _ -> new TargetException(Refusal.UNREACHABLE, "there is no route to " + target);
            case ConnectException e when String.valueOf(e.getMessage()).startsWith("Connection refused") ->
                    new TargetException(Refusal.CONNECTION_REFUSED, target + " refuses connections");
            default -> new TargetException(Refusal.UNREACHABLE, "cannot connect to " + target, cause.getMessage());
        };
    }

    private static SocketChannel connect(ForwardTarget target, InetAddress address, long deadline) throws IOException {
        int millis = (int) ((deadline - System.nanoTime()) / 1_000_000);
        if (millis <= 0) {
            throw new SocketTimeoutException();
        }
        SocketChannel channel = SocketChannel.open();
        try {
            channel.socket().connect(new InetSocketAddress(address, target.port()), millis);
            ForwardSockets.tune(channel.socket());
            return channel;
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    /// A process that accepts nothing leaves no room for connections, and connecting then waits.
    private static SocketChannel connectUnix(ForwardTarget target, long deadline) throws TargetException {
        try {
            for (SocketChannel channel = tryUnix(target); ; channel = tryUnix(target)) {
                if (channel != null) {
                    return channel;
                }
                if (System.nanoTime() > deadline) {
                    throw new TargetException(Refusal.TIMEOUT, target + " does not answer");
                }
                Thread.sleep(FULL_PAUSE);
            }
        } catch (TargetException e) {
            throw e;
        } catch (ConnectException e) {
            throw new TargetException(Refusal.CONNECTION_REFUSED, target + " refuses connections");
        } catch (IOException e) {
            throw new TargetException(Refusal.UNREACHABLE, "cannot connect to " + target, e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new TargetException(Refusal.FAILED, "the server stopped waiting for " + target);
        }
    }

    /// @return null if it has no room for another connection
    private static SocketChannel tryUnix(ForwardTarget target) throws IOException {
        SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            channel.configureBlocking(false);
            boolean isConnected = channel.connect(UnixDomainSocketAddress.of(target.host()));
            channel.configureBlocking(true);
            if (isConnected) {
                return channel;
            }
            channel.close();
            return null;
        } catch (IOException e) {
            channel.close();
            if (String.valueOf(e.getMessage()).startsWith("Resource temporarily unavailable")) {
                return null;
            }
            throw e;
        }
    }

    /// Addresses at once, names in a platform thread: the resolver would hold one of the few carriers of virtual threads.
    private InetAddress[] resolve(ForwardTarget target, long deadline) throws TargetException {
        if (isLiteral(target)) {
            return literal(target);
        }
        var lookup = new FutureTask<>(() -> InetAddress.getAllByName(target.host()));
        try {
            if (lookups.tryAcquire(deadline - System.nanoTime(), TimeUnit.NANOSECONDS)) {
                Thread.ofPlatform().daemon().name("cipherlink-lookup").start(() -> {
                    try {
                        lookup.run();
                    } finally {
                        lookups.release();
                    }
                });
                return lookup.get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
            }
            throw new TargetException(Refusal.TIMEOUT, "too many names are being looked up");
        } catch (TimeoutException e) {
            throw new TargetException(Refusal.TIMEOUT, "the name of " + target + " was not found in time");
        } catch (ExecutionException e) {
            throw noSuchHost(target);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new TargetException(Refusal.FAILED, "the server stopped waiting for " + target);
        }
    }

    private static boolean isLiteral(ForwardTarget target) {
        return target.host().indexOf(':') >= 0 || ForwardTarget.isIpv4(target.host());
    }

    private static InetAddress[] literal(ForwardTarget target) throws TargetException {
        try {
            return new InetAddress[] {InetAddress.ofLiteral(target.host())};
        } catch (IllegalArgumentException e) {
            throw noSuchHost(target);
        }
    }

    private static TargetException noSuchHost(ForwardTarget target) {
        return new TargetException(Refusal.NO_SUCH_HOST, "the server finds no address for " + target.host());
    }
}
