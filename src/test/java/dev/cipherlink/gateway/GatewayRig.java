package dev.cipherlink.gateway;

import dev.cipherlink.client.Client;
import dev.cipherlink.client.ClientConfig;
import dev.cipherlink.server.TestServer;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/// A gateway in front of a server, both in this process and on free ports of the loopback interface.
final class GatewayRig implements AutoCloseable {

    private final TestServer server;
    private final Gateway gateway;
    private final int port;

    private GatewayRig(TestServer server, ClientConfig client, Gateway.Config config) throws IOException {
        this.server = server;
        gateway = new Gateway(Client.connect(client), () -> Client.connect(client), config);
        var listener = ServerSocketChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        port = listener.socket().getLocalPort();
        gateway.listen(listener);
    }

    static GatewayRig start() throws IOException {
        return start(new Gateway.Config(Optional.empty(), 1_000));
    }

    static GatewayRig start(Gateway.Config config) throws IOException {
        TestServer server = TestServer.start();
        return new GatewayRig(server, server.clientConfig().withWindowSize(1_024), config);
    }

    /// In front of a server that the caller closes.
    static GatewayRig before(ClientConfig client) throws IOException {
        return new GatewayRig(null, client, new Gateway.Config(Optional.empty(), 1_000));
    }

    /// The same server, by a relay in front of it.
    static ClientConfig through(ClientConfig direct, int port) {
        return new ClientConfig(direct.host(), port, direct.credentials(), false, 1_024, direct.clientId(),
                direct.connectTimeout(), direct.keepaliveInterval(), direct.reconnectFor(), direct.route(), false);
    }

    Gateway gateway() {
        return gateway;
    }

    TestServer server() {
        return server;
    }

    int port() {
        return port;
    }

    RespClient connect() throws IOException {
        return new RespClient(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    }

    @Override
    public void close() {
        gateway.close();
        if (server != null) {
            server.close();
        }
    }

    /// A client that knows replies as bytes.
    static final class RespClient implements AutoCloseable {
        final SocketChannel channel;
        private final InputStream in;

        RespClient(SocketAddress address) throws IOException {
            channel = SocketChannel.open(address);
            in = new BufferedInputStream(Channels.newInputStream(channel));
        }

        /// One command and its reply, a character a byte.
        String ask(String... words) throws IOException {
            send(words);
            return reply();
        }

        void send(String... words) throws IOException {
            write(encode(words));
        }

        void sendRaw(String bytes) throws IOException {
            write(bytes.getBytes(StandardCharsets.ISO_8859_1));
        }

        void write(byte[] bytes) throws IOException {
            for (ByteBuffer left = ByteBuffer.wrap(bytes); left.hasRemaining(); ) {
                channel.write(left);
            }
        }

        static byte[] encode(String... words) {
            var out = new ByteArrayOutputStream();
            out.writeBytes(("*" + words.length + "\r\n").getBytes(StandardCharsets.ISO_8859_1));
            for (String word : words) {
                out.writeBytes(("$" + word.length() + "\r\n" + word + "\r\n").getBytes(StandardCharsets.ISO_8859_1));
            }
            return out.toByteArray();
        }

        /// The next reply, with everything in it.
        String reply() throws IOException {
            var line = new StringBuilder();
            while (line.length() < 2 || line.charAt(line.length() - 2) != '\r' || line.charAt(line.length() - 1) != '\n') {
                int next = in.read();
                if (next < 0) {
                    throw new EOFException("the connection ended behind '" + line + "'");
                }
                line.append((char) next);
            }
            String count = line.substring(1, line.length() - 2);
            switch (line.charAt(0)) {
                case '$', '=' -> {
                    int length = Integer.parseInt(count);
                    if (length >= 0) {
                        byte[] value = in.readNBytes(length + 2);
                        line.append(new String(value, StandardCharsets.ISO_8859_1));
                    }
                }
                case '*', '~', '>', '%' -> {
                    int elements = Integer.parseInt(count) * (line.charAt(0) == '%' ? 2 : 1);
                    for (int i = 0; i < elements; i++) {
                        line.append(reply());
                    }
                }
                default -> {
                }
            }
            return line.toString();
        }

        /// Everything until the end of the connection.
        String rest() throws IOException {
            return new String(in.readAllBytes(), StandardCharsets.ISO_8859_1);
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }
}
