package dev.cipherlink.cli.gateway;

import dev.cipherlink.console.Output;
import dev.cipherlink.forward.ForwardListener;
import dev.cipherlink.forward.ForwardListener.ForwardSpec;
import dev.cipherlink.gateway.Gateway;
import dev.cipherlink.text.CliException;
import dev.cipherlink.text.CliException.FailureText;
import dev.cipherlink.text.TerminalText;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// The sockets of one `gateway`, from binding to the end. Used by the main thread.
final class RespListeners implements AutoCloseable {

    private static final int BACKLOG = 1_024;

    private final List<Listener> listeners = new ArrayList<>();
    private final Output output;
    private final Path folder;

    /// What one `--resp` has bound.
    ///
    /// @param name of it, for people
    /// @param path of a Unix socket; else null
    private record Listener(List<ServerSocketChannel> sockets, String name, boolean isOfOthers, Path path) {
    }

    /// @param folder the working folder
    RespListeners(Output output, Path folder) {
        this.output = output;
        this.folder = folder;
    }

    /// Binds what `--resp` says: a port, or the path of a Unix socket, which has a slash.
    ///
    /// @throws CliException if that is wrong, or cannot be bound
    void bind(String text) {
        if (text.indexOf('/') >= 0) {
            bindUnix(text);
        } else {
            bindPort(GatewayCommand.port(text));
        }
    }

    private void bindPort(ForwardSpec spec) {
        try {
            List<ServerSocketChannel> sockets = spec.bind(RespListeners::bindInet, socket -> socket.socket().getLocalPort());
            var address = (InetSocketAddress) sockets.getFirst().getLocalAddress();
            boolean isOfOthers = !address.getAddress().isLoopbackAddress();
            listeners.add(new Listener(sockets, ForwardListener.shown(address), isOfOthers, null));
        } catch (BindException e) {
            throw CliException.usage("cannot listen on " + e.getMessage()).withCause(e).withHint("another port; 0 takes a free one");
        } catch (IOException e) {
            throw CliException.usage("cannot listen on " + spec.bind() + ": " + FailureText.of(e)).withCause(e);
        }
    }

    private static ServerSocketChannel bindInet(InetSocketAddress address) throws IOException {
        var socket = ServerSocketChannel.open();
        try {
            socket.setOption(StandardSocketOptions.SO_REUSEADDR, true);
            return socket.bind(address, BACKLOG);
        } catch (IOException e) {
            socket.close();
            throw new BindException(ForwardListener.shown(address) + ": " + e.getMessage());
        }
    }

    /// Bound inside of a folder for this user alone, and moved from there with its mode: at no moment may others connect.
    private void bindUnix(String text) {
        String what = "cannot listen on " + TerminalText.escapeLine(text) + ": ";
        try {
            Path path = folder.resolve(text);
            removeStale(path, what);
            Path closed = Files.createTempDirectory(path.toAbsolutePath().getParent(), ".resp",
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            var socket = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
            try {
                Path bound = closed.resolve("s");
                socket.bind(UnixDomainSocketAddress.of(bound), BACKLOG);
                Files.setPosixFilePermissions(bound, PosixFilePermissions.fromString("rw-------"));
                Files.move(bound, path);
                listeners.add(new Listener(List.of(socket), path.toString(), false, path));
            } catch (IOException | RuntimeException e) {
                socket.close();
                throw e;
            } finally {
                Files.deleteIfExists(closed.resolve("s"));
                Files.delete(closed);
            }
        } catch (IOException e) {
            throw CliException.usage(what + FailureText.of(e)).withCause(e);
        } catch (InvalidPathException | UnsupportedOperationException e) {
            throw CliException.usage(what + e.getMessage()).withCause(e);
        }
    }

    /// The socket of a process that is not there any more.
    private static void removeStale(Path path, String what) throws IOException {
        if (!Files.exists(path)) {
            return;
        }
        if (!Files.readAttributes(path, BasicFileAttributes.class).isOther()) {
            throw CliException.usage(what + "there is a file of that name, which is no socket");
        }
        try (SocketChannel _ = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
            throw CliException.usage(what + "another process listens there");
        } catch (IOException e) {
            Files.delete(path);
        }
    }

    /// Has them served, and says so.
    void start(Gateway gateway) {
        for (Listener listener : listeners) {
            listener.sockets.forEach(gateway::listen);
            if (listener.isOfOthers) {
                output.notice("cipherlink: " + listener.name + " can be used from other machines, and what they send is not encrypted");
            }
            output.done("ready " + listener.name, Map.of("ready", listener.name));
        }
        output.flush();
    }

    @Override
    public void close() {
        for (Listener listener : listeners) {
            try {
                for (ServerSocketChannel socket : listener.sockets) {
                    socket.close();
                }
                if (listener.path != null) {
                    Files.deleteIfExists(listener.path);
                }
            } catch (IOException e) {
                // It accepts no more either way.
            }
        }
    }
}
