package dev.cipherlink.channel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.channel.PacketReader.PacketLimits;
import dev.cipherlink.packet.Stream;
import dev.cipherlink.random.Damage;
import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/// Whatever stream comes: packets within the limits, the end between two, or one of the two documented exceptions.
class PacketReaderRandomTest {

    private static final PacketLimits LIMITS = new PacketLimits(2, 3, 16, 1_000);
    private static final byte[][] STREAMS = {packets(16), packets(17, 300), packets(1_000), packets(16, 16, 16, 900)};

    private static byte[] packets(int... dataSizes) {
        int total = Arrays.stream(dataSizes).map(size -> 9 + 3 + size).sum();
        var stream = ByteBuffer.allocate(total);
        for (int size : dataSizes) {
            stream.put((byte) 2).putInt(3).putInt(size).put(new byte[3 + size]);
        }
        return stream.array();
    }

    @Test
    void findsPacketsWithinTheLimitsOrRefuses() {
        var damage = new Damage(11);
        int packets = 0;
        int refused = 0;
        int cut = 0;
        int rounds = Damage.rounds(150_000);
        for (int round = 0; round < rounds; round++) {
            byte[] stream = round % 4 == 0 ? damage.noise(40) : damage.of(STREAMS, 3);
            var reader = new PacketReader(round % 2 == 0 ? Stream.whole(stream)
                    : Stream.atMost(stream, 1 + damage.random().nextInt(400)));
            try {
                int position = 0;
                while (reader.read(LIMITS)) {
                    packets++;
                    assertTrue(reader.dataSize() >= 16 && reader.dataSize() <= 1_000);
                    position += 9 + 3 + reader.dataSize();
                    assertTrue(position <= stream.length && reader.bytesRead() >= position);
                    assertTrue(Arrays.equals(stream, position - reader.dataSize(), position, reader.buffer(),
                            reader.dataOffset(), reader.dataOffset() + reader.dataSize()), "the data is the stream's");
                }
                assertEquals(stream.length, position);
            } catch (ProtocolException e) {
                refused++;
            } catch (EOFException e) {
                cut++;
            } catch (IOException | RuntimeException | AssertionError e) {
                throw new AssertionError("on stream " + Arrays.toString(stream), e);
            }
        }
        assertTrue(packets > rounds / 4 && refused > rounds / 8 && cut > rounds / 20,
                packets + " packets, " + refused + " refused, " + cut + " cut");
    }
}
