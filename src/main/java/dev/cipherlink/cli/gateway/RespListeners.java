package dev.cipherlink.cli.gateway;

import dev.cipherlink.console.Output;
import dev.cipherlink.forward.ForwardSpec;
import dev.cipherlink.forward.UnixSocket;
import dev.cipherlink.gateway.Gateway;
import dev.cipherlink.text.CliException;
import dev.cipherlink.text.CliException.FailureText;
import dev.cipherlink.text.TerminalText;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The sockets of one `gateway`, from binding to the end. Used by the main thread.
final class RespListeners implements AutoCloseable {

    private final List<Listener> listeners = new ArrayList<>();
    private final Output output;
    private final Path folder;

    /// What one `--resp` has bound.
    ///
    /// @param name of it, for people
    /// @param unixSocket empty for a port
    private record Listener(List<ServerSocketChannel> sockets, String name, boolean isOfOthers, Optional<UnixSocket> unixSocket) {
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
            List<ServerSocketChannel> sockets = spec.listen();
            var address = (InetSocketAddress) sockets.getFirst().getLocalAddress();
            boolean isOfOthers = !address.getAddress().isLoopbackAddress();
            listeners.add(new Listener(sockets, ForwardSpec.shown(address), isOfOthers, Optional.empty()));
        } catch (BindException e) {
            throw CliException.usage("cannot listen on " + e.getMessage()).withCause(e).withHint("another port; 0 takes a free one");
        } catch (IOException e) {
            throw CliException.usage("cannot listen on " + spec.bind() + ": " + FailureText.of(e)).withCause(e);
        }
    }

    private void bindUnix(String text) {
        try {
            UnixSocket socket = UnixSocket.bind(folder.resolve(text));
            listeners.add(new Listener(List.of(socket.channel()), socket.path().toString(), false, Optional.of(socket)));
        } catch (BindException e) {
            throw CliException.usage("cannot listen on " + TerminalText.escapeLine(e.getMessage())).withCause(e);
        } catch (IOException e) {
            throw CliException.usage("cannot listen on " + TerminalText.escapeLine(text) + ": " + FailureText.of(e)).withCause(e);
        } catch (InvalidPathException | UnsupportedOperationException e) {
            throw CliException.usage("cannot listen on " + TerminalText.escapeLine(text) + ": " + e.getMessage()).withCause(e);
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
                if (listener.unixSocket.isPresent()) {
                    listener.unixSocket.get().close();
                }
            } catch (IOException e) {
                // It accepts no more either way.
            }
        }
    }
}
