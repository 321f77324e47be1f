package dev.cipherlink.message;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.message.Message.Payload;
import dev.cipherlink.message.SessionParameters.OperationMode;
import dev.cipherlink.message.Syn.SynAck;
import dev.cipherlink.random.Damage;
import java.net.ProtocolException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Whatever bytes come as SYN, SYN_ACK or echo: an object that keeps its promises, or `ProtocolException`.
@Tag("slow")
class HandshakeJsonRandomTest {

    private static final byte[][] SAMPLES = Stream.of(
            "{\"operation_mode\":\"burst\",\"max_packet_size\":1024,\"window_size\":5,\"checksum\":\"crc32c\"}",
            "{\"operation_mode\":\"step-by-step\",\"max_packet_size\":65519,\"client_id\":\"ann\",\"x\":[[{\"y\":null}]]}",
            "{\"status\":\"ok\",\"session_id\":\"00ff\",\"operation_mode\":\"burst\",\"max_packet_size\":2048}",
            "{\"status\":\"error\",\"reason\":\"caf\u00e9 \\u00e9 \\ud83d\\ude00\"}",
            "{\"session_id\":\"0123456789abcdef0123456789abcdef\"}",
            "{\"operation_mode\":\"burst\",\"max_packet_size\":1e999,\"window_size\":-0.5,\"n\":NaN}",
            "{\"max_packet_size\":99999999999999999999999999,\"operation_mode\":true}",
            "[[[[[[[[[[[[[[[[[[", "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":", "\"text\"", "\ufeff{}")
            .map(text -> text.getBytes(StandardCharsets.UTF_8)).toArray(byte[][]::new);

    private int decoded;
    private int refused;

    /// One of the three decoders.
    private interface Decoder {
        Object decode(Payload json) throws ProtocolException;
    }

    @Test
    void decodesObjectsThatKeepTheirPromisesOrRefuses() {
        var damage = new Damage(13);
        int rounds = Damage.rounds(15_000);
        for (int round = 0; round < rounds; round++) {
            byte[] json = round % 8 == 0 ? damage.noise(30) : damage.of(SAMPLES, 3);
            tryOne(HandshakeJson::decodeSyn, json);
            tryOne(HandshakeJson::decodeSynAck, json);
            tryOne(HandshakeJson::decodeEcho, json);
        }
        assertTrue(decoded > rounds / 8 && refused > rounds, decoded + " decoded, " + refused + " refused");
    }

    private void tryOne(Decoder decoder, byte[] json) {
        try {
            checkPromises(decoder.decode(Payload.of(json)));
            decoded++;
        } catch (ProtocolException e) {
            assertTrue(e.getMessage().chars().allMatch(c -> c >= ' ' && c < 0x7f), "quotes nothing: " + e.getMessage());
            refused++;
        } catch (RuntimeException | Error e) {
            throw new AssertionError("on " + Arrays.toString(json), e);
        }
    }

    private static void checkPromises(Object decoded) {
        switch (decoded) {
            case Syn syn -> {
                checkSizes(syn.wishes());
                assertTrue(syn.clientId().length() <= 64);
                assertTrue(syn.target().length() <= 262);
                assertTrue(syn.challenge().length() <= 64);
                assertTrue(syn.target().isEmpty() || syn.wishes().mode() == OperationMode.STREAM);
            }
            case SynAck.Granted granted -> checkSizes(granted.parameters());
            case SynAck.Refused refusal -> assertTrue(refusal.reason().length() <= HandshakeJson.MAX_BYTES);
            case HandshakeJson.Echo echo -> assertTrue(echo.sessionId().length() <= HandshakeJson.MAX_BYTES);
            default -> throw new AssertionError(decoded);
        }
    }

    private static void checkSizes(SessionParameters parameters) {
        assertTrue(parameters.maxMessageBytes() >= 1_024 && parameters.maxMessageBytes() <= 65_519);
        assertTrue(parameters.windowSize() >= 1 && parameters.windowSize() <= 32_767);
        assertTrue(parameters.mode() == OperationMode.BURST || parameters.windowSize() == 1);
    }
}
