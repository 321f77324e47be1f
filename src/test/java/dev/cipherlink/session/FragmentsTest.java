package dev.cipherlink.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.message.Payload;
import org.junit.jupiter.api.Test;

class FragmentsTest {

    private final FragmentRoom room = new FragmentRoom(15);
    private final Fragments fragments = new Fragments(10, room);

    private static void add(Fragments target, String text) {
        target.add(Payload.of(Peer.bytes(text)));
    }

    @Test
    void makeOneRequest() {
        assertFalse(fragments.isBegun());
        add(fragments, "12345");
        add(fragments, "67890");
        assertTrue(fragments.isBegun());
        assertNull(fragments.refusal());
        assertEquals("1234567890", fragments.request().text());
        fragments.clear();
        assertFalse(fragments.isBegun());
    }

    @Test
    void keepNothingOfARequestThatIsTooLarge() {
        add(fragments, "12345");
        add(fragments, "678901");
        add(fragments, "2");
        assertTrue(fragments.isBegun());
        assertEquals(0, fragments.retainedBytes());
        assertEquals("the request is larger than 10 bytes; send less at once", fragments.refusal());
        fragments.clear();
        assertFalse(fragments.isBegun());
    }

    /// Twelve large requests at a time took all memory; what struck a thread of the JVM's own froze the server.
    @Test
    void shareTheRoomOfTheProcessAndGiveItBack() {
        var others = new Fragments(10, room);
        add(fragments, "1234567890");
        add(others, "12345");
        add(others, "6");
        assertEquals("the server has no memory for a request of this size now; try again later", others.refusal());
        assertEquals(0, others.retainedBytes());
        others.clear();
        fragments.clear();
        assertTrue(room.take(15));
        assertFalse(room.take(1));
    }
}
