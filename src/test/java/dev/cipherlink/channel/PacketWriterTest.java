package dev.cipherlink.channel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.channel.PacketReader.PacketLimits.PacketHeader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

class PacketWriterTest {

    private static final String GOLDEN = "01" + "00000004" + "00000003" + "a0a1a2a3" + "d0d1d2";

    /// Remembers the size of each write.
    private static final class Sink extends OutputStream {
        final ByteArrayOutputStream content = new ByteArrayOutputStream();
        final List<Integer> writes = new ArrayList<>();

        @Override
        public void write(int b) {
            throw new AssertionError("a single byte was written");
        }

        @Override
        public void write(byte[] source, int offset, int length) {
            writes.add(length);
            content.write(source, offset, length);
        }

        String hex() {
            return HexFormat.of().formatHex(content.toByteArray());
        }
    }

    private final Sink sink = new Sink();
    private final PacketWriter writer = new PacketWriter(sink);

    private void add(String nonce, String data) {
        byte[] nonceBytes = HexFormat.of().parseHex(nonce);
        byte[] dataBytes = HexFormat.of().parseHex(data);
        int offset = writer.begin(1, nonceBytes.length);
        System.arraycopy(nonceBytes, 0, writer.buffer(), offset, nonceBytes.length);
        addData(dataBytes);
        writer.end();
    }

    private void addData(byte[] data) {
        int offset = writer.extend(data.length);
        System.arraycopy(data, 0, writer.buffer(), offset, data.length);
    }

    @Test
    void completesAPacketThatGrewInSteps() throws IOException {
        writer.begin(2, 0);
        addData(new byte[] {1, 2});
        addData(new byte[1_000]);
        assertEquals(1_002, writer.dataBytes());
        assertEquals(9, writer.dataOffset());
        writer.end();
        writer.stage();
        writer.writeStaged();
        assertEquals("0200000000000003ea0102" + "00".repeat(1_000), sink.hex());
    }

    @Test
    void writesTheGoldenPacket() throws IOException {
        add("a0a1a2a3", "d0d1d2");
        assertEquals(16, writer.pendingBytes());
        writer.stage();
        assertEquals(0, writer.pendingBytes());
        assertEquals("", sink.hex(), "nothing leaves before it is written");
        writer.writeStaged();
        assertEquals(GOLDEN, sink.hex());
        assertEquals(16, writer.bytesWritten());
    }

    @Test
    void writesAllStagedPacketsWithOneCall() throws IOException {
        for (int i = 0; i < 1_000; i++) {
            add("a0a1a2a3", "d0d1d2");
        }
        writer.stage();
        writer.writeStaged();
        assertEquals(List.of(16_000), sink.writes);
        assertEquals(GOLDEN.repeat(1_000), sink.hex());
    }

    @Test
    void keepsWhatIsAddedAfterStagingForTheNextWrite() throws IOException {
        add("a0a1a2a3", "d0d1d2");
        writer.stage();
        add("b0", "e0");
        writer.writeStaged();
        assertEquals(GOLDEN, sink.hex());
        writer.stage();
        writer.writeStaged();
        assertEquals(GOLDEN + "010000000100000001b0e0", sink.hex());
    }

    @Test
    void writesWhatIsStagedOnce() throws IOException {
        add("a0a1a2a3", "d0d1d2");
        writer.stage();
        writer.writeStaged();
        writer.writeStaged();
        assertEquals(GOLDEN, sink.hex());
    }

    @Test
    void showsTheProgressOfALargeWrite() throws IOException {
        int size = 1_000_000;
        writer.begin(1, 0);
        int offset = writer.extend(size);
        for (int i = 0; i < size; i++) {
            writer.buffer()[offset + i] = (byte) (i * 31);
        }
        writer.end();
        writer.stage();
        writer.writeStaged();
        assertTrue(sink.writes.stream().allMatch(length -> length <= 128 * 1024), () -> sink.writes.toString());
        byte[] written = sink.content.toByteArray();
        assertEquals(9 + size, written.length);
        assertEquals(written.length, writer.bytesWritten());
        for (int i = 0; i < size; i++) {
            assertEquals((byte) (i * 31), written[9 + i]);
        }
    }

    @Test
    void doesNotKeepABufferThatGrewForOneLargeAnswer() throws IOException {
        writer.begin(1, 0);
        writer.extend(1_000_000);
        writer.end();
        writer.stage();
        writer.writeStaged();
        for (int i = 0; i < 2; i++) {
            add("b0", "e0");
            writer.stage();
            writer.writeStaged();
        }
        assertTrue(writer.buffer().length <= 256 * 1024, writer.buffer().length + " bytes are kept");
    }

    @Test
    void countsOnlyWhatTheStreamTook() {
        var broken = new PacketWriter(new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("gone");
            }
        });
        broken.begin(1, 4);
        broken.extend(3);
        broken.end();
        broken.stage();
        assertThrows(IOException.class, broken::writeStaged);
        assertEquals(0, broken.bytesWritten());
    }

    @Test
    void dropsItsBuffersAtRestButNothingThatWaits() throws IOException {
        add("a0a1a2a3", "d0d1d2");
        writer.rest();
        writer.stage();
        writer.rest();
        writer.writeStaged();
        assertEquals(GOLDEN, sink.hex());
        writer.rest();
        assertEquals(0, writer.buffer().length);
        add("a0a1a2a3", "d0d1d2");
        writer.writePending();
        assertEquals(GOLDEN + GOLDEN, sink.hex());
    }

    @Test
    void shortensAPacketAndLengthensNone() throws IOException {
        writer.begin(1, 4);
        addData(new byte[3]);
        assertThrows(IllegalArgumentException.class, () -> writer.truncate(4));
        writer.truncate(1);
        writer.end();
        writer.writePending();
        assertEquals("01" + "00000004" + "00000001" + "00000000" + "00", sink.hex());
    }

    @Test
    void encodesUnsignedSizes() {
        var header = new byte[11];
        PacketHeader.encode(header, 1, 0xfe, 0x80000000, 0xffffffff);
        assertArrayEquals(HexFormat.of().parseHex("00fe80000000ffffffff00"), header);
        assertEquals(0xfe, PacketHeader.version(header, 1));
        assertEquals(2_147_483_648L, Integer.toUnsignedLong(PacketHeader.nonceSize(header, 1)));
        assertEquals(4_294_967_295L, Integer.toUnsignedLong(PacketHeader.dataSize(header, 1)));
    }
}
