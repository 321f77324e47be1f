package dev.cipherlink.client;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.Proxy;
import java.net.Socket;
import java.net.SocketException;
import java.net.StandardSocketOptions;
import java.net.UnknownHostException;

/// How a client's connections get to its server: directly, through a proxy ([ProxyRoute]), or through another server ([ViaRoute]).
/// Thread-safe.
public sealed interface Route permits Route.Direct, ProxyRoute, ViaRoute {

    /// The JVM's own SOCKS settings are not asked: that takes longer than connecting.
    Route DIRECT = new Direct();

    /// A socket for [#connect], which the caller closes.
    default Socket socket() {
        return new Socket(Proxy.NO_PROXY);
    }

    /// Whether [#connect] takes any socket of TCP, also one of a channel that a selector serves.
    default boolean isTcp() {
        return true;
    }

    /// Blocks without a time limit of its own: an interrupt closes the socket.
    ///
    /// @param socket from [#socket]
    /// @throws UnknownHostException if there is no such name
    void connect(Socket socket, String host, int port) throws IOException;

    /// Nothing between client and server.
    record Direct() implements Route {

        @Override
        public void connect(Socket socket, String host, int port) throws IOException {
            var address = new InetSocketAddress(host, port);
            if (address.isUnresolved()) {
                throw new UnknownHostException(host);
            }
            try {
                socket.connect(address);
            } catch (ConnectException | NoRouteToHostException e) {
                throw e;
            } catch (SocketException e) { // no network, no address of that family: not the server's doing
                throw (IOException) new ConnectException(e.getMessage()).initCause(e);
            }
            socket.setOption(StandardSocketOptions.TCP_NODELAY, true);
        }
    }
}
