package dev.cipherlink.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.cipherlink.chat.ChatService.ChatException;
import dev.cipherlink.chat.TestChat.User;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class DirectMessagesTest {

    private final TestChat test = new TestChat();

    @Test
    void reachAllSessionsOfAPerson() throws ChatException {
        User desk = test.user("bob").join("#dev");
        User phone = test.user("bob");
        test.chat.back(phone.session);
        User ann = test.user("ann");
        assertEquals(1, ann.tell("Bob", "psst"));
        assertEquals(List.of("direct 1 ann: psst"), desk.told());
        assertEquals(List.of("direct 1 ann: psst"), phone.told());
        assertEquals(List.of(), ann.told());
    }

    @Test
    void needSomebodyOfThatName() {
        User ann = test.user("ann");
        assertEquals("nobody is called bob", assertThrows(ChatException.class, () -> ann.tell("bob", "x")).getMessage());
    }

    @Test
    void waitForAbsentPeople() throws ChatException {
        test.user("bob").join("#dev").leave();
        User ann = test.user("ann");
        ann.tell("bob", "one");
        ann.tell("absent", "a name that never came, but has a key");
        ann.tell("bob", "two");
        User bob = test.user("bob").join("#dev");
        assertEquals(List.of("direct 1 ann: one", "direct 3 ann: two"), bob.told());
        bob.join("#ops");
        test.chat.back(bob.session);
        assertEquals(List.of(), bob.told());
    }

    @Test
    void waitWhileASessionOnlyAsksForOtherThings() throws ChatException {
        User bob = test.user("bob");
        bob.tell("bob", "to myself");
        assertEquals(List.of(), bob.told());
        test.chat.back(bob.session);
        assertEquals(List.of("direct 1 bob: to myself"), bob.told());
    }

    @Test
    void areBoundedInNumberAndAge() throws ChatException {
        test.user("bob").join("#dev").leave();
        User ann = test.user("ann");
        for (int i = 0; i < 3; i++) {
            ann.tell("bob", "old");
        }
        assertEquals("too many messages are waiting already, for bob or of yours; some have to be read first",
                assertThrows(ChatException.class, () -> ann.tell("bob", "x")).getMessage());
        test.pass(Duration.ofDays(14).plusMillis(1));
        ann.tell("bob", "new");
        assertEquals(List.of("direct 5 ann: new"), test.user("bob").join("#dev").told());
    }

    /// Issue 13.17: messages that waited for somebody went to the next owner of the name.
    @Test
    void waitForAKeyAndNotForItsName() throws ChatException {
        User ann = test.user("ann");
        test.keys.put("bob", "first key");
        ann.tell("bob", "for the first");
        test.user("bob", "first key").join("#dev").leave();
        ann.tell("bob", "also for the first");
        test.keys.put("bob", "second key");
        User second = test.user("bob", "second key").join("#dev");
        assertEquals(List.of(), second.told());
        ann.tell("bob", "for the second");
        assertEquals(List.of("direct 3 ann: for the second"), second.told());
        second.leave();
        test.keys.remove("bob");
        assertEquals(List.of(), test.claimant("bob").join("#ops").told());
        test.keys.put("robert", "first key");
        assertEquals(List.of("direct 1 ann: for the first", "direct 2 ann: also for the first"), test.user("robert", "first key").join("#dev").told());
    }

    /// Issue 13.17: one sender filled a mailbox in five seconds, and nobody else could write there.
    @Test
    void aSenderHasAShareOfAMailbox() throws ChatException {
        var large = new TestChat(new ChatConfig(5, 1_000, Duration.ofMinutes(10), 100, Duration.ofDays(14)));
        User flooder = large.user("eve");
        int kept = 0;
        for (int i = 0; i < 200; i++) {
            try {
                flooder.tell("absent", "x");
                kept++;
            } catch (ChatException e) {
                assertEquals("too many messages are waiting already, for absent or of yours; some have to be read first",
                        e.getMessage());
            }
        }
        assertEquals(20, kept);
        large.user("ann").tell("absent", "heard");
        flooder.tell("owner", "in another mailbox");
        List<String> told = large.user("absent").join("#dev").told();
        assertEquals(21, told.size());
        assertEquals("direct 201 ann: heard", told.getLast());
        flooder.tell("absent", "again");
    }

    @Test
    void areNotLostWhenTheReaderIsSlow() throws ChatException {
        User ann = test.user("ann");
        User bob = test.user("bob").join("#dev");
        bob.room = 1;
        ann.tell("bob", "one");
        ann.tell("bob", "two");
        ann.tell("bob", "three");
        assertEquals(List.of("direct 1 ann: one"), bob.told());
        bob.room = 1;
        test.chat.roomAgain(bob.session);
        assertEquals(List.of("direct 2 ann: two"), bob.told());
        bob.read();
        ann.tell("bob", "four");
        assertEquals(List.of("direct 3 ann: three", "direct 4 ann: four"), bob.told());
    }

    @Test
    void aSlowSessionIsToldThatOthersGotThem() throws ChatException {
        User ann = test.user("ann");
        User desk = test.user("bob").join("#dev");
        User phone = test.user("bob").join("#dev");
        phone.room = 0;
        ann.tell("bob", "one");
        assertEquals(List.of("direct 1 ann: one"), desk.told());
        phone.read();
        assertEquals(List.of("notice 1 direct messages were not sent here, but to your other sessions: this one reads "
                + "too slowly"), phone.told());
    }
}
