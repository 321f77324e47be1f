package dev.cipherlink.channel;

import static dev.cipherlink.channel.NoiseChannel.MAX_STREAM_BYTES;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.noise.Suite;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

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

    /// A stream that does not block, and moves so many bytes at a time.
    private static final class Pieces implements ByteChannel {
        private final ByteArrayOutputStream written = new ByteArrayOutputStream();
        private final ByteBuffer input;
        private final int piece;
        private boolean isBusy;

        Pieces(byte[] input, int piece) {
            this.input = ByteBuffer.wrap(input);
            this.piece = piece;
        }

        /// Nothing every other time.
        private int next(int most) {
            isBusy = !isBusy;
            return isBusy ? 0 : Math.min(piece, most);
        }

        @Override
        public int read(ByteBuffer target) {
            if (!input.hasRemaining()) {
                return -1;
            }
            int count = next(Math.min(input.remaining(), target.remaining()));
            target.put(input.slice(input.position(), count));
            input.position(input.position() + count);
            return count;
        }

        @Override
        public int write(ByteBuffer source) {
            int count = next(source.remaining());
            for (int i = 0; i < count; i++) {
                written.write(source.get());
            }
            return count;
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void close() {
            // There is nothing to close.
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 30_000, 1_000_000})
    void goesOnWhereAStreamThatDoesNotBlockHasStopped(int piece) throws IOException {
        var ends = new NoiseChannelTest.Ends(Suite.CHACHA_POLY);
        int[] sizes = piece < 30_000 ? new int[] {1, 500, 3} : new int[] {1, 60_000, MAX_STREAM_BYTES, 3};
        var out = new Pieces(new byte[0], piece);
        int total = 0;
        for (int size : sizes) {
            ends.sender.seal(pattern(size + 2), 2, size);
            total += size + NoiseChannelTest.OVERHEAD;
        }
        assertEquals(total, ends.sender.pendingBytes());
        int tries = 0;
        while (!ends.sender.writeReady(out)) {
            tries++;
            assertEquals(out.written.size(), ends.sender.bytesOut());
        }
        assertTrue(tries > 0, "nothing at first");
        assertEquals(total, ends.sender.bytesOut());
        assertEquals(0, ends.sender.pendingBytes());
        assertTrue(ends.sender.writeReady(out), "there is nothing more");
        assertEquals(total, out.written.size());

        var receiver = ends.receiver(new byte[0]);
        receiver.establish(1_024);
        var in = new Pieces(out.written.toByteArray(), piece);
        int read = 0;
        for (int size : sizes) {
            while (!receiver.hasPacket()) {
                int count = receiver.readReady(in);
                assertTrue(count >= 0 && count <= piece, count + " bytes");
                read += count;
                assertEquals(read, receiver.bytesIn());
            }
            assertTrue(receiver.receive());
            assertArrayEquals(Arrays.copyOfRange(pattern(size + 2), 2, size + 2), Arrays.copyOf(receiver.received(), receiver.receivedBytes()));
        }
        assertEquals(total, read);
        assertEquals(-1, receiver.readReady(in));
        assertFalse(receiver.hasPacket());
    }

    /// What a stranger says is not made room for.
    @Test
    void aHeaderOutsideTheLimitsOfAStreamIsReadNoFurther() throws IOException {
        var ends = new NoiseChannelTest.Ends(Suite.AES_GCM);
        var receiver = ends.receiver(new byte[0]);
        receiver.establish(1_024);
        byte[] hostile = ByteBuffer.allocate(200_000).put((byte) 2).putInt(0).putInt(Integer.MAX_VALUE).array();
        var in = new Pieces(hostile, 9);
        while (!receiver.hasPacket()) {
            receiver.readReady(in);
        }
        assertEquals(9, receiver.bytesIn());
        assertThrows(ProtocolException.class, receiver::receive);
    }

    @Test
    void saysHowItProtects() throws IOException {
        var ends = new NoiseChannelTest.Ends(Suite.HYBRID_AES_GCM);
        assertEquals(Suite.HYBRID_AES_GCM.protocolName(), ends.sender.protocolName());
        assertEquals(Suite.HYBRID_AES_GCM.kind(), ends.sender.protection());
        assertFalse(ends.sender.isPadded());
        ends.sender.agree(false, 1);
        assertTrue(ends.sender.isPadded());
        ends.sender.agree(false, 0);
        assertFalse(ends.sender.isPadded());
    }

    @Test
    void keepsNothingOfTheHandshakeOnceEstablished() throws IOException {
        var ends = new NoiseChannelTest.Ends(Suite.AES_GCM);
        sendStream(ends.sender, pattern(100), 100);
        var receiver = ends.receiver(ends.wire.toByteArray());
        assertEquals(100, receiver.receiveStream());
        byte[] before = receiver.received();
        assertArrayEquals(pattern(100), Arrays.copyOf(before, 100));
        receiver.establish(1_024);
        assertArrayEquals(new byte[before.length], before);
    }
}
