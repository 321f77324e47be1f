package dev.cipherlink.channel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.crypto.KeyPair;
import dev.cipherlink.message.Message;
import dev.cipherlink.message.Message.MessageCodec;
import dev.cipherlink.message.Message.MessageCodec.Checksum;
import dev.cipherlink.message.Message.MessageType;
import dev.cipherlink.noise.Suite;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class NoiseChannelTest {

    static final int OVERHEAD = 9 + 16;
    private static final int MAX_PLAINTEXT = 65_519;
    private static final KeyPair CLIENT = KeyPair.generate();
    private static final KeyPair SERVER = KeyPair.generate();

    /// One end that sends into memory, and the keys of the other.
    static final class Ends {
        final ByteArrayOutputStream wire = new ByteArrayOutputStream();
        final NoiseChannel sender;
        private final NoisePeer other;

        Ends(Suite suite) throws IOException {
            NoisePeer[] pair = NoisePeer.pair(suite, CLIENT, SERVER);
            sender = pair[0].channel(new PacketReader(new ByteArrayInputStream(new byte[0])), new PacketWriter(wire));
            other = pair[1];
        }

        byte[] sent(String... messages) throws IOException {
            wire.reset();
            for (String message : messages) {
                add(sender, message.getBytes(StandardCharsets.UTF_8));
            }
            assertTrue(sender.stage());
            sender.writeStaged();
            return wire.toByteArray();
        }

        /// The other end; there is only one.
        NoiseChannel receiver(byte[] incoming) {
            return other.channel(new PacketReader(new ByteArrayInputStream(incoming)),
                    new PacketWriter(new ByteArrayOutputStream()));
        }
    }

    private static void add(SecureChannel channel, byte[] message) throws IOException {
        int offset = channel.reserve(message.length);
        System.arraycopy(message, 0, channel.reserved(), offset, message.length);
    }

    private static String received(SecureChannel channel) {
        return new String(channel.received(), 0, channel.receivedBytes(), StandardCharsets.UTF_8);
    }

    static List<Integer> dataSizes(byte[] packets) {
        var sizes = new ArrayList<Integer>();
        for (var buffer = ByteBuffer.wrap(packets); buffer.hasRemaining(); ) {
            assertEquals(2, buffer.get());
            assertEquals(0, buffer.getInt());
            sizes.add(buffer.getInt());
            buffer.position(buffer.position() + sizes.getLast());
        }
        return sizes;
    }

    @ParameterizedTest
    @EnumSource(Suite.class)
    void carriesAllMessagesThatAreReadyInOnePacket(Suite suite) throws IOException {
        var ends = new Ends(suite);
        byte[] packets = ends.sent("one", "", "three");
        assertEquals(List.of("onethree".length() + 16), dataSizes(packets));
        assertEquals(packets.length, ends.sender.bytesOut());
        var receiver = ends.receiver(packets);
        assertTrue(receiver.receive());
        assertEquals("onethree", received(receiver));
        assertFalse(receiver.hasPacket());
        assertFalse(receiver.receive());
        assertEquals(packets.length, receiver.bytesIn());
    }

    /// A size says no more than its bucket, and what was added is a message that says nothing.
    @Test
    void fillsSmallPacketsUpOnceItWasAgreed() throws IOException {
        for (int bytes : new int[] {11, 100, 244, 245, 246, 255, 256, 257, 1_000, 2_049, 4_085, 4_090, 4_095, 4_096, 4_097, 60_000}) {
            var ends = new Ends(Suite.HYBRID_AES_GCM);
            ends.sender.agree(false, 65_519);
            byte[] message = new byte[bytes];
            MessageCodec.encodePadding(message, 0, bytes);
            message[4] = 1;
            add(ends.sender, message);
            assertTrue(ends.sender.stage());
            ends.sender.writeStaged();
            byte[] packets = ends.wire.toByteArray();
            int plaintext = dataSizes(packets).getFirst() - 16;
            assertEquals(bytes > 4_096 ? bytes : bucket(bytes), plaintext, bytes + " bytes");
            var receiver = ends.receiver(packets);
            receiver.establish(65_519);
            assertTrue(receiver.receive());
            assertEquals(plaintext, receiver.receivedBytes());
            assertArrayEquals(message, Arrays.copyOf(receiver.received(), bytes));
            if (plaintext > bytes) {
                Message padding = new MessageCodec(Checksum.Algorithm.MD5).decode(receiver.received(), bytes, plaintext - bytes);
                assertEquals(MessageType.PADDING, padding.type());
                assertEquals(plaintext - bytes - MessageCodec.HEADER_BYTES, padding.payload().length());
                assertArrayEquals(new byte[padding.payload().length()], padding.payload().toBytes());
            }
        }
    }

    private static int bucket(int bytes) {
        int bucket = 256;
        while (bucket < bytes) {
            bucket *= 2;
        }
        boolean hasRoomForAHeader = bucket == bytes || bucket - bytes >= MessageCodec.HEADER_BYTES;
        return hasRoomForAHeader ? bucket : 2 * bucket;
    }

    @Test
    void aPeersLimitOfMessagesHoldsForWhatFillsAPacketToo() throws IOException {
        var ends = new Ends(Suite.AES_GCM);
        ends.sender.agree(false, 56);
        assertEquals(List.of(256 + 16), dataSizes(ends.sent("x".repeat(200))));
        assertEquals(List.of(199 + 16), dataSizes(ends.sent("x".repeat(199))), "57 bytes would be more than it takes");
        ends.sender.agree(false, 1_024);
        assertEquals(List.of(512 + 16), dataSizes(ends.sent("x".repeat(300))));
        assertEquals(List.of(2_100 + 16), dataSizes(ends.sent("x".repeat(2_100))), "1,996 bytes would be more than it takes");
    }

    @Test
    void keepsWhatIsAddedBetweenStageAndWriteForTheNextPacket() throws IOException {
        var ends = new Ends(Suite.AES_GCM);
        assertFalse(ends.sender.stage(), "nothing is pending");
        add(ends.sender, "one".getBytes(StandardCharsets.US_ASCII));
        assertTrue(ends.sender.pendingBytes() > 0);
        assertTrue(ends.sender.stage());
        add(ends.sender, "two".getBytes(StandardCharsets.US_ASCII));
        ends.sender.writeStaged();
        assertEquals(OVERHEAD + 3, ends.wire.size());
        assertTrue(ends.sender.stage());
        ends.sender.writeStaged();
        assertFalse(ends.sender.stage());
        assertEquals(0, ends.sender.pendingBytes());
        var receiver = ends.receiver(ends.wire.toByteArray());
        for (String expected : new String[] {"one", "two"}) {
            assertTrue(receiver.receive());
            assertEquals(expected, received(receiver));
            assertEquals(expected.equals("one"), receiver.hasPacket());
        }
    }

    @Test
    void neverMakesALargerPacketThanNoiseAllowsAndSplitsBetweenMessages() throws IOException {
        var ends = new Ends(Suite.AES_GCM);
        int half = 32_760;
        byte[] packets = ends.sent("a".repeat(half), "b".repeat(half - 1), "c", "d".repeat(MAX_PLAINTEXT), "e");
        assertEquals(List.of(65_535, 1 + 16, 65_535, 1 + 16), dataSizes(packets));
        var receiver = ends.receiver(packets);
        receiver.establish(MAX_PLAINTEXT);
        for (String expected : new String[] {"a".repeat(half) + "b".repeat(half - 1), "c", "d".repeat(MAX_PLAINTEXT), "e"}) {
            assertTrue(receiver.receive());
            assertEquals(expected, received(receiver));
        }
        assertFalse(receiver.receive());
    }

    @Test
    void opensAnEmptyPacket() throws IOException {
        var ends = new Ends(Suite.CHACHA_POLY);
        var receiver = ends.receiver(ends.sent(""));
        assertTrue(receiver.receive());
        assertEquals(0, receiver.receivedBytes());
    }

    @Test
    void takesSmallPacketsOnlyFromAStranger() throws IOException {
        int largest = 4_096 - 16;
        var ends = new Ends(Suite.AES_GCM);
        var receiver = ends.receiver(ends.sent("x".repeat(largest)));
        assertTrue(receiver.receive());
        assertEquals(largest, receiver.receivedBytes());
        var other = new Ends(Suite.AES_GCM);
        assertThrows(ProtocolException.class, other.receiver(other.sent("x".repeat(largest + 1)))::receive);
    }

    @Test
    void takesTheLargestPacketOfNoiseOnceEstablishedWhateverTheMessagesSize() throws IOException {
        var ends = new Ends(Suite.AES_GCM);
        var receiver = ends.receiver(ends.sent("x".repeat(MAX_PLAINTEXT)));
        receiver.establish(1_024);
        assertTrue(receiver.receive());
        assertEquals(MAX_PLAINTEXT, receiver.receivedBytes());
    }

    @Test
    void refusesEveryHeaderOutsideItsLimitsBeforeReadingOn() throws IOException {
        for (boolean isEstablished : new boolean[] {false, true}) {
            for (int size : new int[] {0, 1, 15, isEstablished ? 65_536 : 4_097, Integer.MAX_VALUE, Integer.MIN_VALUE, -1}) {
                assertHeaderRefused(2, 0, size, isEstablished);
            }
            for (int nonceSize : new int[] {1, 24, Integer.MIN_VALUE, -1}) {
                assertHeaderRefused(2, nonceSize, 100, isEstablished);
            }
            for (int version = 0; version < 256; version++) {
                if (version != 2) {
                    assertHeaderRefused(version, 0, 100, isEstablished);
                }
            }
        }
    }

    private static void assertHeaderRefused(int version, int nonceSize, int dataSize, boolean isEstablished)
            throws IOException {
        byte[] header = ByteBuffer.allocate(9).put((byte) version).putInt(nonceSize).putInt(dataSize).array();
        var receiver = new Ends(Suite.AES_GCM).other.channel(new PacketReader(new Turns(() -> header, () -> {
            throw new AssertionError("more was read");
        })), new PacketWriter(new ByteArrayOutputStream()));
        if (isEstablished) {
            receiver.establish(MAX_PLAINTEXT);
        }
        assertThrows(ProtocolException.class, receiver::receive, version + " " + nonceSize + " " + dataSize);
    }

    @ParameterizedTest
    @EnumSource(Suite.class)
    void refusesATransportPacketWithAnyBitFlippedAndSendsNothingAfterwards(Suite suite) throws IOException {
        int size = OVERHEAD + "some message".length();
        for (int bit = 0; bit < size * 8; bit++) {
            var ends = new Ends(suite);
            byte[] packet = ends.sent("some message");
            assertEquals(size, packet.length);
            packet[bit / 8] ^= (byte) (1 << bit % 8);
            var receiver = ends.receiver(packet);
            assertThrows(IOException.class, receiver::receive, "bit " + bit);
            assertEquals(0, receiver.receivedBytes(), "bit " + bit);
            if (bit / 8 >= 9) {
                // The packet did not authenticate: both directions are over.
                add(receiver, new byte[1]);
                assertThrows(IOException.class, receiver::stage, "bit " + bit);
                assertEquals(0, receiver.bytesOut(), "bit " + bit);
            }
        }
    }

    @Test
    void deliversNothingOfAPacketCutAtAnyOffset() throws IOException {
        for (int length = 1; length < OVERHEAD + 5; length++) {
            var ends = new Ends(Suite.AES_GCM);
            var receiver = ends.receiver(Arrays.copyOf(ends.sent("hello"), length));
            assertThrows(EOFException.class, receiver::receive, "cut at " + length);
            assertEquals(0, receiver.receivedBytes());
        }
    }

    @Test
    void refusesPacketsThatAreRepeatedLeftOutOrSwapped() throws IOException {
        for (int[] order : new int[][] {{0, 0}, {1}, {1, 0}, {0, 2}, {0, 1, 1}, {0, 1, 0}}) {
            var ends = new Ends(Suite.AES_GCM);
            var packets = List.of(ends.sent("first"), ends.sent("second"), ends.sent("third"));
            var incoming = new ByteArrayOutputStream();
            for (int index : order) {
                incoming.write(packets.get(index));
            }
            var receiver = ends.receiver(incoming.toByteArray());
            for (int i = 0; i < order.length && order[i] == i; i++) {
                assertTrue(receiver.receive());
            }
            assertThrows(ProtocolException.class, receiver::receive, Arrays.toString(order));
        }
    }

    @Test
    void refusesItsOwnPackets() throws IOException {
        var wire = new ByteArrayOutputStream();
        var mirror = NoisePeer.pair(Suite.AES_GCM, CLIENT, SERVER)[0].channel(
                new PacketReader(new Turns(wire::toByteArray)), new PacketWriter(wire));
        add(mirror, "hello".getBytes(StandardCharsets.US_ASCII));
        mirror.stage();
        mirror.writeStaged();
        assertThrows(ProtocolException.class, mirror::receive);
        assertEquals(0, mirror.receivedBytes());
    }

    @Test
    void refusesThePacketsOfAnotherConnectionOfTheSameTwo() throws IOException {
        var ends = new Ends(Suite.AES_GCM);
        assertThrows(ProtocolException.class, new Ends(Suite.AES_GCM).receiver(ends.sent("hello"))::receive);
    }

    @Test
    void sealsNothingAndOpensNothingOnceClosed() throws IOException {
        var ends = new Ends(Suite.AES_GCM);
        var receiver = ends.receiver(ends.sent("a secret"));
        receiver.close();
        receiver.close();
        assertThrows(IOException.class, receiver::receive);
        add(ends.sender, new byte[10]);
        ends.sender.close();
        assertThrows(IOException.class, ends.sender::stage);
    }

    @Test
    void wipesWhatItReceived() throws IOException {
        var ends = new Ends(Suite.AES_GCM);
        var receiver = ends.receiver(ends.sent("a secret"));
        receiver.receive();
        byte[] plaintext = receiver.received();
        receiver.close();
        assertArrayEquals(new byte[plaintext.length], plaintext);
        assertEquals(0, receiver.receivedBytes());
    }

    /// Whatever was sealed before the close authenticates; nothing goes out under a wiped key.
    @ParameterizedTest
    @EnumSource(Suite.class)
    void sealsWholePacketsOrNoneWhileAnotherThreadCloses(Suite suite) throws Exception {
        for (int round = 0; round < 15; round++) {
            var ends = new Ends(suite);
            var started = new CountDownLatch(1);
            try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
                var sealing = executor.submit(() -> {
                    assertThrows(IOException.class, () -> {
                        while (true) {
                            add(ends.sender, new byte[1_000]);
                            ends.sender.stage();
                            ends.sender.writeStaged();
                            started.countDown();
                        }
                    });
                });
                started.await();
                ends.sender.close();
                sealing.get();
            }
            var receiver = ends.receiver(ends.wire.toByteArray());
            int packets = 0;
            while (receiver.receive()) {
                assertArrayEquals(new byte[1_000], Arrays.copyOf(receiver.received(), receiver.receivedBytes()));
                packets++;
            }
            assertEquals(ends.wire.size(), packets * (OVERHEAD + 1_000));
        }
    }
}
