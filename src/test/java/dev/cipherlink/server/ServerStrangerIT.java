package dev.cipherlink.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.client.Client;
import dev.cipherlink.crypto.SharedKey;
import dev.cipherlink.message.Message;
import dev.cipherlink.message.Message.MessageType;
import dev.cipherlink.message.Syn.SynAck;
import dev.cipherlink.session.CloseReason;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Strangers that connect, dribble, speak other protocols, or lie about sizes.
class ServerStrangerIT {

    private static final Duration LONG = Duration.ofSeconds(30);
    /// A header of version 1 with a nonce of 24 bytes and 4 GiB of data.
    private static final byte[] FOUR_GIBIBYTES = HexFormat.of().parseHex("0100000018ffffffff");

    /// Reads until the server closes, by FIN or RST.
    ///
    /// @return how many bytes came
    private static int readToEnd(Socket socket) throws IOException {
        socket.setSoTimeout(60_000);
        try {
            return socket.getInputStream().readAllBytes().length;
        } catch (SocketException e) {
            return 0;
        }
    }

    @Test
    void closesAConnectionThatDribblesAtTheDeadlineAndNotLater() throws Exception {
        Duration deadline = Duration.ofMillis(600);
        try (var server = TestServer.start(TestServer.times(deadline, LONG, LONG));
             ScheduledExecutorService dribbler = Executors.newSingleThreadScheduledExecutor();
             Socket socket = server.connect()) {
            // A good first packet, a byte at a time: each byte alone would keep a timeout per read from firing.
            byte[] packet = ByteBuffer.allocate(1_000).put((byte) 1).putInt(24).putInt(900).array();
            OutputStream out = socket.getOutputStream();
            var position = new AtomicInteger();
            var dribble = dribbler.scheduleAtFixedRate(() -> {
                try {
                    out.write(packet, position.getAndIncrement(), 1);
                } catch (IOException e) {
                    throw new IllegalStateException(e);
                }
            }, 0, 50, TimeUnit.MILLISECONDS);
            assertEquals(0, readToEnd(socket));
            assertTrue(position.get() < 900, "not at the end of the packet");
            dribble.cancel(true);
            server.awaitEnded(CloseReason.HANDSHAKE_TIMEOUT, 1);
        }
    }

    @Test
    void closesAConnectionThatSaysNothingAndOneThatNeverEchoes() throws Exception {
        try (var server = TestServer.start(TestServer.times(Duration.ofMillis(300), LONG, LONG));
             Socket silent = server.connect();
             RawPeer half = server.rawPeer()) {
            half.sendSyn(5);
            half.receiveSynAck();
            assertEquals(0, readToEnd(silent));
            assertEquals(0, readToEnd(half.socket()));
            server.awaitEnded(CloseReason.HANDSHAKE_TIMEOUT, 2);
            server.awaitConnections(0);
        }
    }

    @Test
    void limitsHandshakesOfOneAddressAndLetsTheNextInWhenOneIsDone() throws Exception {
        try (var server = TestServer.start(TestServer.limits(100, 3))) {
            var waiting = new ArrayList<RawPeer>();
            for (int i = 0; i < 3; i++) {
                waiting.add(server.rawPeer());
                waiting.getLast().sendSyn(5);
                waiting.getLast().receiveSynAck();
            }
            try (Socket fourth = server.connect()) {
                assertEquals(0, readToEnd(fourth));
            }
            server.awaitEnded(CloseReason.TOO_MANY_HANDSHAKES, 1);
            waiting.removeFirst().close();
            server.awaitConnections(2);
            try (var client = Client.connect(server.clientConfig())) {
                assertEquals("PONG", client.request("PING").text());
            }
            for (RawPeer peer : waiting) {
                peer.close();
            }
            server.awaitConnections(0);
        }
    }

    @Test
    void letsAConnectionBeyondTheLimitInWhenAnotherLeaves() throws Exception {
        try (var server = TestServer.start(TestServer.limits(2, 64));
             var first = Client.connect(server.clientConfig())) {
            Client second = Client.connect(server.clientConfig());
            RawPeer third = server.rawPeer();
            third.sendSyn(5);
            assertEquals("PONG", first.request("PING").text());
            assertEquals(2, server.connections());
            second.close();
            SynAck.Granted granted = third.receiveSynAck();
            third.sendEcho(granted.sessionId());
            assertEquals("PONG\n", third.request(1, "PING"));
            third.close();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "\u0016\u0003\u0001\u0002\u0000\u0001", "*1\r\n$4\r\nPING\r\n",
            "SSH-2.0-x\r\n", "\u0000", "\u00ff"})
    void closesForeignProtocolsWithoutAWord(String greeting) throws Exception {
        try (var server = TestServer.start(); Socket socket = server.connect()) {
            socket.getOutputStream().write(greeting.getBytes(StandardCharsets.ISO_8859_1));
            assertEquals(0, readToEnd(socket));
            server.awaitEnded(CloseReason.HANDSHAKE_FAILED, 1);
            server.awaitConnections(0);
        }
    }

    @Test
    void closesEveryOtherVersionAtItsFirstByte() throws Exception {
        try (var server = TestServer.start()) {
            for (int version = 0; version < 256; version++) {
                if (version == 1) {
                    continue;
                }
                try (Socket socket = server.connect()) {
                    socket.getOutputStream().write(version);
                    assertEquals(0, readToEnd(socket), "version " + version);
                }
            }
            server.awaitEnded(CloseReason.HANDSHAKE_FAILED, 255);
        }
    }

    @Test
    void closesAtTheNinthByteOfAHugePacketAndAllocatesNothingForIt() throws Exception {
        try (var server = TestServer.start()) {
            for (int round = 0; round < 2; round++) {
                // The first round warms everything up.
                long before = usedHeap();
                for (int i = 0; i < 60; i++) {
                    try (Socket socket = server.connect()) {
                        socket.getOutputStream().write(FOUR_GIBIBYTES);
                        assertEquals(0, readToEnd(socket));
                    }
                }
                server.awaitEnded(CloseReason.HANDSHAKE_FAILED, 60L * (round + 1));
                long growth = usedHeap() - before;
                assertTrue(round == 0 || growth < 60 * 64 * 1024, "the heap grew by " + growth);
            }
        }
    }

    private static long usedHeap() {
        System.gc();
        Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }

    @ParameterizedTest
    @ValueSource(strings = {"010000001800000ff1", "010000001800000001", "010000001900000020", "018000001800000020",
            "01ffffffffffffffff", "010000000000000020"})
    void closesAtTheHeaderOfAPacketOutsideTheLimits(String header) throws Exception {
        try (var server = TestServer.start(); Socket socket = server.connect()) {
            socket.getOutputStream().write(HexFormat.of().parseHex(header));
            assertEquals(0, readToEnd(socket));
            server.awaitEnded(CloseReason.HANDSHAKE_FAILED, 1);
        }
    }

    @Test
    void answersNothingToAPeerWithAnotherKey() throws Exception {
        try (var server = TestServer.start(); var other = SharedKey.generate();
             var peer = new RawPeer(server.connect(), other)) {
            peer.sendSyn(5);
            assertEquals(0, readToEnd(peer.socket()));
            server.awaitEnded(CloseReason.HANDSHAKE_FAILED, 1);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"DATA", "KEEPALIVE", "DISCONNECT", "SYN", "SYN_ACK", "PART", "RESEND", "ERROR"})
    void closesIfAnythingButTheEchoFollowsSynAck(String type) throws Exception {
        try (var server = TestServer.start(); RawPeer peer = server.rawPeer()) {
            peer.sendSyn(5);
            peer.receiveSynAck();
            peer.send(MessageType.valueOf(type), type.equals("DATA") ? 1 : 0, "SET a b");
            assertEquals(0, readToEnd(peer.socket()));
            server.awaitConnections(0);
            assertEquals(0, server.requests());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"DATA", "ACK", "ERROR", "KEEPALIVE", "DISCONNECT", "SYN_ACK", "PART", "RESEND"})
    void closesIfAnythingButSynComesFirst(String type) throws Exception {
        try (var server = TestServer.start(); RawPeer peer = server.rawPeer()) {
            peer.send(MessageType.valueOf(type), 0, "{\"session_id\":\"00\"}");
            assertEquals(0, readToEnd(peer.socket()));
            server.awaitConnections(0);
        }
    }

    @Test
    void saysWhyItRefusesASyn() throws Exception {
        try (var server = TestServer.start(); RawPeer peer = server.rawPeer()) {
            peer.send(MessageType.SYN, 0, "{\"operation_mode\":\"burst\",\"max_packet_size\":512}");
            Message answer = peer.receive();
            assertEquals(MessageType.SYN_ACK, answer.type());
            assertEquals("{\"status\":\"error\",\"reason\":\"max_packet_size must be at least 1024\"}",
                    answer.payload().text());
            assertEquals(0, readToEnd(peer.socket()));
        }
    }

    /// A recorded session, played back, stops at the echo of the server's random session id.
    @Test
    void doesNotRunAReplayedSession() throws Exception {
        try (var server = TestServer.start()) {
            var recorded = new ByteArrayOutputStream();
            try (Socket socket = server.connect()) {
                OutputStream out = socket.getOutputStream();
                var peer = new RawPeer(socket, server.key(), new OutputStream() {
                    @Override
                    public void write(int b) throws IOException {
                        throw new IOException("never called");
                    }

                    @Override
                    public void write(byte[] bytes, int offset, int length) throws IOException {
                        recorded.write(bytes, offset, length);
                        out.write(bytes, offset, length);
                    }
                });
                peer.establish(5);
                assertEquals("1\n", peer.request(1, "INCR n"));
            }
            server.awaitConnections(0);
            try (Socket replay = server.connect()) {
                replay.getOutputStream().write(recorded.toByteArray());
                replay.shutdownOutput();
                assertNotEquals(0, readToEnd(replay), "SYN is answered");
            }
            server.awaitEnded(CloseReason.HANDSHAKE_FAILED, 1);
            try (var client = Client.connect(server.clientConfig())) {
                assertEquals("1", client.request("GET n").text());
            }
        }
    }

    @Test
    void servesOthersWhileStrangersComeAndGo() throws Exception {
        try (var server = TestServer.start(); var client = Client.connect(server.clientConfig())) {
            List<Socket> strangers = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                strangers.add(server.connect());
                assertEquals("PONG", client.request("PING").text());
            }
            for (Socket stranger : strangers) {
                stranger.setSoLinger(true, 0);
                stranger.close();
            }
            server.awaitConnections(1);
        }
    }
}
