package dev.cipherlink.server;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.client.AuthenticationException;
import dev.cipherlink.client.Client;
import dev.cipherlink.client.ClientConfig;
import dev.cipherlink.client.ClientConfig.Credentials;
import dev.cipherlink.crypto.Identity;
import dev.cipherlink.noise.Suite;
import dev.cipherlink.server.HandshakeGate.HandshakeLimits;
import dev.cipherlink.session.CloseReason;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;

/// The effect of strangers from many addresses on other clients and on the log.
class StrangersIT {

    private static final Duration LONG = Duration.ofMinutes(5);
    /// As the defaults, an eighth of each.
    private static final HandshakeLimits LIMITS = limits(false);

    private static HandshakeLimits limits(boolean penalties) {
        return new HandshakeLimits(8, 16, 64, 48, 24, 10_000, 10_000, 24, 48, penalties);
    }

    private static TestServer start(HandshakeLimits limits) throws IOException {
        return TestServer.start(TestServer.times(LONG, LONG, Duration.ofMillis(200)).andThen(to -> to.handshakes = limits));
    }

    private static Socket connectFrom(String address, TestServer server) throws IOException {
        return new Socket(InetAddress.getByName("127.0.0.1"), server.port(), InetAddress.getByName(address), 0);
    }

    /// Issue 13.12: until the deadline of each, and they came again. Nobody else was let in.
    @Test
    void silentConnectionsOfManyAddressesKeepNobodyOut() throws Exception {
        try (var server = start(LIMITS)) {
            List<Socket> silent = new ArrayList<>();
            for (int i = 0; i < 64; i++) {
                silent.add(connectFrom("127.0." + (1 + i % 8) + ".1", server));
            }
            await().ignoreExceptions().until(() -> {
                try (Client client = Client.connect(server.clientConfig())) {
                    return client.request("PING").text().equals("PONG");
                }
            });
            for (int i = 0; i < 100; i++) {
                silent.add(connectFrom("127.0." + (1 + i % 8) + ".1", server));
            }
            // It is known by now, and has a place whatever strangers do.
            try (Client client = Client.connect(server.clientConfig())) {
                assertEquals("PONG", client.request("PING").text());
                assertTrue(server.ended(CloseReason.TOO_MANY_HANDSHAKES) > 0);
            }
            for (Socket socket : silent) {
                socket.close();
            }
        }
    }

    /// Issue 13.12: an address whose handshakes fail again and again has to wait, and others do not.
    @Test
    void anAddressWhoseHandshakesFailHasToWait() throws Exception {
        try (var server = start(limits(true))) {
            await().until(() -> {
                try (Socket socket = connectFrom("127.0.3.1", server)) {
                    socket.getOutputStream().write("GET / HTTP/1.0\r\n\r\n".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
                    socket.getInputStream().readAllBytes();
                } catch (IOException e) {
                    // A reset.
                }
                return server.ended(CloseReason.TOO_MANY_HANDSHAKES) > 0;
            });
            long failed = server.ended(CloseReason.HANDSHAKE_FAILED);
            assertTrue(failed >= 3 && failed < 20, "one or two are nobody's fault: " + failed);
            try (Client client = Client.connect(server.clientConfig())) {
                assertEquals("PONG", client.request("PING").text());
            }
        }
    }

    /// Collects what the server logs.
    private static final class Collector extends Handler implements AutoCloseable {
        private final List<String> lines = new CopyOnWriteArrayList<>();
        private final Logger logger = Logger.getLogger("dev.cipherlink.server");

        Collector() {
            logger.addHandler(this);
        }

        @Override
        public void publish(LogRecord line) {
            if (line.getLevel().intValue() >= Level.INFO.intValue()) {
                lines.add(new java.util.logging.SimpleFormatter().formatMessage(line));
            }
        }

        @Override
        public void flush() {
            // Nothing is buffered.
        }

        @Override
        public void close() {
            logger.removeHandler(this);
        }
    }

    /// Issue 13.13: each was a line, and had a command in it that lets it in.
    @Test
    void refusedStrangersAreAFewLinesWithoutACommand() throws Exception {
        try (var server = PersonalServer.start(); var stranger = Identity.generate(); var collector = new Collector()) {
            var credentials = new Credentials.Personal(stranger, (_, _, _) -> { }, Suite.AES_GCM);
            for (int i = 1; i <= 30; i++) {
                int count = i;
                try (Client client = Client.connect(ClientConfig.to("127.0.0.1", server.port(), credentials))) {
                    throw new AssertionError("let in as " + client.session().clientId());
                } catch (AuthenticationException e) {
                    await().until(() -> server.ended(CloseReason.NOT_AUTHORIZED) == count);
                }
            }
            List<String> lines = collector.lines.stream().filter(line -> line.contains("NOT_AUTHORIZED")).toList();
            assertEquals(ConnectionLog.STRANGERS_PER_NETBLOCK, lines.size(), lines::toString);
            assertTrue(lines.getFirst().contains("unknown key " + stranger.publicKey().fingerprint()), lines.getFirst());
            assertFalse(String.join("", collector.lines).contains("authorize"), collector.lines::toString);
        }
    }
}
