package dev.cipherlink.server;

import dev.cipherlink.command.Escapes;
import dev.cipherlink.message.SessionParameters.OperationMode;
import dev.cipherlink.server.sessions.SessionOrigin.Services.Sockets;
import dev.cipherlink.session.Link;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.List;

/// The connections as operators see and end them.
record OperatorSockets(Server server) implements Sockets {

    @Override
    public List<String> list() {
        return server.connections().stream().map(OperatorSockets::describe).toList();
    }

    /// A line of SOCKETS: id, local address, remote address, state, name, mode, bytes in/out; the target of a forward, or how many
    /// channels there are and what the client listens on.
    static String describe(Connection connection) {
        Link live = connection.link();
        StreamConnection forward = connection.stream();
        String state = connection.isDraining() ? "draining" : connection.isEstablished() ? "established" : "handshake";
        ChannelSession channels = connection.channels();
        String name = forward != null || channels != null ? Escapes.line(connection.admission().client().name())
                : live == null ? "-" : Escapes.line(live.session().identity().name());
        String mode = forward != null ? OperationMode.STREAM.wireName() : channels != null ? OperationMode.CHANNELS.wireName()
                : live == null ? "-" : live.session().parameters().mode().wireName();
        return connection.id() + " " + address(connection.socket().getLocalSocketAddress()) + " " + peer(connection) + " " + state
                + " " + name + " " + mode + " " + connection.bytesIn() + "/" + connection.bytesOut()
                + (forward != null ? " " + forward.target() : channels != null ? " " + ofChannels(channels) : "");
    }

    private static String ofChannels(ChannelSession channels) {
        List<String> listeners = channels.server().listeners.addressesOf(channels);
        return channels.size() + (listeners.isEmpty() ? "" : " " + String.join(",", listeners));
    }

    /// The remote address; `-` if it is unknown.
    static String peer(Connection connection) {
        return address(connection.socket().getRemoteSocketAddress());
    }

    private static String address(SocketAddress address) {
        if (address instanceof InetSocketAddress inet && inet.getAddress() != null) {
            String host = inet.getAddress().getHostAddress();
            return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + inet.getPort();
        }
        return "-";
    }

    @Override
    public boolean end(long id, String operator) {
        Connection found = server.connection(id);
        if (found != null) {
            Thread.startVirtualThread(() -> found.endByOperator(operator));
        }
        return found != null;
    }

    @Override
    public int endSessions(String name, String operator) {
        int count = (int) server.sessions.list(System.nanoTime()).stream().filter(each -> each.name().equalsIgnoreCase(name)).count();
        // In a thread without locks: the caller holds that of its own session.
        Thread.startVirtualThread(() -> {
            server.sessions.endNamed(name);
            server.connections().stream().filter(each -> each.hasSessionOf(name)).forEach(each -> each.endByOperator(operator));
        });
        return count;
    }
}
