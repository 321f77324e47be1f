package dev.cipherlink.message;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.cipherlink.message.Message.Payload;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class PayloadTest {

    private static final byte[] BYTES = "a secret that nobody prints".getBytes(StandardCharsets.US_ASCII);

    @Test
    void isEqualToTheSameBytesElsewhere() {
        var view = new Payload(BYTES, 2, 6);
        Payload copy = Payload.of(view.toBytes());
        assertEquals(copy, view);
        assertEquals(copy.hashCode(), view.hashCode());
        assertNotEquals(copy, new Payload(BYTES, 3, 6));
        assertNotEquals(copy, new Payload(BYTES, 2, 5));
        assertNotEquals(copy, view.toBytes(), "an array");
        assertEquals("secret", view.text());
    }

    @Test
    void givesACopyThatOutlivesItsBuffer() {
        byte[] buffer = BYTES.clone();
        byte[] copy = new Payload(buffer, 2, 6).toBytes();
        buffer[2] = 'X';
        assertArrayEquals("secret".getBytes(StandardCharsets.US_ASCII), copy);
    }

    @Test
    void showsItsSizeAndNotItsContent() {
        String shown = Message.data(1, false, Payload.of(BYTES)).toString();
        assertFalse(shown.contains("secret"), shown);
        assertEquals("Payload[27 bytes]", Payload.of(BYTES).toString());
    }
}
