package dev.cipherlink.channel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.channel.NoiseChannel.NoiseHandshake;
import dev.cipherlink.crypto.KeyPair;
import dev.cipherlink.noise.HandshakeState;
import dev.cipherlink.noise.Suite;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Each side of the handshake against a peer made by hand. What the side under test has written at the end tells what
/// it sent in answer: `PACKET_1` bytes by an initiator that refused message 2, and so on.
class NoiseHandshakeTest {

    private static final int PACKET_1 = 9 + 1 + 32;
    private static final int PACKET_2 = 9 + 32 + 32 + 16 + 16;
    private static final int PACKET_3 = 9 + 32 + 16 + 16;
    private static final KeyPair CLIENT = KeyPair.generate();
    private static final KeyPair SERVER = KeyPair.generate();
    private static final NoiseHandshake.KeyCheck ANY_KEY = key -> { };

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private Set<Suite> accepted = Set.of(Suite.values());

    @AfterAll
    static void wipe() {
        CLIENT.close();
        SERVER.close();
    }

    private NoiseHandshake.Result accept(Turns.Turn... turns) throws IOException {
        out.reset();
        return NoiseHandshake.accept(new PacketReader(new Turns(turns)), new PacketWriter(out),
                new NoiseHandshake.Responder(accepted, SERVER));
    }

    /// The sizes of the three packets, with their headers.
    private static int packet1(Suite suite) {
        return suite.isHybrid() ? 9 + 1_217 : PACKET_1;
    }

    private static int packet2(Suite suite) {
        return suite.isHybrid() ? 9 + 1_200 : PACKET_2;
    }

    /// The bits to flip in a packet: all of them for one suite, and for the others one of each byte, which is enough to see
    /// that the byte is part of the hash or under a tag. Of a KEM's key or ciphertext, every 17th byte.
    private static IntStream bits(Suite suite, int packetBytes) {
        if (suite == Suite.AES_GCM) {
            return IntStream.range(0, packetBytes * 8);
        }
        return IntStream.range(0, packetBytes).filter(i -> i < 64 || i >= packetBytes - 96 || i % 17 == 0).map(i -> 8 * i + i % 8);
    }

    private NoiseHandshake.Result initiate(Suite suite, NoiseHandshake.KeyCheck check, Turns.Turn... turns)
            throws IOException {
        out.reset();
        return NoiseHandshake.initiate(new PacketReader(new Turns(turns)), new PacketWriter(out),
                new NoiseHandshake.Initiator(suite, CLIENT), check);
    }

    /// The server's answer to the packet 1 that was written.
    private byte[] packet2(NoisePeer server) throws IOException {
        return server.take1(out.toByteArray()).next();
    }

    /// The client's answer to the packet 2 that was written.
    private byte[] packet3(NoisePeer client) throws IOException {
        return client.take(out.toByteArray()).next();
    }

    private static byte[] flipped(byte[] packet, int bit) {
        byte[] damaged = packet.clone();
        damaged[bit / 8] ^= (byte) (1 << bit % 8);
        return damaged;
    }

    @ParameterizedTest
    @EnumSource(Suite.class)
    void takesAClientInAndTellsItsKey(Suite suite) throws IOException {
        var client = NoisePeer.initiator(suite, CLIENT);
        var result = accept(client::packet1, () -> packet3(client));
        assertArrayEquals(CLIENT.publicKey(), result.remoteStatic());
        assertEquals(packet2(suite), out.size());
        assertEquals(2, result.channel().version());
        assertFalse(result.channel().isOneMessageAPacket());
    }

    @ParameterizedTest
    @EnumSource(Suite.class)
    void goesToAServerAndShowsItsKeyBeforeOurOwnIsSent(Suite suite) throws IOException {
        var server = NoisePeer.responder(suite, SERVER);
        var shown = new AtomicReference<byte[]>();
        var result = initiate(suite, key -> {
            shown.set(key);
            assertEquals(packet1(suite), out.size());
        }, () -> packet2(server));
        assertArrayEquals(SERVER.publicKey(), shown.get());
        assertArrayEquals(SERVER.publicKey(), result.remoteStatic());
        assertEquals(packet1(suite) + PACKET_3, out.size());
        assertEquals(suite.suiteByte(), out.toByteArray()[9]);
        server.take(NoisePeer.written(out, packet1(suite)));
        assertArrayEquals(CLIENT.publicKey(), server.noise().remoteStatic());
    }

    /// Message 1 is not authenticated: of a flipped bit in the client's key the server cannot know, but what it answers
    /// is refused; so it is for the KEM key, unless the flip made a coefficient too large. Every other flipped bit is not answered at all.
    @ParameterizedTest
    @EnumSource(Suite.class)
    void refusesAFirstPacketWithAnyBitFlipped(Suite suite) {
        bits(suite, packet1(suite)).forEach(bit -> {
            var client = NoisePeer.initiator(suite, CLIENT);
            assertThrows(IOException.class, () -> accept(() -> flipped(client.packet1(), bit),
                    () -> packet3(client)), "bit " + bit);
            boolean isKey = bit / 8 >= 10;
            boolean isRefused = !isKey || bit / 8 >= PACKET_1 && out.size() == 0;
            assertEquals(isRefused ? 0 : packet2(suite), out.size(), "bit " + bit);
            assertFalse(client.noise().next() == HandshakeState.Step.SPLIT, "bit " + bit);
        });
    }

    @ParameterizedTest
    @EnumSource(Suite.class)
    void refusesASecondPacketWithAnyBitFlippedAndAnswersNothing(Suite suite) {
        bits(suite, packet2(suite)).forEach(bit -> {
            var server = NoisePeer.responder(suite, SERVER);
            assertThrows(IOException.class, () -> initiate(suite, key -> {
                throw new AssertionError("the key of a damaged message was shown");
            }, () -> flipped(packet2(server), bit)), "bit " + bit);
            assertEquals(packet1(suite), out.size(), "bit " + bit);
        });
    }

    @ParameterizedTest
    @EnumSource(Suite.class)
    void refusesAThirdPacketWithAnyBitFlippedAndAnswersNothing(Suite suite) {
        bits(suite, PACKET_3).forEach(bit -> {
            var client = NoisePeer.initiator(suite, CLIENT);
            assertThrows(IOException.class, () -> accept(client::packet1, () -> flipped(packet3(client), bit)),
                    "bit " + bit);
            assertEquals(packet2(suite), out.size(), "bit " + bit);
        });
    }

    @Test
    void refusesPacketsCutAtAnyOffset() {
        for (int length = 0; length < PACKET_1; length++) {
            int cut = length;
            var client = NoisePeer.initiator(Suite.AES_GCM, CLIENT);
            assertThrows(EOFException.class, () -> accept(() -> Arrays.copyOf(client.packet1(), cut)), "cut at " + cut);
            assertEquals(0, out.size());
        }
        for (int length = 0; length < PACKET_2; length++) {
            int cut = length;
            var server = NoisePeer.responder(Suite.AES_GCM, SERVER);
            assertThrows(EOFException.class, () -> initiate(Suite.AES_GCM, ANY_KEY,
                    () -> Arrays.copyOf(packet2(server), cut)), "cut at " + cut);
            assertEquals(PACKET_1, out.size());
        }
        for (int length = 0; length < PACKET_3; length++) {
            int cut = length;
            var client = NoisePeer.initiator(Suite.AES_GCM, CLIENT);
            assertThrows(EOFException.class, () -> accept(client::packet1, () -> Arrays.copyOf(packet3(client), cut)),
                    "cut at " + cut);
            assertEquals(PACKET_2, out.size());
        }
    }

    /// Faults 17: a recorded message 2 proves nothing to anybody else.
    @Test
    void refusesTheSecondMessageOfAnotherRun() throws IOException {
        var other = NoisePeer.initiator(Suite.AES_GCM, CLIENT);
        byte[] recorded = NoisePeer.responder(Suite.AES_GCM, SERVER).take1(other.packet1()).next();
        assertThrows(ProtocolException.class, () -> initiate(Suite.AES_GCM, key -> {
            throw new AssertionError("the key of another run was shown");
        }, () -> recorded));
        assertEquals(PACKET_1, out.size());
    }

    @Test
    void refusesTheThirdMessageOfAnotherRun() throws IOException {
        var client = NoisePeer.initiator(Suite.AES_GCM, CLIENT);
        var server = NoisePeer.responder(Suite.AES_GCM, SERVER);
        byte[] packet1 = client.packet1();
        byte[] recorded = client.take(server.take1(packet1).next()).next();
        assertThrows(ProtocolException.class, () -> accept(() -> packet1, () -> recorded));
        assertEquals(PACKET_2, out.size());
    }

    /// Faults 16, the reflected half.
    @Test
    void refusesItsOwnFirstMessage() {
        assertThrows(ProtocolException.class, () -> initiate(Suite.AES_GCM, ANY_KEY, out::toByteArray));
        assertEquals(PACKET_1, out.size());
    }

    @Test
    void refusesItsOwnFirstMessageMadeAsLargeAsASecond() {
        assertThrows(ProtocolException.class, () -> initiate(Suite.AES_GCM, ANY_KEY, () ->
                NoisePeer.packet(Arrays.copyOf(Arrays.copyOfRange(out.toByteArray(), 10, PACKET_1), PACKET_2 - 9))));
        assertEquals(PACKET_1, out.size());
    }

    @Test
    void refusesItsOwnSecondMessage() {
        var client = NoisePeer.initiator(Suite.AES_GCM, CLIENT);
        assertThrows(ProtocolException.class, () -> accept(client::packet1, out::toByteArray));
        assertEquals(PACKET_2, out.size());
    }

    @Test
    void twoInitiatorsRefuseEachOther() {
        var other = NoisePeer.initiator(Suite.AES_GCM, SERVER);
        assertThrows(ProtocolException.class, () -> initiate(Suite.AES_GCM, ANY_KEY, other::packet1));
        assertEquals(PACKET_1, out.size());
    }

    @Test
    void refusesPayloadsInAllThreeMessages() {
        for (int size : new int[] {1, 16, 4_000, 65_000}) {
            byte[] payload = new byte[size];
            var first = NoisePeer.initiator(Suite.AES_GCM, CLIENT);
            assertThrows(ProtocolException.class, () -> accept(() -> first.packet1(payload)));
            assertEquals(0, out.size());
            var server = NoisePeer.responder(Suite.AES_GCM, SERVER);
            assertThrows(ProtocolException.class, () -> initiate(Suite.AES_GCM, ANY_KEY,
                    () -> server.take1(out.toByteArray()).next(payload)));
            assertEquals(PACKET_1, out.size());
            var third = NoisePeer.initiator(Suite.AES_GCM, CLIENT);
            assertThrows(ProtocolException.class, () -> accept(third::packet1,
                    () -> third.take(out.toByteArray()).next(payload)));
            assertEquals(PACKET_2, out.size());
        }
    }

    @Test
    void readsNoByteBehindAHeaderThatPromisesTooMuch() {
        byte[] header = ByteBuffer.allocate(9).put((byte) 2).putInt(0).putInt(65_535).array();
        Turns.Turn unread = () -> {
            throw new AssertionError("more was read");
        };
        assertThrows(ProtocolException.class, () -> accept(() -> header, unread));
        assertThrows(ProtocolException.class, () -> initiate(Suite.AES_GCM, ANY_KEY, () -> header, unread));
        var client = NoisePeer.initiator(Suite.AES_GCM, CLIENT);
        assertThrows(ProtocolException.class, () -> accept(client::packet1, () -> header, unread));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 5, 6, 127, 128, 255})
    void refusesEverySuiteThatIsNone(int suiteByte) {
        var client = NoisePeer.initiator(Suite.AES_GCM, CLIENT);
        assertThrows(ProtocolException.class, () -> accept(() -> {
            byte[] packet = client.packet1();
            packet[9] = (byte) suiteByte;
            return packet;
        }));
        assertEquals(0, out.size());
    }

    /// The suite byte is in the clear; the prologue binds it.
    @ParameterizedTest
    @EnumSource(Suite.class)
    void refusesAnAnswerUnderAnotherSuiteThanTheOneSent(Suite suite) {
        Suite other = Stream.of(Suite.values())
                .filter(any -> any != suite && any.isHybrid() == suite.isHybrid()).findFirst().orElseThrow();
        assertThrows(ProtocolException.class, () -> initiate(suite, ANY_KEY,
                () -> packet2(NoisePeer.responder(other, SERVER))));
        assertEquals(packet1(suite), out.size());
    }

    /// The size and the suite byte of packet 1 have to fit each other, and both what is accepted.
    @ParameterizedTest
    @EnumSource(Suite.class)
    void takesAcceptedSuitesInTheirOwnSizeOnly(Suite suite) throws IOException {
        for (Suite sent : Suite.values()) {
            var client = NoisePeer.initiator(sent, CLIENT);
            byte[] packet = client.packet1();
            packet[9] = (byte) suite.suiteByte();
            if (sent.isHybrid() != suite.isHybrid()) {
                assertThrows(ProtocolException.class, () -> accept(() -> packet));
                assertEquals(0, out.size());
            }
        }
        for (Suite other : Suite.values()) {
            accepted = Set.of(other);
            var client = NoisePeer.initiator(suite, CLIENT);
            if (suite == other) {
                assertEquals(suite, accept(client::packet1, () -> packet3(client)).channel().suite());
            } else {
                assertThrows(ProtocolException.class, () -> accept(client::packet1));
                assertEquals(0, out.size());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {32, 34, 96, 512, 1_184, 1_216, 1_218, 4_096})
    void readsNothingOfAFirstPacketOfAnotherSize(int size) {
        byte[] header = ByteBuffer.allocate(9).put((byte) 2).putInt(0).putInt(size).array();
        assertThrows(ProtocolException.class, () -> accept(() -> header, () -> {
            throw new AssertionError("more was read");
        }));
        assertEquals(0, out.size());
    }

    @Test
    void refusesAKemKeyOutOfRange() throws IOException {
        var client = NoisePeer.initiator(Suite.HYBRID_AES_GCM, CLIENT);
        byte[] packet = client.packet1();
        // The first coefficient, 12 bits: 3,329, which is the modulus.
        packet[10 + 32] = 0x01;
        packet[10 + 33] = (byte) (packet[10 + 33] & 0xf0 | 0x0d);
        assertThrows(ProtocolException.class, () -> accept(() -> packet));
        assertEquals(0, out.size());
    }

    @Test
    void sendsNoThirdMessageIfTheKeyIsNotAccepted() {
        var refusal = new IOException("not this one");
        var server = NoisePeer.responder(Suite.CHACHA_POLY, SERVER);
        assertSame(refusal, assertThrows(IOException.class, () -> initiate(Suite.CHACHA_POLY, key -> {
            throw refusal;
        }, () -> packet2(server))));
        assertEquals(PACKET_1, out.size());
    }

    @Test
    void sendsNoThirdMessageIfTheCheckItselfBreaks() {
        var server = NoisePeer.responder(Suite.CHACHA_POLY, SERVER);
        assertThrows(IllegalStateException.class, () -> initiate(Suite.CHACHA_POLY, key -> {
            throw new IllegalStateException("broken");
        }, () -> packet2(server)));
        assertEquals(PACKET_1, out.size());
    }

    @Test
    void theKeyCheckCannotChangeWhatTheHandshakeUses() throws IOException {
        var server = NoisePeer.responder(Suite.AES_GCM, SERVER);
        var result = initiate(Suite.AES_GCM, key -> Arrays.fill(key, (byte) 0), () -> packet2(server));
        server.take(NoisePeer.written(out, PACKET_1));
        assertTrue(server.noise().next() == HandshakeState.Step.SPLIT);
        result.channel().close();
    }
}
