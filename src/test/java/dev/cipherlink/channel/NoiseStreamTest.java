package dev.cipherlink.channel;

import static dev.cipherlink.channel.NoiseChannel.MAX_STREAM_BYTES;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.noise.Suite;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The raw bytes of a stream in packets of Noise.
class NoiseStreamTest {

    @Test
    void aStreamIsNotFilledUp() throws IOException {
        var ends = new NoiseChannelTest.Ends(Suite.AES_GCM);
        ends.sender.agree(true, 0);
        int offset = ends.sender.reserveStream(100);
        Arrays.fill(ends.sender.reserved(), offset, offset + 100, (byte) 'x');
        ends.sender.sendStream(100);
        assertEquals(List.of(116), NoiseChannelTest.dataSizes(ends.wire.toByteArray()));
    }

    private static byte[] pattern(int bytes) {
        byte[] pattern = new byte[bytes];
        for (int i = 0; i < bytes; i++) {
            pattern[i] = (byte) (i * 31 + (i >> 8));
        }
        return pattern;
    }

    private static void sendStream(NoiseChannel channel, byte[] bytes, int reserved) throws IOException {
        int offset = channel.reserveStream(reserved);
        System.arraycopy(bytes, 0, channel.reserved(), offset, bytes.length);
        channel.sendStream(bytes.length);
    }

    @ParameterizedTest
    @EnumSource(Suite.class)
    void carriesTheRawBytesOfEachSendInOnePacket(Suite suite) throws IOException {
        for (int bytes : new int[] {1, 4_096, MAX_STREAM_BYTES - 1, MAX_STREAM_BYTES}) {
            var ends = new NoiseChannelTest.Ends(suite);
            sendStream(ends.sender, pattern(bytes), bytes);
            sendStream(ends.sender, pattern(3), MAX_STREAM_BYTES);
            assertEquals(bytes + 3 + 2 * NoiseChannelTest.OVERHEAD, ends.wire.size());
            var receiver = ends.receiver(ends.wire.toByteArray());
            receiver.establish(1_024);
            assertEquals(bytes, receiver.receiveStream());
            assertArrayEquals(pattern(bytes), Arrays.copyOf(receiver.received(), bytes));
            assertEquals(3, receiver.receiveStream());
            assertArrayEquals(pattern(3), Arrays.copyOf(receiver.received(), 3));
        }
    }

    @Test
    void aFullPacketOfAStreamIsOneSegmentOfTheLoopbackInterface() {
        int ipv4AndTcpWithTimestamps = 20 + 20 + 12;
        assertTrue(MAX_STREAM_BYTES + NoiseChannelTest.OVERHEAD <= 65_535 - ipv4AndTcpWithTimestamps);
    }

    @Test
    void takesStreamPacketsThatAreLargerThanItsOwn() throws IOException {
        var ends = new NoiseChannelTest.Ends(Suite.AES_GCM);
        int largest = 65_535 - 16;
        sendStream(ends.sender, pattern(largest), largest);
        sendStream(ends.sender, pattern(7), 7);
        var receiver = ends.receiver(ends.wire.toByteArray());
        receiver.establish(1_024);
        assertEquals(largest, receiver.receiveStream());
        assertArrayEquals(pattern(largest), Arrays.copyOf(receiver.received(), largest));
        assertEquals(7, receiver.receiveStream());
    }

    /// Space is reserved before a read, which may find the end in place of bytes.
    @Test
    void theEndOfAStreamLeavesOutWhatWasReservedForBytes() throws IOException {
        var ends = new NoiseChannelTest.Ends(Suite.AES_GCM);
        ends.sender.reserveStream(100);
        sendStream(ends.sender, pattern(0), 0);
        assertEquals(NoiseChannelTest.OVERHEAD, ends.wire.size());
        assertEquals(0, ends.receiver(ends.wire.toByteArray()).receiveStream());
    }

    @Test
    void theEndOfAStreamIsNeverJoinedToBytes() throws IOException {
        var ends = new NoiseChannelTest.Ends(Suite.AES_GCM);
        sendStream(ends.sender, pattern(5), 100);
        sendStream(ends.sender, pattern(0), 0);
        sendStream(ends.sender, pattern(2), 2);
        var receiver = ends.receiver(ends.wire.toByteArray());
        receiver.establish(1_024);
        assertEquals(5, receiver.receiveStream());
        assertEquals(0, receiver.receiveStream());
        assertEquals(2, receiver.receiveStream());
        assertEquals(-1, receiver.receiveStream());
    }
}
