package dev.cipherlink.prompt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import org.jline.utils.AttributedString;
import org.junit.jupiter.api.Test;

class JoinedRoomsTest {
    private final JoinedRooms rooms = new JoinedRooms(false);

    private static AttributedString line(int number) {
        return new AttributedString("line " + number);
    }

    @Test
    void countsWhatIsNewInRoomsThatAreNotOnTheScreen() {
        rooms.show("#dev");
        rooms.show("#ops");

        assertFalse(rooms.keepUnseen("#ops", line(1), false));
        assertTrue(rooms.keepUnseen("#dev", line(2), false));
        assertTrue(rooms.keepUnseen("#dev", line(3), true));

        assertEquals(List.of(new JoinedRooms.Unread("#dev", 2, 1)), rooms.unread());
        assertEquals(List.of(line(2), line(3)), rooms.show("#dev"));
        assertEquals(List.of(), rooms.unread());
    }

    @Test
    void keepsABoundedNumberOfLines() {
        rooms.show("#dev");
        rooms.show("#ops");
        for (int i = 0; i < 1_000; i++) {
            rooms.keepUnseen("#dev", line(i), false);
        }

        assertEquals(1_000, rooms.unread().getFirst().messages());
        List<AttributedString> unseen = rooms.show("#dev");
        assertEquals(200, unseen.size());
        assertEquals(line(999), unseen.getLast());
    }

    @Test
    void goesBackToTheRoomEnteredLast() {
        rooms.show("#a");
        rooms.show("#b");
        rooms.show("#c");

        assertEquals(Optional.empty(), rooms.leave("#a"));
        assertEquals(Optional.of("#b"), rooms.leave("#c"));
        rooms.show("#b");
        assertEquals(Optional.empty(), rooms.leave("#b"));
        assertEquals("", rooms.current());
    }

    @Test
    void namesOfThisRoomComeFirst() {
        rooms.met("zoe");
        rooms.show("#ops");
        rooms.members("#ops", List.of("bob", "carol"));
        rooms.joined("#ops", "dan");
        rooms.left("#ops", "carol");

        assertEquals(List.of("bob", "dan", "carol", "zoe"), rooms.names());
    }

    @Test
    void repliesGoToTheLastSender() {
        assertEquals("", rooms.lastSender());
        rooms.wroteToUs("bob");
        rooms.wroteToUs("ann");
        assertEquals("ann", rooms.lastSender());
    }
}
