package dev.cipherlink.fault;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The proxy does what its plans say: both ends of a connection in the hands of the test.
class FaultProxyIT {

    private ServerSocket listener;

    /// The two ends of one connection through a proxy.
    private record Ends(FaultProxy proxy, Socket client, Socket server) implements AutoCloseable {
        @Override
        public void close() throws IOException {
            client.close();
            server.close();
            proxy.close();
        }
    }

    @BeforeEach
    void listen() throws IOException {
        listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    }

    @AfterEach
    void stop() throws IOException {
        listener.close();
    }

    private Ends connect(FaultPlan plan) throws IOException {
        FaultProxy proxy = FaultProxy.to(listener.getLocalPort(), plan);
        var client = new Socket(InetAddress.getLoopbackAddress(), proxy.port());
        Socket server = listener.accept();
        client.setSoTimeout(60_000);
        server.setSoTimeout(60_000);
        return new Ends(proxy, client, server);
    }

    private static byte[] bytes(int count) {
        var bytes = new byte[count];
        new Random(count).nextBytes(bytes);
        return bytes;
    }

    private static byte[] read(Socket socket, int count) throws IOException {
        return socket.getInputStream().readNBytes(count);
    }

    private static void assertEnded(Socket socket) throws IOException {
        assertEquals(-1, socket.getInputStream().read());
    }

    private static void assertReset(Socket socket) {
        assertThrows(SocketException.class, () -> socket.getInputStream().read());
    }

    private static void assertOpenAndSilent(Socket socket) throws IOException {
        socket.setSoTimeout(50);
        assertThrows(SocketTimeoutException.class, () -> socket.getInputStream().read());
        socket.setSoTimeout(60_000);
    }

    @ParameterizedTest
    @EnumSource
    void passesAllBytesOnInAnyPieces(Pieces pieces) throws IOException {
        try (Ends ends = connect(FaultPlan.both(Flow.CLEAN.with(pieces).withSeed(7)))) {
            byte[] sent = bytes(20_000);
            ends.client.getOutputStream().write(sent);
            assertArrayEquals(sent, read(ends.server, sent.length));
            ends.server.getOutputStream().write(sent);
            assertArrayEquals(sent, read(ends.client, sent.length));
            ends.client.shutdownOutput();
            assertEnded(ends.server);
            ends.server.getOutputStream().write(1);
            assertEquals(1, ends.client.getInputStream().read());
            ends.server.close();
            assertEnded(ends.client);
            await().until(() -> ends.proxy.connections().isEmpty());
        }
    }

    @Test
    void waitsBeforeItPassesOn() throws IOException {
        try (Ends ends = connect(FaultPlan.of(Direction.TO_SERVER, Flow.CLEAN.with(Duration.ofMillis(100))))) {
            long start = System.nanoTime();
            ends.client.getOutputStream().write(1);
            assertEquals(1, ends.server.getInputStream().read());
            assertTrue(System.nanoTime() - start >= 100_000_000);
        }
    }

    @Test
    void passesAResetOn() throws IOException {
        try (Ends ends = connect(FaultPlan.CLEAN)) {
            Ending.RST.apply(ends.client);
            assertReset(ends.server);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"CUT", "RESET_SENDER"})
    void endsTheStreamAfterExactlySoManyBytes(Fault fault) throws IOException {
        try (Ends ends = connect(FaultPlan.of(Direction.TO_SERVER, Flow.CLEAN.with(fault, 3)))) {
            ends.client.getOutputStream().write(bytes(10));
            assertArrayEquals(Arrays.copyOf(bytes(10), 3), ends.server.getInputStream().readAllBytes());
            if (fault == Fault.CUT) {
                assertEnded(ends.client);
            } else {
                assertReset(ends.client);
            }
            assertEquals(1, ends.proxy.struck());
        }
    }

    @Test
    void resetsBothOrTheReceiverOnly() throws IOException {
        try (Ends ends = connect(FaultPlan.of(Direction.TO_CLIENT, Flow.CLEAN.with(Fault.RESET, 0)))) {
            ends.server.getOutputStream().write(bytes(10));
            assertReset(ends.client);
            assertReset(ends.server);
        }
        try (Ends ends = connect(FaultPlan.of(Direction.TO_CLIENT, Flow.CLEAN.with(Fault.RESET_RECEIVER, 0)))) {
            ends.server.getOutputStream().write(bytes(10));
            assertReset(ends.client);
            assertEnded(ends.server);
        }
    }

    @Test
    void closesOneDirectionAndGoesOnInTheOther() throws IOException {
        try (Ends ends = connect(FaultPlan.of(Direction.TO_SERVER, Flow.CLEAN.with(Fault.HALF_CLOSE, 2)))) {
            ends.client.getOutputStream().write(bytes(10));
            assertArrayEquals(Arrays.copyOf(bytes(10), 2), ends.server.getInputStream().readAllBytes());
            ends.server.getOutputStream().write(bytes(10));
            assertArrayEquals(bytes(10), read(ends.client, 10));
            ends.client.getOutputStream().write(bytes(10));
            ends.server.close();
            assertEnded(ends.client);
        }
    }

    @Test
    void turnsOneBitOver() throws IOException {
        try (Ends ends = connect(FaultPlan.of(Direction.TO_SERVER, Flow.CLEAN.with(Fault.FLIP, 5).with(Pieces.RANDOM)))) {
            ends.client.getOutputStream().write(bytes(10));
            byte[] received = read(ends.server, 10);
            assertEquals(1, Integer.bitCount((received[5] ^ bytes(10)[5]) & 0xff));
            received[5] = bytes(10)[5];
            assertArrayEquals(bytes(10), received);
        }
    }

    @Test
    void swallowsEverythingInABlackHole() throws IOException {
        try (Ends ends = connect(FaultPlan.of(Direction.TO_SERVER, Flow.CLEAN.with(Fault.BLACK_HOLE, 4)))) {
            ends.client.getOutputStream().write(bytes(10));
            assertArrayEquals(Arrays.copyOf(bytes(10), 4), read(ends.server, 4));
            // The hole opens behind these bytes: what the server wrote at once could still pass.
            assertOpenAndSilent(ends.server);
            ends.server.getOutputStream().write(bytes(10));
            assertOpenAndSilent(ends.client);
            ends.server.close();
            assertOpenAndSilent(ends.client);
        }
    }

    @Test
    void stallsUntilItIsToldToGoOn() throws IOException {
        try (Ends ends = connect(FaultPlan.of(Direction.TO_SERVER, Flow.CLEAN.with(Fault.STALL, 1)))) {
            ends.client.getOutputStream().write(1);
            assertEquals(1, ends.server.getInputStream().read());
            ends.client.getOutputStream().write(2);
            assertEquals(2, ends.server.getInputStream().read(), "what was read before the fault is passed on");
            ends.client.getOutputStream().write(3);
            assertOpenAndSilent(ends.server);
            ends.proxy.resumeReading(Direction.TO_SERVER);
            assertEquals(3, ends.server.getInputStream().read());
        }
    }

    @Test
    void refusesForAWhile() throws Exception {
        try (Ends ends = connect(FaultPlan.CLEAN)) {
            ends.proxy.refuse();
            assertThrows(ConnectException.class,
                    () -> new Socket(InetAddress.getLoopbackAddress(), ends.proxy.port()).close());
            ends.client.getOutputStream().write(1);
            assertEquals(1, ends.server.getInputStream().read());
            ends.proxy.acceptAgain();
            try (var another = new Socket(InetAddress.getLoopbackAddress(), ends.proxy.port());
                 Socket server = listener.accept()) {
                another.getOutputStream().write(5);
                assertEquals(5, server.getInputStream().read());
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void endsAllConnectionsAtOnce(Ending ending) throws IOException {
        try (Ends ends = connect(FaultPlan.CLEAN)) {
            await().until(() -> ends.proxy.connections().size() == 1);
            ends.proxy.endAll(ending);
            switch (ending) {
                case FIN -> {
                    assertEnded(ends.client);
                    assertEnded(ends.server);
                }
                case RST -> {
                    assertReset(ends.client);
                    assertReset(ends.server);
                }
            }
        }
    }
}
