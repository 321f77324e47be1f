package dev.cipherlink.prompt;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.prompt.EventView.SeenMessages;
import org.junit.jupiter.api.Test;

class SeenMessagesTest {
    private final SeenMessages seen = new SeenMessages();

    @Test
    void knowsAMessageThatComesAgain() {
        assertTrue(seen.add("", 7));
        assertFalse(seen.add("", 7));
        assertTrue(seen.add("", 8));
    }

    @Test
    void tellsRoomsAndDirectMessagesApart() {
        assertTrue(seen.add("#dev", 7));
        assertTrue(seen.add("#ops", 7));
        assertTrue(seen.add("", 7));
        assertFalse(seen.add("#dev", 7));
    }

    @Test
    void forgetsTheOldestOnesOnly() {
        for (int id = 0; id <= 4_096; id++) {
            assertTrue(seen.add("#dev", id));
        }
        assertFalse(seen.add("#dev", 1));
        assertTrue(seen.add("#dev", 0));
    }
}
