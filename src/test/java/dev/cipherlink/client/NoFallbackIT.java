package dev.cipherlink.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.client.LostHandshakeException;
import dev.cipherlink.server.PersonalServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Case 7 of the fault catalogue: a man in the middle who rewrites the version byte. A client of version 2 fails; it
/// says nothing in version 1, and does not connect again.
class NoFallbackIT {

    /// A proxy that rewrites the first byte in one direction or both, and keeps what the client sent.
    private static final class Proxy implements AutoCloseable {
        private final ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        private final AtomicInteger connections = new AtomicInteger();
        private final ByteArrayOutputStream fromClient = new ByteArrayOutputStream();

        /// @param toServer -1 leaves the byte as it is; so does toClient
        Proxy(int serverPort, int toServer, int toClient) throws IOException {
            Thread.ofVirtual().start(() -> {
                try {
                    while (true) {
                        Socket client = listener.accept();
                        connections.incrementAndGet();
                        var server = new Socket(InetAddress.getLoopbackAddress(), serverPort);
                        Thread.ofVirtual().start(() -> pump(client, server, toServer, fromClient));
                        Thread.ofVirtual().start(() -> pump(server, client, toClient, new ByteArrayOutputStream()));
                    }
                } catch (IOException _) {
                    // closed
                }
            });
        }

        private static void pump(Socket from, Socket to, int first, ByteArrayOutputStream seen) {
            try (from; to) {
                InputStream in = from.getInputStream();
                byte[] buffer = new byte[8_192];
                boolean isFirst = true;
                for (int count = in.read(buffer); count > 0; count = in.read(buffer)) {
                    synchronized (seen) {
                        seen.write(buffer, 0, count);
                    }
                    buffer[0] = isFirst && first >= 0 ? (byte) first : buffer[0];
                    isFirst = false;
                    to.getOutputStream().write(buffer, 0, count);
                }
            } catch (IOException _) {
                // cut
            }
        }

        byte[] fromClient() {
            synchronized (fromClient) {
                return fromClient.toByteArray();
            }
        }

        @Override
        public void close() throws IOException {
            listener.close();
        }
    }

    private static ClientConfig through(Proxy proxy, PersonalServer server) {
        ClientConfig direct = server.clientConfig();
        return ClientConfig.to("127.0.0.1", proxy.listener.getLocalPort(), direct.credentials())
                .withTimes(Duration.ofSeconds(3), Duration.ofSeconds(10));
    }

    @Test
    void goesThroughAProxyThatChangesNothing() throws Exception {
        try (var server = PersonalServer.start(); var proxy = new Proxy(server.port(), -1, -1);
             var client = Client.connect(through(proxy, server))) {
            assertEquals("PONG", client.request("PING").text());
            assertEquals(2, proxy.fromClient()[0]);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3, 255})
    void failsIfItsVersionByteIsRewrittenOnTheWay(int version) throws Exception {
        try (var server = PersonalServer.start(); var proxy = new Proxy(server.port(), version, -1)) {
            assertThrows(LostHandshakeException.class, () -> Client.connect(through(proxy, server)));
            assertSaidOnlyItsFirstMessage(proxy);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3, 255})
    void failsIfTheServersVersionByteIsRewrittenOnTheWay(int version) throws Exception {
        try (var server = PersonalServer.start(); var proxy = new Proxy(server.port(), -1, version)) {
            var failure = assertThrows(AuthenticationException.class, () -> Client.connect(through(proxy, server)));
            assertTrue(failure.getMessage().contains("version"), failure.getMessage());
            assertSaidOnlyItsFirstMessage(proxy);
        }
    }

    private static void assertSaidOnlyItsFirstMessage(Proxy proxy) {
        assertEquals(1, proxy.connections.get());
        byte[] said = proxy.fromClient();
        assertEquals(9 + 1 + 32, said.length);
        assertEquals(2, said[0]);
    }
}
