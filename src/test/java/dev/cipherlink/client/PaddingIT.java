package dev.cipherlink.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.server.PersonalServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What an attacker on the network sees of the sizes of packets, with and without padding.
class PaddingIT {

    /// Passes one connection on and keeps what it saw.
    private static final class Wire implements AutoCloseable {
        final ServerSocket listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        final ByteArrayOutputStream fromClient = new ByteArrayOutputStream();
        final ByteArrayOutputStream fromServer = new ByteArrayOutputStream();

        Wire(int serverPort) throws IOException {
            Thread.ofVirtual().start(() -> {
                try {
                    Socket client = listener.accept();
                    var server = new Socket(InetAddress.getLoopbackAddress(), serverPort);
                    Thread.ofVirtual().start(() -> pump(client, server, fromClient));
                    pump(server, client, fromServer);
                } catch (IOException _) {
                    // closed
                }
            });
        }

        private static void pump(Socket from, Socket to, ByteArrayOutputStream seen) {
            try (from; to) {
                byte[] buffer = new byte[8_192];
                for (int count = from.getInputStream().read(buffer); count > 0; count = from.getInputStream().read(buffer)) {
                    synchronized (seen) {
                        seen.write(buffer, 0, count);
                    }
                    to.getOutputStream().write(buffer, 0, count);
                }
            } catch (IOException _) {
                // cut
            }
        }

        /// Sizes of the plaintext of packets after the handshakes.
        static List<Integer> sizes(ByteArrayOutputStream seen, int handshakes) {
            byte[] all;
            synchronized (seen) {
                all = seen.toByteArray();
            }
            var sizes = new ArrayList<Integer>();
            for (var bytes = ByteBuffer.wrap(all); bytes.remaining() >= 9; ) {
                bytes.get();
                bytes.getInt();
                int size = bytes.getInt();
                sizes.add(size - 16);
                bytes.position(Math.min(bytes.limit(), bytes.position() + size));
            }
            return sizes.subList(handshakes, sizes.size());
        }

        @Override
        public void close() throws IOException {
            listener.close();
        }
    }

    private static List<List<Integer>> talk(boolean isPadded) throws Exception {
        try (var server = PersonalServer.start(); var wire = new Wire(server.port())) {
            ClientConfig config = ClientConfig.to("127.0.0.1", wire.listener.getLocalPort(), server.clientConfig().credentials())
                    .withPadding(isPadded);
            try (Client client = Client.connect(config)) {
                for (int size : new int[] {1, 100, 200, 700, 3_000}) {
                    client.set("k", new byte[size]);
                    assertEquals(size, client.get("k").orElseThrow().length);
                }
                client.set("large", new byte[5_000]);
                String info = client.request("INFO").text();
                assertTrue(info.contains("\npadding: " + (isPadded ? "on" : "off")), info);
                assertTrue(info.contains("\nrekeys_in: 0\nrekeys_out: 0"), info);
            }
            // Noise messages 1 and 3, SYN, ACK; Noise message 2, SYN_ACK
            return List.of(Wire.sizes(wire.fromClient, 4), Wire.sizes(wire.fromServer, 2));
        }
    }

    @Test
    void smallPacketsOfBothDirectionsHaveOneOfFiveSizes() throws Exception {
        for (List<Integer> direction : talk(true)) {
            assertTrue(direction.size() > 8, direction.toString());
            assertTrue(direction.stream().allMatch(size -> size > 4_096 || List.of(256, 512, 1_024, 2_048, 4_096).contains(size)),
                    direction.toString());
        }
    }

    @Test
    void withoutPaddingSizesShow() throws Exception {
        for (List<Integer> direction : talk(false)) {
            assertTrue(direction.stream().anyMatch(size -> size < 30), direction.toString());
            assertTrue(direction.stream().anyMatch(size -> size > 700 && size < 750), direction.toString());
        }
    }
}
