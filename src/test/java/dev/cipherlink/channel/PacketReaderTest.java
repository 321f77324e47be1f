package dev.cipherlink.channel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.channel.PacketReader.PacketLimits;
import dev.cipherlink.packet.Stream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PacketReaderTest {

    private static final PacketLimits LIMITS = new PacketLimits(1, 4, 2, 100);
    /// Version 1, 4 bytes of nonce, 3 bytes of data.
    private static final byte[] GOLDEN = HexFormat.of().parseHex("01" + "00000004" + "00000003" + "a0a1a2a3" + "d0d1d2");

    private static byte[] packet(int version, int nonceSize, int dataSize, int bodyBytes) {
        var packet = ByteBuffer.allocate(9 + bodyBytes).put((byte) version).putInt(nonceSize).putInt(dataSize);
        for (int i = 0; i < bodyBytes; i++) {
            packet.put((byte) i);
        }
        return packet.array();
    }

    private static byte[] data(PacketReader reader) {
        return Arrays.copyOfRange(reader.buffer(), reader.dataOffset(), reader.dataOffset() + reader.dataSize());
    }

    private static byte[] nonce(PacketReader reader) {
        return Arrays.copyOfRange(reader.buffer(), reader.nonceOffset(), reader.dataOffset());
    }

    private static void assertGolden(PacketReader reader) {
        assertArrayEquals(HexFormat.of().parseHex("a0a1a2a3"), nonce(reader));
        assertArrayEquals(HexFormat.of().parseHex("d0d1d2"), data(reader));
    }

    @Test
    void readsTheGoldenPacketAndThenTheEnd() throws IOException {
        var reader = new PacketReader(Stream.whole(GOLDEN));
        assertTrue(reader.read(LIMITS));
        assertGolden(reader);
        assertEquals(GOLDEN.length, reader.bytesRead());
        assertFalse(reader.read(LIMITS));
    }

    @Test
    void readsAPacketThatComesOneByteAtATime() throws IOException {
        var reader = new PacketReader(Stream.oneByteAtATime(GOLDEN));
        assertEquals(1, reader.peekVersion());
        assertTrue(reader.read(LIMITS));
        assertGolden(reader);
        assertFalse(reader.read(LIMITS));
        assertEquals(-1, reader.peekVersion());
        assertEquals(GOLDEN.length, reader.bytesRead());
    }

    @Test
    void reportsAnEndInsideAPacketAtEveryOffset() throws IOException {
        assertFalse(new PacketReader(Stream.whole(new byte[0])).read(LIMITS), "an end between packets is no error");
        for (int length = 1; length < GOLDEN.length; length++) {
            byte[] cut = Arrays.copyOf(GOLDEN, length);
            var reader = new PacketReader(Stream.whole(cut));
            assertThrows(EOFException.class, () -> reader.read(LIMITS), "cut at " + length);
            var slow = new PacketReader(Stream.oneByteAtATime(cut));
            assertThrows(EOFException.class, () -> slow.read(LIMITS), "cut slowly at " + length);
        }
    }

    @ParameterizedTest
    @CsvSource({"0, 3", "3, 3", "5, 3", "24, 3", "-1, 3", "-2147483648, 3", "2147483647, 3",
            "4, 0", "4, 1", "4, 101", "4, -1", "4, -2147483648", "4, 2147483647", "-1, -1", "2147483647, 2147483647",
            "-4, 11", "4, -8"})
    void refusesSizesOutsideTheLimitsBeforeItReadsFurther(int nonceSize, int dataSize) {
        byte[] header = packet(1, nonceSize, dataSize, 0);
        var stream = Stream.whole(header);
        var reader = new PacketReader(stream);
        assertThrows(java.net.ProtocolException.class, () -> reader.read(LIMITS));
        assertEquals(1, stream.reads(), "it waits for nothing beyond the header");
        assertEquals(512, reader.buffer().length, "nothing was allocated");
    }

    @Test
    void namesHostileSizesAsUnsignedNumbers() {
        var reader = new PacketReader(Stream.whole(packet(1, 4, -1, 0)));
        var refusal = assertThrows(java.net.ProtocolException.class, () -> reader.read(LIMITS));
        assertTrue(refusal.getMessage().contains("4294967295"), refusal.getMessage());
    }

    @Test
    void namesTheOneSizeThatIsAllowed() {
        var reader = new PacketReader(Stream.whole(packet(1, 4, 4, 8)));
        var refusal = assertThrows(java.net.ProtocolException.class, () -> reader.read(new PacketLimits(1, 4, 1_217, 1_217)));
        assertEquals("packet data of 4 bytes where 1217 is allowed", refusal.getMessage());
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 99, 100})
    void acceptsSizesAtTheLimits(int dataSize) throws IOException {
        var reader = new PacketReader(Stream.whole(packet(1, 4, dataSize, 4 + dataSize)));
        assertTrue(reader.read(LIMITS));
        assertEquals(dataSize, data(reader).length);
    }

    @Test
    void refusesEveryOtherVersionAtItsFirstByte() {
        for (int version = 0; version < 256; version++) {
            if (version == LIMITS.version()) {
                continue;
            }
            var stream = Stream.oneByteAtATime(packet(version, 4, 3, 7));
            var reader = new PacketReader(stream);
            assertThrows(java.net.ProtocolException.class, () -> reader.read(LIMITS), "version " + version);
            assertEquals(1, stream.reads(), "version " + version);
        }
    }

    @Test
    void takesManyPacketsFromOneRead() throws IOException {
        var all = new ByteArrayOutputStream();
        for (int i = 0; i < 30; i++) {
            all.writeBytes(GOLDEN);
        }
        var stream = Stream.whole(all.toByteArray());
        var reader = new PacketReader(stream);
        for (int i = 0; i < 30; i++) {
            assertTrue(reader.read(LIMITS));
            assertGolden(reader);
            assertEquals(i < 29, reader.hasPacket(), "after packet " + i);
        }
        assertEquals(1, stream.reads());
        assertFalse(reader.read(LIMITS));
    }

    @Test
    void keepsPacketsApartWhereverAReadEnds() throws IOException {
        var all = new ByteArrayOutputStream();
        for (int size = 2; size <= 100; size++) {
            all.writeBytes(packet(1, 4, size, 4 + size));
        }
        for (int round = 0; round < 20; round++) {
            var reader = new PacketReader(Stream.whole(all.toByteArray()));
            for (int size = 2; size <= 100; size++) {
                assertTrue(reader.read(LIMITS));
                assertArrayEquals(Arrays.copyOfRange(packet(1, 4, size, 4 + size), 13, 13 + size), data(reader));
            }
            assertFalse(reader.read(LIMITS));
        }
    }

    @Test
    void hasNoPacketWhileItsLastByteIsMissing() throws IOException {
        for (int length = GOLDEN.length; length < 2 * GOLDEN.length; length++) {
            var two = new ByteArrayOutputStream();
            two.writeBytes(GOLDEN);
            two.writeBytes(GOLDEN);
            var reader = new PacketReader(Stream.whole(Arrays.copyOf(two.toByteArray(), length)));
            assertFalse(reader.hasPacket());
            assertTrue(reader.read(LIMITS));
            assertFalse(reader.hasPacket(), "with " + length + " bytes");
        }
    }

    @Test
    void hasNoPacketWhileTheLargestLacksItsLastByte() throws IOException {
        byte[] largest = packet(1, 4, 100, 104);
        byte[] two = Arrays.copyOf(GOLDEN, GOLDEN.length + largest.length);
        System.arraycopy(largest, 0, two, GOLDEN.length, largest.length);
        var cut = new PacketReader(Stream.whole(Arrays.copyOf(two, two.length - 1)));
        assertTrue(cut.read(LIMITS));
        assertFalse(cut.hasPacket());
        var whole = new PacketReader(Stream.whole(two));
        assertTrue(whole.read(LIMITS));
        assertTrue(whole.hasPacket());
    }

    @Test
    void countsAHeaderOutsideTheLimitsAsAPacketThatTheNextReadRefuses() throws IOException {
        var two = new ByteArrayOutputStream();
        two.writeBytes(GOLDEN);
        two.writeBytes(packet(1, -1, -1, 0));
        var reader = new PacketReader(Stream.whole(two.toByteArray()));
        assertTrue(reader.read(LIMITS));
        assertTrue(reader.hasPacket());
        assertThrows(java.net.ProtocolException.class, () -> reader.read(LIMITS));
    }

    @Test
    void growsItsBufferOnlyForAPacketThatTheLimitsAllow() throws IOException {
        var wide = new PacketLimits(1, 4, 2, 1 << 20);
        byte[] large = packet(1, 4, 1 << 20, 4 + (1 << 20));
        var reader = new PacketReader(Stream.oneByteAtATime(large));
        assertTrue(reader.read(wide));
        assertEquals(1 << 20, data(reader).length);
        assertArrayEquals(Arrays.copyOfRange(large, 13, large.length), data(reader));
    }

    /// 20,000 connections at rest held the buffers of the largest packets that they had ever had.
    @Test
    void shrinksItsBufferToWhatIsUnread() throws IOException {
        var wide = new PacketLimits(1, 4, 2, 1 << 16);
        var all = new ByteArrayOutputStream();
        all.writeBytes(packet(1, 4, 1 << 16, 4 + (1 << 16)));
        all.writeBytes(packet(1, 4, 2_000, 2_004));
        all.writeBytes(GOLDEN);
        var reader = new PacketReader(Stream.whole(all.toByteArray()));
        assertTrue(reader.read(wide));
        assertTrue(reader.buffer().length > 1 << 16);
        assertTrue(reader.read(wide));
        assertTrue(reader.hasPacket());
        reader.shrink();
        assertEquals(512, reader.buffer().length);
        assertTrue(reader.read(LIMITS));
        assertGolden(reader);
        assertFalse(reader.read(LIMITS));
    }

    @Test
    void doesNotReadAheadMoreThanItsBound() throws IOException {
        var all = new ByteArrayOutputStream();
        for (int i = 0; i < 50_000; i++) {
            all.writeBytes(GOLDEN);
        }
        var stream = Stream.whole(all.toByteArray());
        var reader = new PacketReader(stream);
        for (int i = 0; i < 50_000; i++) {
            assertTrue(reader.read(LIMITS));
            assertGolden(reader);
        }
        assertEquals(64 * 1024, reader.buffer().length);
        assertTrue(stream.largestRequest() <= 64 * 1024, "asked for " + stream.largestRequest());
        assertTrue(stream.reads() < 40, stream.reads() + " reads");
    }
}
