package dev.cipherlink.forward;

import java.io.Closeable;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.StandardSocketOptions;
import java.net.UnknownHostException;
import java.nio.channels.ServerSocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.ToIntFunction;

/// The address to listen on, and the target of the connections accepted there.
///
/// @param bind   name or address to listen on, without brackets; `*` for all of this machine, `localhost` for both of
///               its loopback addresses; or the path of a Unix socket, which has a slash
/// @param port   0 .. 65,535; 0 takes a free one, and stands beside a path
/// @param target where to; empty if each connection says so itself, by SOCKS or HTTP
public record ForwardSpec(String bind, int port, Optional<ForwardTarget> target) {

    private static final int BACKLOG = 1_024;
    /// Attempts to find a free port that both loopback addresses have.
    private static final int PORT_ATTEMPTS = 20;
    /// The default: both loopback addresses.
    public static final String LOOPBACK = "localhost";
    /// All addresses of this machine.
    public static final String EVERYWHERE = "*";

    /// The value of `-L`: `[bind:]port:host:port`, where a path may stand for either end.
    ///
    /// @throws IllegalArgumentException if the syntax is wrong; the message says what is allowed
    public static ForwardSpec parseLocal(String text) {
        List<String> parts = split(text);
        boolean toPath = parts.getLast().indexOf('/') >= 0;
        int listening = parts.size() - (toPath ? 1 : 2);
        boolean fromPath = parts.getFirst().indexOf('/') >= 0;
        if (listening < 1 || listening > (fromPath ? 1 : 2)) {
            throw new IllegalArgumentException("[BIND:]PORT:HOST:PORT is needed, IPv6 addresses in brackets; a path without a colon "
                    + "may stand for [BIND:]PORT or HOST:PORT");
        }
        ForwardTarget target = toPath ? ForwardTarget.ofPath(parts.getLast())
                : new ForwardTarget(unbracketed(parts.get(listening)), ForwardTarget.port(parts.getLast(), 1));
        return listening(parts.subList(0, listening), Optional.of(target));
    }

    /// The value of `-D` and `-H`: `[bind:]port`.
    ///
    /// @throws IllegalArgumentException if the syntax is wrong; the message says what is allowed
    public static ForwardSpec parseDynamic(String text) {
        List<String> parts = split(text);
        if (parts.size() > 2 || text.indexOf('/') >= 0) {
            throw new IllegalArgumentException("[BIND:]PORT is needed, an IPv6 address in brackets");
        }
        return listening(parts, Optional.empty());
    }

    /// The value of `-R`, that of `-L` or of `-D`: at the server the address to listen on, at the client the target.
    ///
    /// @throws IllegalArgumentException if the syntax is wrong; the message says what is allowed
    public static ForwardSpec parseRemote(String text) {
        return text.indexOf('/') < 0 && split(text).size() <= 2 ? parseDynamic(text) : parseLocal(text);
    }

    /// What a client asks a server to listen on, as [#listenText] writes it.
    ///
    /// @throws IllegalArgumentException if the syntax is wrong; the message says what is allowed
    public static ForwardSpec parseListen(String text) {
        return text.startsWith("/") ? new ForwardSpec(ForwardTarget.ofPath(text).host(), 0, Optional.empty()) : parseDynamic(text);
    }

    /// The address to listen on: `bind:port` or a path.
    public String listenText() {
        return isPath() ? bind : (bind.indexOf(':') < 0 ? bind : "[" + bind + "]") + ":" + port;
    }

    /// The target for people.
    public String targetText() {
        return target.map(ForwardTarget::toString).orElse("SOCKS, HTTP");
    }

    /// Whether an address could not be listened on because somebody else does, as the JDK and [UnixSocket] word it.
    public static boolean isInUse(IOException failure) {
        String message = String.valueOf(failure.getMessage());
        return message.contains("in use") || message.contains("listens there");
    }

    private static ForwardSpec listening(List<String> parts, Optional<ForwardTarget> target) {
        if (parts.getFirst().indexOf('/') >= 0) {
            return new ForwardSpec(parts.getFirst(), 0, target);
        }
        return new ForwardSpec(parts.size() == 2 ? bind(parts.getFirst()) : LOOPBACK, ForwardTarget.port(parts.getLast(), 0), target);
    }

    /// Whether it listens on a Unix socket.
    public boolean isPath() {
        return bind.indexOf('/') >= 0;
    }

    /// Makes a listening socket.
    @FunctionalInterface
    public interface Binder<S> {
        /// @throws BindException if the address cannot be bound; the message begins with it
        S bind(InetSocketAddress address) throws IOException;
    }

    /// Listens on the port of each address. If one fails, none stays bound.
    ///
    /// @throws BindException        if an address cannot be bound; the message begins with it
    /// @throws UnknownHostException if there is no such name
    public List<ServerSocketChannel> listen() throws IOException {
        return bind(ForwardSpec::listen, socket -> socket.socket().getLocalPort());
    }

    private static ServerSocketChannel listen(InetSocketAddress address) throws IOException {
        var socket = ServerSocketChannel.open();
        try {
            socket.setOption(StandardSocketOptions.SO_REUSEADDR, true);
            return socket.bind(address, BACKLOG);
        } catch (IOException e) {
            socket.close();
            throw new BindException(shown(address) + ": " + e.getMessage());
        }
    }

    /// An address for people, an IPv6 one in brackets and without its scope.
    public static String shown(InetSocketAddress address) {
        String host = address.getAddress().getHostAddress().replaceFirst("%.*", "");
        return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + address.getPort();
    }

    /// Binds the port of each address with another kind of socket. If one fails, none stays bound.
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
