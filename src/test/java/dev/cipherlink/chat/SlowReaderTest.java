package dev.cipherlink.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.cipherlink.chat.ChatService.ChatException;
import dev.cipherlink.chat.TestChat.User;
import dev.cipherlink.command.Event;
import java.util.List;
import org.junit.jupiter.api.Test;

class SlowReaderTest {

    private final TestChat test = new TestChat();

    @Test
    void isToldHowMuchItMissedInWhichRoom() throws ChatException {
        User ann = test.user("ann").join("#dev").join("#ops");
        User slow = test.user("bob").join("#dev").join("#ops");
        User quick = test.user("eve").join("#dev");
        slow.told();
        slow.room = 1;
        ann.say("#dev", "one");
        ann.say("#dev", "two");
        ann.say("#ops", "three");
        ann.say("#dev", "four");
        assertEquals(List.of("#dev 1 ann: one", "#dev 2 ann: two", "#dev 4 ann: four"), quick.told());
        assertEquals(List.of("#dev 1 ann: one"), slow.told());
        slow.read();
        ann.say("#dev", "five");
        assertEquals(List.of("skipped #dev 2 1", "skipped #ops 1 " + -TestChat.START.toEpochMilli(), "#dev 5 ann: five"),
                slow.told());
        assertEquals(3L, test.chat.info().get("chat_skipped"));
        assertEquals(List.of("two", "four"), test.chat.history("#dev", 2, TestChat.START.toEpochMilli() + 1).stream()
                .map(Event.Message::text).toList());
    }

    @Test
    void isToldBeforeAnythingThatComesLater() throws ChatException {
        User ann = test.user("ann").join("#dev").join("#ops");
        User slow = test.user("bob").join("#dev").join("#ops");
        slow.told();
        slow.room = 0;
        ann.say("#dev", "one");
        slow.room = 2;
        ann.say("#ops", "two");
        ann.say("#ops", "three");
        long none = -TestChat.START.toEpochMilli();
        assertEquals(List.of("skipped #dev 1 " + none, "#ops 2 ann: two"), slow.told());
        slow.read();
        assertEquals(List.of("skipped #ops 1 2"), slow.told());
    }

    @Test
    void itsOwnMessagesCountWhenItMissesOthers() throws ChatException {
        User ann = test.user("ann").join("#dev");
        User slow = test.user("bob").join("#dev");
        slow.room = 0;
        ann.say("#dev", "one");
        slow.say("#dev", "two");
        ann.say("#dev", "three");
        slow.read();
        assertEquals(List.of("skipped #dev 3 " + -TestChat.START.toEpochMilli()), slow.told());
    }

    @Test
    void isNotToldOfARoomThatItLeft() throws ChatException {
        User ann = test.user("ann").join("#dev");
        User slow = test.user("bob").join("#dev");
        slow.room = 0;
        ann.say("#dev", "one");
        test.chat.leave(slow.session, "#dev");
        slow.read();
        assertEquals(List.of(), slow.told());
    }
}
