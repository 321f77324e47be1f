package dev.cipherlink.message;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.fuzz.FuzzTarget;
import dev.cipherlink.message.Message.Payload;
import dev.cipherlink.message.SessionParameters.OperationMode;
import dev.cipherlink.message.Syn.SynAck;
import java.net.ProtocolException;

/// SYN, SYN_ACK or echo: an object that keeps its promises, or `ProtocolException`, which quotes nothing.
public final class HandshakeJsonFuzz implements FuzzTarget {

    /// One of the three decoders.
    private interface Decoder {
        Object decode(Payload json) throws ProtocolException;
    }

    @Override
    public byte[][] seeds() {
        return FuzzTarget.utf8(
                "{\"operation_mode\":\"burst\",\"max_packet_size\":1024,\"window_size\":5,\"checksum\":\"crc32c\"}",
                "{\"operation_mode\":\"step-by-step\",\"max_packet_size\":65519,\"client_id\":\"ann\",\"x\":[[{\"y\":null}]]}",
                "{\"status\":\"ok\",\"session_id\":\"00ff\",\"operation_mode\":\"burst\",\"max_packet_size\":2048}",
                "{\"status\":\"error\",\"reason\":\"caf\u00e9 \\u00e9 \\ud83d\\ude00\"}",
                "{\"session_id\":\"0123456789abcdef0123456789abcdef\"}",
                "{\"operation_mode\":\"burst\",\"max_packet_size\":1e999,\"window_size\":-0.5,\"n\":NaN}",
                "{\"max_packet_size\":99999999999999999999999999,\"operation_mode\":true}",
                "[[[[[[[[[[[[[[[[[[", "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":", "\"text\"", "\ufeff{}");
    }

    @Override
    public boolean accepts(byte[] input) {
        // Each is tried: one object may be good for more than one of them.
        return accepts(HandshakeJson::decodeSyn, input) | accepts(HandshakeJson::decodeSynAck, input)
                | accepts(HandshakeJson::decodeEcho, input);
    }

    private static boolean accepts(Decoder decoder, byte[] input) {
        try {
            checkPromises(decoder.decode(Payload.of(input)));
            return true;
        } catch (ProtocolException e) {
            FuzzTarget.assertLine(e.getMessage());
            return false;
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
