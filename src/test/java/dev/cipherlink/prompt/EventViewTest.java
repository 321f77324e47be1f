package dev.cipherlink.prompt;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.cipherlink.command.Event;
import dev.cipherlink.console.Glyphs;
import dev.cipherlink.prompt.Deliveries.DeliveryState;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Supplier;
import org.jline.utils.AttributedString;
import org.junit.jupiter.api.Test;

/// The display of messages that come in more than one way.
class EventViewTest {

    /// Keeps what is shown, with the way it came.
    private static final class Shown implements Screen {
        private final List<String> lines = new ArrayList<>();
        private int alerts;

        @Override
        public int turn() {
            return 0;
        }

        @Override
        public void message(AttributedString line) {
            lines.add(line.toString());
        }

        @Override
        public void asked(AttributedString line) {
            lines.add("asked " + line);
        }

        @Override
        public void own(AttributedString line, DeliveryState fate) {
            lines.add("own " + line);
        }

        @Override
        public void giveBack(Supplier<String> line) {
            lines.add("given back");
        }

        @Override
        public void remark(AttributedString line) {
            lines.add("remark " + line);
        }

        @Override
        public void warning(AttributedString line) {
            lines.add("warning " + line);
        }

        @Override
        public void error(AttributedString line) {
            lines.add("error " + line);
        }

        @Override
        public void answer(Answer answer) {
            lines.add("answer");
        }

        @Override
        public void alert() {
            alerts++;
        }
    }

    private static final Instant NOON = Instant.parse("2026-03-01T12:00:00Z");

    private final JoinedRooms rooms = new JoinedRooms(false);
    private final Shown screen = new Shown();
    private final EventView view =
            new EventView(rooms, new ChatLines(new Palette(false), new Glyphs(false), ZoneOffset.UTC), screen, Optional.empty());

    EventViewTest() {
        view.own("ann");
        rooms.show("#ops");
        rooms.show("#dev");
    }

    private static Event.Message message(String room, long id, String text) {
        return new Event.Message(room, id, "bob", NOON, text);
    }

    @Test
    void missedMessagesAreShownOnce() {
        view.received(message("#dev", 10, "before").encode());
        view.said("#dev", 11);
        List<Event> past = List.of(message("#dev", 11, "mine"), message("#dev", 12, "one"), message("#dev", 13, "two"));
        view.missed("#dev", past);
        view.missed("#dev", past);
        view.received(message("#dev", 13, "two").encode());
        view.received(message("#dev", 14, "after").encode());
        assertEquals(List.of("12:00 #dev <bob> before", "remark -- 2 messages missed in #dev --",
                "asked 12:00 #dev <bob> one", "asked 12:00 #dev <bob> two", "12:00 #dev <bob> after"), screen.lines);
    }

    @Test
    void missedMessagesOfOtherRoomsAreNewThere() {
        view.missed("#ops", List.of(message("#ops", 10, "one"), message("#ops", 11, "ann: two")));
        assertEquals(List.of("asked 12:00 #ops <bob> ann: two"), screen.lines);
        assertEquals(List.of(new JoinedRooms.Unread("#ops", 2, 1)), rooms.unread());
        assertEquals(1, screen.alerts);
    }

    /// Issue 14.27: nobody could be ignored.
    @Test
    void anIgnoredUserIsNotShownUntilThatIsOver() {
        assertEquals("nobody is ignored", view.ignore(""));
        assertEquals("ignored: bob; direct messages too, which are lost", view.ignore("Bob"));
        view.received(message("#dev", 10, "ann: one").encode());
        view.history(List.of(message("#dev", 9, "zero")), true);
        assertEquals(List.of(), screen.lines);
        assertEquals(0, screen.alerts);
        assertEquals("nobody is ignored", view.ignore("bob"));
        view.received(message("#dev", 11, "two").encode());
        assertEquals(List.of("12:00 #dev <bob> two"), screen.lines);
    }

    @Test
    void knowsFromWhereToGoOn() {
        assertEquals(OptionalLong.empty(), view.newest("#dev"));
        view.isComplete("#dev");
        assertEquals(OptionalLong.of(0), view.newest("#dev"));
        view.received(message("#dev", 12, "one").encode());
        // Something older may still be on its way.
        view.said("#dev", 20);
        assertEquals(OptionalLong.of(12), view.newest("#dev"));
        view.isComplete("#dev");
        assertEquals(OptionalLong.of(12), view.newest("#dev"));
    }
}
