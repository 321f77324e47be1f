package dev.cipherlink.server;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.channel.NoisePeer;
import dev.cipherlink.client.Client;
import dev.cipherlink.message.Message.MessageType;
import dev.cipherlink.server.HandshakeGate.HandshakeLimits;
import dev.cipherlink.session.CloseReason;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Section B of the fault catalogue: accidents and attacks before a version 2 session is there.
class HandshakeFaultsIT {

    private static final byte[] NOTHING = {};

    private static RawNoisePeer ann(PersonalServer server) throws IOException {
        return new RawNoisePeer(server.connect(), server.ann().keyPair());
    }

    private static void assertServes(PersonalServer server) throws Exception {
        try (var client = Client.connect(server.clientConfig())) {
            assertEquals("PONG", client.request("PING").text());
        }
    }

    /// Case 13. A byte at a time, each well within any timeout of a read.
    @Test
    void closesADribblingHandshakeAtTheDeadline() throws Exception {
        try (var server = PersonalServer.start(to -> to.handshakeTimeout = Duration.ofMillis(500));
             var dribbler = Executors.newSingleThreadScheduledExecutor();
             var peer = ann(server)) {
            byte[] packet = peer.noise().packet1();
            var position = new AtomicInteger();
            dribbler.scheduleAtFixedRate(() -> {
                try {
                    peer.socket().getOutputStream().write(packet, position.getAndIncrement(), 1);
                } catch (IOException e) {
                    throw new IllegalStateException(e);
                }
            }, 0, 30, TimeUnit.MILLISECONDS);
            assertArrayEquals(NOTHING, peer.readToEnd());
            assertTrue(position.get() < packet.length, "not at its end");
            server.awaitEnded(CloseReason.HANDSHAKE_TIMEOUT, 1);
        }
    }

    /// Case 13, later: the deadline is one for all three packets and the session's handshake.
    @Test
    void closesAHandshakeThatStopsHalfWayAtTheDeadline() throws Exception {
        try (var server = PersonalServer.start(to -> to.handshakeTimeout = Duration.ofMillis(400));
             var afterOne = ann(server); var afterThree = ann(server)) {
            afterOne.send1();
            afterOne.receive2();
            afterThree.shakeHands();
            assertArrayEquals(NOTHING, afterOne.readToEnd());
            assertNull(afterThree.receive());
            server.awaitEnded(CloseReason.HANDSHAKE_TIMEOUT, 2);
            server.awaitConnections(0);
        }
    }

    /// Case 14. `-Dcipherlink.silent.connections=10000` for the whole number, which takes 20,100 descriptors
    /// (`ulimit -n`).
    @Test
    void servesOthersWhileSilentConnectionsComeAndFreesTheirSlots() throws Exception {
        int silent = Integer.getInteger("cipherlink.silent.connections", 400);
        var limits = new HandshakeLimits(silent, 2 * silent, 2 * silent, 2 * silent);
        try (var server = PersonalServer.start(to -> {
                    to.handshakeTimeout = Duration.ofMillis(1_500);
                    to.handshakes = limits;
                });
             var client = Client.connect(server.clientConfig())) {
            var sockets = new ArrayList<Socket>();
            for (int i = 0; i < silent; i++) {
                sockets.add(server.connect());
                if (i % 50 == 0) {
                    assertEquals("PONG", client.request("PING").text());
                }
            }
            assertEquals("PONG", client.request("PING").text());
            server.awaitEnded(CloseReason.HANDSHAKE_TIMEOUT, silent);
            server.awaitConnections(1);
            assertServes(server);
            for (Socket socket : sockets) {
                socket.close();
            }
        }
    }

    /// Case 14 and the token bucket: the flood of one address is turned away before it costs a computation, and
    /// another address comes in meanwhile.
    @Test
    void servesAnotherAddressWhileOneFloods() throws Exception {
        var limits = new HandshakeLimits(4, 100, 5, 10);
        try (var server = PersonalServer.start(to -> to.handshakes = limits)) {
            var sockets = new ArrayList<Socket>();
            for (int i = 0; i < 40; i++) {
                sockets.add(new Socket(InetAddress.getByName("127.0.0.1"), server.port(),
                        InetAddress.getByName("127.0.0.2"), 0));
            }
            await().pollInterval(Duration.ofMillis(2)).until(() -> server.ended(CloseReason.TOO_MANY_HANDSHAKES) >= 36);
            assertServes(server);
            for (Socket socket : sockets) {
                socket.close();
            }
            server.awaitConnections(0);
            assertEquals(36, server.ended(CloseReason.TOO_MANY_HANDSHAKES));
        }
    }

    /// The token bucket also counts those that leave at once.
    @Test
    void turnsAwayAnAddressThatComesTooOften() throws Exception {
        try (var server = PersonalServer.start(to -> to.handshakes = new HandshakeLimits(64, 512, 1, 5))) {
            for (int i = 1; server.ended(CloseReason.TOO_MANY_HANDSHAKES) < 10; i++) {
                server.connect().close();
                int accepted = i;
                await().pollInterval(Duration.ofMillis(2)).until(() -> server.endedInAll() == accepted);
            }
            assertTrue(server.ended(CloseReason.HANDSHAKE_FAILED) >= 5);
        }
    }

    static Stream<String> lowOrderPoints() {
        return Stream.of(
                "0000000000000000000000000000000000000000000000000000000000000000",
                "0100000000000000000000000000000000000000000000000000000000000000",
                "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
                "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
                "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");
    }

    /// Case 15, with the top bit clear and set.
    @ParameterizedTest
    @MethodSource("lowOrderPoints")
    void answersNothingToALowOrderKey(String hex) throws Exception {
        try (var server = PersonalServer.start()) {
            byte[] point = HexFormat.of().parseHex(hex);
            for (int suite = 1; suite <= 2; suite++) {
                for (int round = 0; round < 2; round++) {
                    try (var peer = ann(server)) {
                        peer.sendRaw(NoisePeer.packet(new byte[] {(byte) suite}, point));
                        assertArrayEquals(NOTHING, peer.readToEnd());
                    }
                    point[31] ^= (byte) 0x80;
                }
            }
            server.awaitEnded(CloseReason.HANDSHAKE_FAILED, 4);
        }
    }

    /// Case 16: each time it is answered with a fresh key, and comes to nothing without the secret.
    @Test
    void aReplayedFirstMessageComesToNothing() throws Exception {
        try (var server = PersonalServer.start(); var peer = ann(server)) {
            byte[] packet1 = peer.noise().packet1();
            peer.sendRaw(packet1);
            byte[] packet2 = peer.receive2();
            byte[] packet3 = peer.packet3();
            try (var replay = ann(server)) {
                replay.sendRaw(packet1);
                byte[] other = replay.socket().getInputStream().readNBytes(packet2.length);
                assertNotEquals(ByteBuffer.wrap(packet2, 9, 32), ByteBuffer.wrap(other, 9, 32));
                replay.sendRaw(packet3);
                assertArrayEquals(NOTHING, replay.readToEnd());
            }
            server.awaitEnded(CloseReason.HANDSHAKE_FAILED, 1);
            assertEquals(0, server.count("sessions_established"));
            assertServes(server);
        }
    }

    /// Case 16: what the server sent comes back to it.
    @Test
    void aReflectedMessageEndsTheConnection() throws Exception {
        try (var server = PersonalServer.start(); var peer = ann(server)) {
            peer.send1();
            peer.sendRaw(peer.socket().getInputStream().readNBytes(9 + 96));
            assertArrayEquals(NOTHING, peer.readToEnd());
            server.awaitEnded(CloseReason.HANDSHAKE_FAILED, 1);
        }
    }

    /// Case 19: closed at the header, in each place where a packet is expected.
    @ParameterizedTest
    @ValueSource(ints = {34, 4_096, 65_033, 65_536, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff})
    void closesAtTheHeaderOfAPacketThatIsTooLarge(int size) throws Exception {
        byte[] header = ByteBuffer.allocate(9).put((byte) 2).putInt(0).putInt(size).array();
        try (var server = PersonalServer.start(); var first = ann(server); var third = ann(server)) {
            first.sendRaw(header);
            assertArrayEquals(NOTHING, first.readToEnd());
            third.send1();
            third.receive2();
            third.sendRaw(header);
            assertArrayEquals(NOTHING, third.readToEnd());
            server.awaitEnded(CloseReason.HANDSHAKE_FAILED, 2);
        }
    }

    /// Case 20.
    @Test
    void closesIfASecondFirstMessageComes() throws Exception {
        try (var server = PersonalServer.start(); var peer = ann(server)) {
            byte[] packet1 = peer.noise().packet1();
            peer.sendRaw(packet1);
            peer.receive2();
            peer.sendRaw(packet1);
            assertArrayEquals(NOTHING, peer.readToEnd());
            server.awaitEnded(CloseReason.HANDSHAKE_FAILED, 1);
        }
    }

    /// Case 20, sent at once behind the first.
    @Test
    void closesIfTwoFirstMessagesComeTogether() throws Exception {
        try (var server = PersonalServer.start(); var peer = ann(server)) {
            byte[] packet1 = peer.noise().packet1();
            byte[] twice = Arrays.copyOf(packet1, 2 * packet1.length);
            System.arraycopy(packet1, 0, twice, packet1.length, packet1.length);
            peer.sendRaw(twice);
            byte[] answer = peer.readToEnd();
            assertTrue(answer.length <= 9 + 96, "at most the second message: " + answer.length);
            server.awaitEnded(CloseReason.HANDSHAKE_FAILED, 1);
        }
    }

    /// Case 21: in place of message 1, and in place of message 3.
    @ParameterizedTest
    @ValueSource(ints = {16, 33, 64, 100, 4_000})
    void closesIfATransportPacketComesBeforeTheThirdMessage(int size) throws Exception {
        byte[] packet = NoisePeer.packet(new byte[size]);
        try (var server = PersonalServer.start(); var first = ann(server); var third = ann(server)) {
            first.sendRaw(packet);
            assertArrayEquals(NOTHING, first.readToEnd());
            third.send1();
            third.receive2();
            third.sendRaw(packet);
            assertArrayEquals(NOTHING, third.readToEnd());
            server.awaitEnded(CloseReason.HANDSHAKE_FAILED, 2);
        }
    }

    /// Case 23: the deadline fires at any moment of the handshake. However the race goes, each connection ends once,
    /// for one reason, and leaves nothing.
    @Test
    void endsOnceHoweverTheDeadlineMeetsTheHandshake() throws Exception {
        for (int millis : new int[] {1, 3, 6, 12}) {
            try (var server = PersonalServer.start(to -> to.handshakeTimeout = Duration.ofMillis(millis))) {
                int came = 0;
                for (int i = 0; i < 60; i++) {
                    try (var peer = ann(server)) {
                        came++;
                        peer.establish();
                        peer.send(MessageType.DISCONNECT, 1, "");
                        peer.readToEnd();
                    } catch (IOException e) {
                        // Cut off before its session was there, which the server counts.
                    }
                }
                server.awaitConnections(0);
                assertEquals(came, server.count("connections_accepted"));
                assertEquals(came, server.endedInAll());
                assertEquals(0, server.ended(CloseReason.INTERNAL_ERROR));
            }
        }
    }

    /// Case 24: everything a client ever sends comes in one piece, or in two cut anywhere.
    @Test
    void waitsForWhatIsNotThereYetAndKeepsWhatCameEarly() throws Exception {
        try (var server = PersonalServer.start(); var peer = ann(server)) {
            byte[] packet1 = peer.noise().packet1();
            for (byte one : packet1) {
                peer.sendRaw(new byte[] {one});
            }
            peer.receive2();
            byte[] packet3 = peer.packet3();
            peer.sendRaw(Arrays.copyOf(packet3, 40));
            assertServes(server);
            peer.sendRaw(Arrays.copyOfRange(packet3, 40, packet3.length));
            peer.send(MessageType.SYN, 0, "{\"operation_mode\":\"burst\",\"max_packet_size\":2048}");
            assertEquals(MessageType.SYN_ACK, peer.receive().type());
            // Shown while its session is half there.
            assertTrue(server.live().stream().anyMatch(connection -> OperatorSockets.describe(connection).contains(" handshake - - ")));
        }
    }
}
