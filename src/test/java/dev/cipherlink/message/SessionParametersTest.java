package dev.cipherlink.message;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.message.Message.MessageCodec.Checksum;
import dev.cipherlink.message.SessionParameters.OperationMode;
import org.junit.jupiter.api.Test;

class SessionParametersTest {

    private static SessionParameters burst(int maxMessageBytes, int windowSize) {
        return new SessionParameters(OperationMode.BURST, maxMessageBytes, windowSize, Checksum.Algorithm.MD5);
    }

    @Test
    void keepsToTheBoundsOfTheProtocol() {
        assertThrows(IllegalArgumentException.class, () -> burst(1_023, 64));
        assertThrows(IllegalArgumentException.class, () -> burst(65_520, 64));
        assertThrows(IllegalArgumentException.class, () -> burst(1_024, 0));
        assertThrows(IllegalArgumentException.class, () -> burst(1_024, 32_768));
        assertThrows(IllegalArgumentException.class,
                () -> new SessionParameters(OperationMode.STEP_BY_STEP, 1_024, 2, Checksum.Algorithm.MD5));
        assertEquals(1_013, burst(1_024, 1).maxPayloadBytes());
        assertEquals(65_508, burst(65_519, 32_767).maxPayloadBytes());
    }

    @Test
    void namesModesAsTheWireDoes() {
        assertEquals("step-by-step", OperationMode.STEP_BY_STEP.wireName());
        assertEquals("burst", OperationMode.BURST.wireName());
        for (OperationMode mode : OperationMode.values()) {
            assertEquals(mode, OperationMode.ofWireName(mode.wireName()).orElseThrow());
        }
        assertTrue(OperationMode.ofWireName("STEP_BY_STEP").isEmpty());
    }
}
