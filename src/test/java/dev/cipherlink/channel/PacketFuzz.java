package dev.cipherlink.channel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.channel.PacketReader.PacketLimits;
import dev.cipherlink.fuzz.FuzzTarget;
import dev.cipherlink.packet.Stream;
import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/// A stream of packets, whole and in pieces: packets within the limits, the end between two, or one of the two documented exceptions.
public final class PacketFuzz implements FuzzTarget {
    private static final PacketLimits LIMITS = new PacketLimits(2, 3, 16, 1_000);

    private static byte[] packets(int... dataSizes) {
        int total = Arrays.stream(dataSizes).map(size -> 9 + 3 + size).sum();
        var stream = ByteBuffer.allocate(total);
        for (int size : dataSizes) {
            stream.put((byte) 2).putInt(3).putInt(size).put(new byte[3 + size]);
        }
        return stream.array();
    }

    @Override
    public byte[][] seeds() {
        return new byte[][] {packets(16), packets(17, 300), packets(1_000), packets(16, 16, 16, 900)};
    }

    @Override
    public boolean accepts(byte[] input) throws IOException {
        boolean isWhole = accepts(input, new PacketReader(Stream.whole(input)));
        int piece = 1 + (input.length == 0 ? 0 : input[input.length - 1] & 0xff);
        assertEquals(isWhole, accepts(input, new PacketReader(Stream.atMost(input, piece))), "in pieces of " + piece);
        return isWhole;
    }

    private static boolean accepts(byte[] input, PacketReader reader) throws IOException {
        try {
            int position = 0;
            while (reader.read(LIMITS)) {
                assertTrue(reader.dataSize() >= 16 && reader.dataSize() <= 1_000);
                position += 9 + 3 + reader.dataSize();
                assertTrue(position <= input.length && reader.bytesRead() >= position);
                assertTrue(Arrays.equals(input, position - reader.dataSize(), position, reader.buffer(),
                        reader.dataOffset(), reader.dataOffset() + reader.dataSize()), "the data is the stream's");
            }
            assertEquals(input.length, position);
            return true;
        } catch (ProtocolException | EOFException _) {
            return false;
        }
    }
}
