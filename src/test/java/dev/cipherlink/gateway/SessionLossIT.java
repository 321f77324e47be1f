package dev.cipherlink.gateway;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.client.Client;
import dev.cipherlink.gateway.GatewayRig.RespClient;
import dev.cipherlink.server.TestServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

/// What a gateway does once the client library has given up its session.
@Timeout(value = 300, threadMode = ThreadMode.SEPARATE_THREAD)
class SessionLossIT {

    private static final int CLIENTS = 20;

    /// A gateway whose first session ends with the server's first loss of connection.
    private static final class Rig implements AutoCloseable {
        final TestServer first = TestServer.start();
        final Gateway gateway;
        private final InetSocketAddress address;

        Rig(Callable<Client> connecting) throws IOException {
            gateway = new Gateway(Client.connect(first.clientConfig().withReconnect(Duration.ZERO)), connecting,
                    new Gateway.Config(Optional.empty(), 100));
            var listener = ServerSocketChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            address = new InetSocketAddress(InetAddress.getLoopbackAddress(), listener.socket().getLocalPort());
            gateway.listen(listener);
        }

        RespClient connect() throws IOException {
            return new RespClient(address);
        }

        @Override
        public void close() {
            gateway.close();
            first.close();
        }
    }

    /// Holds the thread that logs the loss of the session.
    private static final class HeldLog extends Handler implements AutoCloseable {
        private static final Logger LOGGER = Logger.getLogger(ServerLink.class.getName());
        final CountDownLatch entered = new CountDownLatch(1);
        final CountDownLatch released = new CountDownLatch(1);

        HeldLog() {
            LOGGER.addHandler(this);
        }

        @Override
        public void publish(LogRecord entry) {
            if (entry.getMessage().startsWith("the session is lost")) {
                entered.countDown();
                try {
                    released.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
        }

        @Override
        public void flush() {
            // Nothing is kept.
        }

        @Override
        public void close() {
            released.countDown();
            LOGGER.removeHandler(this);
        }
    }

    @Test
    void keepsItsNewSessionWhenTheLossOfTheOldOneIsToldLate() throws Exception {
        try (TestServer second = TestServer.start(); HeldLog log = new HeldLog();
                Rig rig = new Rig(() -> Client.connect(second.clientConfig())); RespClient client = rig.connect()) {
            assertEquals("$-1\r\n", client.ask("GET", "a"));
            rig.first.stop();
            assertTrue(log.entered.await(60, TimeUnit.SECONDS));
            assertEquals("+OK\r\n", client.ask("SET", "a", "1"));
            log.released.countDown();
            for (int i = 0; i < 500; i++) {
                assertEquals("$1\r\n1\r\n", client.ask("GET", "a"));
            }
            assertEquals(1, second.connections());
        }
    }

    @Test
    void sharesAnAttemptBetweenItsClientsAndStopsMeanwhile() throws Exception {
        var attempts = new AtomicInteger();
        var first = new CountDownLatch(1);
        var second = new CountDownLatch(1);
        try (Rig rig = new Rig(() -> {
            (attempts.incrementAndGet() == 1 ? first : second).await();
            throw new IOException("no route");
        })) {
            rig.first.stop();
            List<RespClient> clients = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                clients.add(rig.connect());
                clients.getLast().send("GET", "a");
            }
            await().until(() -> rig.gateway.totals().commands() == CLIENTS && attempts.get() == 1);
            first.countDown();
            clients.getFirst().reply();
            // One that came late may have begun the second attempt before this one does.
            clients.add(rig.connect());
            clients.getLast().send("GET", "a");
            await().until(() -> attempts.get() == 2);
            Thread stopping = Thread.ofVirtual().start(() -> {
                try {
                    rig.gateway.stop(Duration.ofMillis(1));
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
            stopping.join(Duration.ofSeconds(30));
            boolean isStopping = stopping.isAlive();
            second.countDown();
            stopping.join();
            assertFalse(isStopping, "stopping waited for an attempt to connect");
            assertEquals(2, attempts.get());
            for (RespClient client : clients) {
                client.close();
            }
        }
    }
}
