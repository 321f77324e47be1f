package dev.cipherlink.message;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.message.Message.MessageCodec;
import dev.cipherlink.message.Message.MessageCodec.Checksum;
import dev.cipherlink.message.Message.MessageType;
import dev.cipherlink.message.Message.Payload;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MessageCodecTest {

    private static final Payload PING = Payload.of("PING".getBytes(StandardCharsets.US_ASCII));
    /// Made with Python's struct and hashlib: `!IBH4s`.
    private static final String GOLDEN_MD5 = "00000004" + "01" + "0001" + "e07ff41a" + "50494e47";
    private static final String GOLDEN_CRC32C = "00000004" + "81" + "ffff" + "ceada4a6" + "50494e47";
    private static final String GOLDEN_EMPTY = "00000000" + "02" + "0000" + "d41d8cd9";

    private final MessageCodec md5 = new MessageCodec(Checksum.Algorithm.MD5);
    private final MessageCodec crc32c = new MessageCodec(Checksum.Algorithm.CRC32C);

    private static String encoded(MessageCodec codec, Message message) {
        var target = new byte[MessageCodec.encodedBytes(message.payload().length()) + 4];
        codec.encode(message, target, 2);
        assertEquals(0, target[0] | target[1] | target[target.length - 1] | target[target.length - 2]);
        return HexFormat.of().formatHex(target, 2, target.length - 2);
    }

    private static Message decoded(MessageCodec codec, String hex) throws ProtocolException {
        byte[] source = HexFormat.of().parseHex("0000" + hex);
        return codec.decode(source, 2, source.length - 2);
    }

    @Test
    void encodesTheGoldenBytes() {
        assertEquals(GOLDEN_MD5, encoded(md5, Message.data(1, false, PING)));
        assertEquals(GOLDEN_CRC32C, encoded(crc32c, Message.data(65_535, true, PING)));
        assertEquals(GOLDEN_EMPTY, encoded(md5, Message.of(MessageType.ACK, 0, Payload.EMPTY)));
    }

    @Test
    void decodesTheGoldenBytes() throws ProtocolException {
        assertEquals(Message.data(1, false, PING), decoded(md5, GOLDEN_MD5));
        assertEquals(Message.data(65_535, true, PING), decoded(crc32c, GOLDEN_CRC32C));
        assertEquals(Message.of(MessageType.ACK, 0, Payload.EMPTY), decoded(md5, GOLDEN_EMPTY));
    }

    @Test
    void decodesWhatItEncoded() throws ProtocolException {
        var random = new Random(1);
        for (int i = 0; i < 2_000; i++) {
            var bytes = new byte[random.nextInt(300)];
            random.nextBytes(bytes);
            int from = random.nextInt(bytes.length + 1);
            var payload = new Payload(bytes, from, bytes.length - from);
            MessageType type = MessageType.values()[random.nextInt(MessageType.values().length)];
            boolean more = type == MessageType.DATA && random.nextBoolean();
            var message = new Message(type, more, random.nextInt(65_536), payload, true);
            MessageCodec codec = random.nextBoolean() ? md5 : crc32c;
            assertEquals(message, decoded(codec, encoded(codec, message)));
        }
    }

    @Test
    void refusesAMessageCutAtEachLength() {
        for (int length = 0; length < GOLDEN_MD5.length() / 2; length++) {
            String cut = GOLDEN_MD5.substring(0, 2 * length);
            assertThrows(ProtocolException.class, () -> decoded(md5, cut), "cut at " + length);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {5, 10, 65_535, Integer.MAX_VALUE, Integer.MIN_VALUE, -1, -15})
    void refusesALengthBeyondThePacket(int length) {
        byte[] source = HexFormat.of().parseHex(GOLDEN_MD5);
        ByteBuffer.wrap(source).putInt(length);
        var refusal = assertThrows(ProtocolException.class, () -> md5.decode(source, 0, source.length));
        assertEquals("a message claims " + Integer.toUnsignedString(length) + " bytes of payload, 4 are left in its packet",
                refusal.getMessage());
    }

    @Test
    void refusesALengthBeyondWhatIsAvailableEvenIfTheArrayGoesOn() {
        byte[] source = Arrays.copyOf(HexFormat.of().parseHex(GOLDEN_MD5), 100);
        assertThrows(ProtocolException.class, () -> md5.decode(source, 0, 14));
    }

    @Test
    void leavesWhatFollowsAMessageAlone() throws ProtocolException {
        assertEquals(Message.data(1, false, PING), decoded(md5, GOLDEN_MD5 + GOLDEN_EMPTY));
    }

    @Test
    void tellsAWrongChecksumWithoutRefusingTheMessage() throws ProtocolException {
        int header = 2 * MessageCodec.CHECKSUM_OFFSET;
        for (int i = header; i < GOLDEN_MD5.length(); i++) {
            for (int bit = 0; bit < 4; bit++) {
                int digit = Character.digit(GOLDEN_MD5.charAt(i), 16) ^ 1 << bit;
                String damaged = GOLDEN_MD5.substring(0, i) + Character.forDigit(digit, 16) + GOLDEN_MD5.substring(i + 1);
                assertFalse(decoded(md5, damaged).intact(), damaged);
            }
        }
        assertFalse(decoded(crc32c, GOLDEN_MD5).intact(), "the other algorithm's checksum");
    }

    @Test
    void knowsTenTypesOfTheOneHundredTwentyEightAndMoreOnDataOnly() throws ProtocolException {
        int known = 0;
        for (int code = 0; code < 256; code++) {
            byte[] source = HexFormat.of().parseHex(GOLDEN_MD5);
            source[MessageCodec.TYPE_OFFSET] = (byte) code;
            if (code >= 1 && code <= 10) {
                Message message = md5.decode(source, 0, source.length);
                assertEquals(code, message.type().code());
                assertFalse(message.more());
                known++;
            } else if (code == 0x81) {
                Message message = md5.decode(source, 0, source.length);
                assertEquals(MessageType.DATA, message.type());
                assertTrue(message.more());
                known++;
            } else {
                assertThrows(ProtocolException.class, () -> md5.decode(source, 0, source.length), "type " + code);
            }
        }
        assertEquals(11, known);
    }

    @Test
    void namesItsTypesAsTheProtocolDoes() {
        assertEquals("DATA ACK ERROR KEEPALIVE DISCONNECT SYN SYN_ACK PART RESEND PADDING",
                String.join(" ", Arrays.stream(MessageType.values()).map(Enum::name).toList()));
    }
}
