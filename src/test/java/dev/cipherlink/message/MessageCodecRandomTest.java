package dev.cipherlink.message;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.message.Message.MessageCodec;
import dev.cipherlink.message.Message.MessageCodec.Checksum;
import dev.cipherlink.message.Message.MessageType;
import dev.cipherlink.message.Message.Payload;
import dev.cipherlink.random.Damage;
import java.net.ProtocolException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/// Whatever bytes come: a message that lies within them, or `ProtocolException`.
class MessageCodecRandomTest {

    private final MessageCodec codec = new MessageCodec(Checksum.Algorithm.CRC32C);
    private int decoded;
    private int refused;

    private byte[] encoded(Message message) {
        byte[] bytes = new byte[MessageCodec.encodedBytes(message.payload().length())];
        codec.encode(message, bytes, 0);
        return bytes;
    }

    @Test
    void decodesMessagesWithinTheirPacketOrRefuses() {
        byte[][] samples = {
            encoded(Message.of(MessageType.DATA, 1, Payload.of("SET a b".getBytes(StandardCharsets.US_ASCII)))),
            encoded(Message.data(65_535, true, Payload.of(new byte[30]))),
            encoded(Message.of(MessageType.ACK, 0, Payload.EMPTY)),
            encoded(Message.of(MessageType.PART, 7, Payload.of(new byte[12]))),
        };
        var damage = new Damage(12);
        int rounds = Damage.rounds(150_000);
        for (int round = 0; round < rounds; round++) {
            tryOne(round % 3 == 0 ? damage.noise(24) : damage.of(samples, 3), damage.random().nextInt(4));
        }
        assertTrue(decoded > rounds / 4 && refused > rounds / 4, decoded + " decoded, " + refused + " refused");
    }

    private void tryOne(byte[] packet, int offset) {
        // Bytes around the packet in its buffer must not matter.
        byte[] buffer = new byte[offset + packet.length + 5];
        Arrays.fill(buffer, (byte) 0xee);
        System.arraycopy(packet, 0, buffer, offset, packet.length);
        byte[] before = buffer.clone();
        try {
            Message message = codec.decode(buffer, offset, packet.length);
            Payload payload = message.payload();
            assertTrue(payload.length() >= 0 && payload.offset() == offset + MessageCodec.HEADER_BYTES
                    && payload.offset() + payload.length() <= offset + packet.length);
            assertTrue(message.sequence() >= 0 && message.sequence() < Message.SEQUENCE_MODULUS);
            assertTrue(!message.more() || message.type() == MessageType.DATA);
            if (message.intact()) {
                assertArrayEquals(Arrays.copyOf(packet, MessageCodec.encodedBytes(payload.length())), encoded(message));
            }
            decoded++;
        } catch (ProtocolException e) {
            refused++;
        } catch (RuntimeException | AssertionError e) {
            throw new AssertionError("on packet " + Arrays.toString(packet), e);
        }
        assertArrayEquals(before, buffer);
    }
}
