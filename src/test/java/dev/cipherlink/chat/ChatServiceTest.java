package dev.cipherlink.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.cipherlink.chat.ChatService.ChatException;
import dev.cipherlink.chat.ChatService.Presence;
import dev.cipherlink.chat.ChatService.RoomSummary;
import dev.cipherlink.chat.TestChat.User;
import dev.cipherlink.command.Event;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class ChatServiceTest {

    private final TestChat test = new TestChat();

    private static void assertRefused(String reason, Executable request) {
        assertEquals(reason, assertThrows(ChatException.class, request).getMessage());
    }

    @Test
    void tellsEverybodyInARoomOfAMessageButItsSender() throws ChatException {
        User ann = test.user("ann").join("#dev");
        User bob = test.user("bob").join("#dev");
        User elsewhere = test.user("eve").join("#ops");
        assertEquals(1, ann.say("#dev", "hello"));
        assertEquals(2, bob.say("#dev", "hi"));
        assertEquals(List.of("joined #dev bob", "#dev 2 bob: hi"), ann.told());
        assertEquals(List.of("#dev 1 ann: hello"), bob.told());
        assertEquals(List.of(), elsewhere.told());
    }

    @Test
    void onlyMembersMaySpeakInARoom() throws ChatException {
        User ann = test.user("ann");
        assertRefused("you are not in #dev; JOIN it first", () -> ann.say("#dev", "x"));
        ann.join("#dev");
        test.chat.leave(ann.session, "#dev");
        assertRefused("you are not in #dev; JOIN it first", () -> ann.say("#dev", "x"));
        assertRefused("you are not in #dev; JOIN it first", () -> test.chat.leave(ann.session, "#dev"));
    }

    @Test
    void keepsTextsAsTheyWereSaid() throws ChatException {
        String hostile = "\033]52;c;x\007\r\0\u202e EVENT notice x";
        User ann = test.user("ann").join("#dev");
        User bob = test.user("bob").join("#dev");
        ann.say("#dev", hostile);
        assertEquals(List.of("#dev 1 ann: " + hostile), bob.told());
        assertEquals(hostile, test.chat.history("#dev", 1).getFirst().text());
    }

    @Test
    void allShareOneEncodingOfAMessage() throws ChatException {
        User ann = test.user("ann").join("#dev");
        List<User> others = List.of(test.user("b").join("#dev"), test.user("c").join("#dev"), test.user("d").join("#dev"));
        others.forEach(User::told);
        ann.say("#dev", "x");
        byte[] shared = others.getFirst().raw().getFirst();
        others.forEach(other -> assertSame(shared, other.raw().getFirst()));
    }

    @Test
    void joiningTwiceIsJoiningOnce() throws ChatException {
        User ann = test.user("ann").join("#dev");
        User bob = test.user("bob").join("#dev").join("#dev");
        ann.say("#dev", "x");
        assertEquals(List.of("joined #dev bob"), ann.told());
        assertEquals(List.of("#dev 1 ann: x"), bob.told());
    }

    @Test
    void announcesOnlyTheFirstAndTheLastSessionOfAPerson() throws ChatException {
        User ann = test.user("ann").join("#dev");
        User desk = test.user("bob").join("#dev");
        User phone = test.user("bob").join("#dev");
        ann.say("#dev", "to all sessions");
        desk.say("#dev", "from one");
        assertEquals(List.of("#dev 1 ann: to all sessions"), desk.told());
        assertEquals(List.of("#dev 1 ann: to all sessions", "#dev 2 bob: from one"), phone.told());
        phone.leave();
        assertEquals(List.of("joined #dev bob", "#dev 2 bob: from one"), ann.told());
        desk.leave();
        assertEquals(List.of("left #dev bob"), ann.told());
    }

    @Test
    void aSessionThatEndsLeavesAllItsRooms() throws ChatException {
        User ann = test.user("ann").join("#a").join("#b");
        User bob = test.user("bob").join("#a").join("#b");
        ann.told();
        bob.leave();
        assertEquals(List.of("left #a bob", "left #b bob"), ann.told().stream().sorted().toList());
        assertRefused("the session is ending", () -> bob.join("#a"));
        assertEquals(List.of("ann"), test.chat.who("#a").stream().map(Presence::name).toList());
    }

    @Test
    void aRoomLastsAsLongAsSomebodyIsInItOrItsMessagesAreKept() throws ChatException {
        User ann = test.user("ann").join("#quiet").join("#loud");
        ann.say("#loud", "x");
        long id = TestChat.START.toEpochMilli() + 1;
        assertEquals(List.of(new RoomSummary("#loud", 1, id), new RoomSummary("#quiet", 1, 0)), test.chat.rooms());
        ann.leave();
        assertEquals(List.of(new RoomSummary("#loud", 0, id)), test.chat.rooms());
        assertEquals(0, test.chat.info().get("chat_rooms"));
    }

    @Test
    void historyHasTheLastMessagesOrThoseAfterOne() throws ChatException {
        User ann = test.user("ann").join("#dev");
        for (int i = 1; i <= 7; i++) {
            ann.say("#dev", "m" + i);
        }
        assertEquals(List.of("m3", "m4", "m5", "m6", "m7"), texts(test.chat.history("#dev", 100)));
        assertEquals(List.of("m6", "m7"), texts(test.chat.history("#dev", 2)));
        long third = TestChat.START.toEpochMilli() + 3;
        assertEquals(List.of("m4", "m5"), texts(test.chat.history("#dev", 2, third)));
        assertEquals(List.of("m3"), texts(test.chat.history("#dev", 1, 0)));
        assertEquals(List.of(), test.chat.history("#dev", 9, third + 4));
        assertEquals(List.of(), test.chat.history("#none", 9));
    }

    private static List<String> texts(List<Event.Message> messages) {
        return messages.stream().map(Event.Message::text).toList();
    }

    @Test
    void limitsWhatOnePersonSendsAndSaysWhenToGoOn() throws ChatException {
        User ann = test.user("ann").join("#dev");
        User second = test.user("Ann").join("#dev");
        User bob = test.user("bob").join("#dev");
        for (int i = 0; i < 48; i++) {
            ann.say("#dev", "x");
        }
        assertRefused("too much at once; try again in 100 ms", () -> ann.say("#dev", "x"));
        assertRefused("too much at once; try again in 100 ms", () -> ann.tell("bob", "x"));
        assertRefused("too much at once; try again in 100 ms", () -> ann.join("#ops"));
        bob.say("#dev", "others may go on");
        test.pass(Duration.ofMillis(60));
        assertRefused("too much at once; try again in 40 ms", () -> ann.say("#dev", "x"));
        test.pass(Duration.ofMillis(40));
        ann.say("#dev", "x");
        second.leave();
        ann.leave();
        User again = test.user("ann");
        assertRefused("too much at once; try again in 100 ms", () -> again.join("#dev"));
    }

    @Test
    void aSessionMayBeInAHundredRooms() throws ChatException {
        TestChat wide = new TestChat(new ChatConfig(5, 1_000, Duration.ofMinutes(10), 3, Duration.ofDays(14)));
        User ann = wide.user("ann");
        for (int i = 0; i < 100; i++) {
            ann.join("#r" + i);
        }
        ann.join("#r7");
        assertRefused("you are in 100 rooms; LEAVE one first", () -> ann.join("#more"));
        assertEquals(100, wide.chat.info().get("chat_rooms"));
        wide.chat.leave(ann.session, "#r7");
        ann.join("#more");
    }

    @Test
    void inALargeRoomJoinsAndLeavesAreNotAnnounced() throws ChatException {
        User first = test.user("u0").join("#big");
        for (int i = 1; i < 300; i++) {
            test.user("u" + i).join("#big");
        }
        List<String> told = first.told();
        assertEquals(249, told.size());
        assertEquals("joined #big u249", told.getLast());
        test.pass(Duration.ofMinutes(10));
        test.chat.sweep();
        assertEquals(List.of("away u0"), first.told());
    }

    @Test
    void operatorsSendOutAllSessionsOfAPerson() throws ChatException {
        User root = test.operator("root").join("#dev");
        User bob = test.user("bob").join("#dev").join("#ops");
        User second = test.user("bob").join("#dev");
        root.told();
        assertRefused("only operators may do that; ask one to authorize you with --operator",
                () -> test.chat.kick(bob.session, "#dev", "root"));
        assertRefused("eve is not in #dev", () -> test.chat.kick(root.session, "#dev", "eve"));
        test.chat.kick(root.session, "#dev", "BOB");
        assertEquals(List.of("left #dev bob"), root.told());
        List<String> expected = List.of("left #dev bob",
                "notice root removed you from #dev; you can join it again in 60 s");
        assertEquals(expected, bob.told());
        assertEquals(expected, second.told());
        assertRefused("you were removed from #dev; try again in 60 s", () -> bob.join("#dev"));
        bob.say("#ops", "still here");
        test.pass(Duration.ofSeconds(60));
        test.chat.sweep();
        bob.join("#dev");
    }

    @Test
    void operatorsSilenceAPersonForAWhile() throws ChatException {
        User root = test.operator("root").join("#dev");
        User bob = test.user("bob").join("#dev");
        assertRefused("only operators may do that; ask one to authorize you with --operator",
                () -> test.chat.mute(bob.session, "root", Duration.ofSeconds(5)));
        assertRefused("nobody is called eve", () -> test.chat.mute(root.session, "eve", Duration.ofSeconds(5)));
        test.chat.mute(root.session, "bob", Duration.ofSeconds(30));
        assertEquals(List.of("notice root muted you for 30 s"), bob.told());
        assertRefused("you are muted; try again in 30 s", () -> bob.say("#dev", "x"));
        bob.leave();
        User again = test.user("Bob").join("#dev");
        assertRefused("you are muted; try again in 30 s", () -> again.tell("root", "x"));
        test.chat.unmute(root.session, "bob");
        assertEquals(List.of("notice root lets you speak again"), again.told());
        again.say("#dev", "x");
        assertRefused("bob is not muted", () -> test.chat.unmute(root.session, "bob"));
        test.chat.mute(root.session, "bob", Duration.ofSeconds(30));
        test.pass(Duration.ofSeconds(30));
        test.chat.sweep();
        again.say("#dev", "x");
    }
}
