package dev.cipherlink.message;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.fuzz.FuzzTarget;
import dev.cipherlink.message.Message.MessageCodec;
import dev.cipherlink.message.Message.MessageCodec.Checksum;
import dev.cipherlink.message.Message.MessageType;
import dev.cipherlink.message.Message.Payload;
import java.net.ProtocolException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// A packet's content: a message that lies within it, or `ProtocolException`.
public final class MessageFuzz implements FuzzTarget {
    private static final int OFFSET = 3;

    private final MessageCodec codec = new MessageCodec(Checksum.Algorithm.CRC32C);

    private byte[] encoded(Message message) {
        byte[] bytes = new byte[MessageCodec.encodedBytes(message.payload().length())];
        codec.encode(message, bytes, 0);
        return bytes;
    }

    @Override
    public byte[][] seeds() {
        return new byte[][] {
            encoded(Message.of(MessageType.DATA, 1, Payload.of("SET a b".getBytes(StandardCharsets.US_ASCII)))),
            encoded(Message.data(65_535, true, Payload.of(new byte[30]))),
            encoded(Message.of(MessageType.ACK, 0, Payload.EMPTY)),
            encoded(Message.of(MessageType.PART, 7, Payload.of(new byte[12]))),
        };
    }

    @Override
    public boolean accepts(byte[] input) {
        // Bytes around the packet in its buffer must not matter.
        byte[] buffer = new byte[OFFSET + input.length + 5];
        Arrays.fill(buffer, (byte) 0xee);
        System.arraycopy(input, 0, buffer, OFFSET, input.length);
        byte[] before = buffer.clone();
        boolean isDecoded;
        try {
            check(codec.decode(buffer, OFFSET, input.length), input);
            isDecoded = true;
        } catch (ProtocolException _) {
            isDecoded = false;
        }
        assertArrayEquals(before, buffer);
        return isDecoded;
    }

    private void check(Message message, byte[] input) {
        Payload payload = message.payload();
        assertTrue(payload.length() >= 0 && payload.offset() == OFFSET + MessageCodec.HEADER_BYTES
                && payload.offset() + payload.length() <= OFFSET + input.length);
        assertTrue(message.sequence() >= 0 && message.sequence() < Message.SEQUENCE_MODULUS);
        assertTrue(!message.more() || message.type() == MessageType.DATA);
        if (message.intact()) {
            assertArrayEquals(Arrays.copyOf(input, MessageCodec.encodedBytes(payload.length())), encoded(message));
        }
    }
}
