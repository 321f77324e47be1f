package dev.cipherlink.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.chat.ChatConfig.ChatClock;
import dev.cipherlink.chat.ChatLog.ChatRecords;
import dev.cipherlink.command.Event;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// The promises of the chat's memory, wherever it is recorded.
public abstract class ChatLogContract {

    protected static final Instant NOW = Instant.parse("2026-03-01T11:00:00Z");
    private static final ChatConfig CONFIG = new ChatConfig(5, 10, Duration.ofMinutes(10), 3, Duration.ofDays(14));

    protected Instant now = NOW;

    protected abstract ChatRecords records();

    /// With room for three messages of a hundred characters, as it counts them.
    protected ChatLog open() {
        return open(3 * 456);
    }

    protected ChatLog open(long maxBytes) {
        return new ChatLog(CONFIG, new ChatClock(() -> 0, () -> now), maxBytes, records());
    }

    protected static Event.Message message(String room, long id) {
        return new Event.Message(room, id, "ann", NOW, "x".repeat(100));
    }

    protected static Event.Direct direct(long id) {
        return new Event.Direct(id, "ann" + id, NOW, "x".repeat(100));
    }

    protected static void say(ChatLog log, String room, long id) {
        log.append(message(room, id));
    }

    protected static List<Long> ids(ChatLog log, String room) {
        return log.newest(room, 99).stream().map(Event.Message::id).toList();
    }

    @Test
    public void theOldestMessageOfAllRoomsGoesWhenTheyAreTooLarge() {
        ChatLog log = open();
        say(log, "#a", 1);
        say(log, "#b", 2);
        say(log, "#b", 3);
        assertEquals(3, ids(log, "#a").size() + ids(log, "#b").size());
        say(log, "#b", 4);
        assertEquals(List.of(), ids(log, "#a"));
        say(log, "#a", 5);
        assertEquals(List.of(3L, 4L), ids(log, "#b"));
        assertEquals(Map.of("#a", 5L, "#b", 4L), log.rooms());
    }

    @Test
    public void aRoomKeepsItsLastMessages() {
        ChatLog log = open(1 << 20);
        for (int id = 1; id <= 7; id++) {
            say(log, "#a", id);
        }
        assertEquals(List.of(3L, 4L, 5L, 6L, 7L), ids(log, "#a"));
        assertEquals(List.of(6L, 7L), log.newest("#a", 2).stream().map(Event.Message::id).toList());
        assertEquals(List.of(5L, 6L), log.after("#a", 4, 2).stream().map(Event.Message::id).toList());
    }

    /// Issue 13.17: one sender pushed out what all others had said, in all rooms or in one.
    @Test
    public void aSenderOfTooMuchDisplacesItsOwnMessages() {
        ChatLog log = open(456 * 16);
        for (int id = 1; id <= 2; id++) {
            say(log, "#quiet" + id, id);
        }
        for (int id = 10; id < 100; id++) {
            log.append(new Event.Message("#flood" + id % 9, id, id % 2 == 0 ? "Eve" : "eve", NOW, "x".repeat(100)));
        }
        assertEquals(List.of(1L), ids(log, "#quiet1"));
        assertEquals(List.of(2L), ids(log, "#quiet2"));
        assertEquals(16, log.rooms().keySet().stream().mapToInt(room -> ids(log, room).size()).sum());

        ChatLog one = open(1 << 20);
        say(one, "#a", 200);
        say(one, "#a", 201);
        for (int id = 210; id < 220; id++) {
            one.append(new Event.Message("#a", id, "eve", NOW, "x"));
        }
        assertEquals(List.of(200L, 201L, 217L, 218L, 219L), ids(one, "#a"));
    }

    /// Issue 13.17: one sender took the room of all mailboxes.
    @Test
    public void aSenderHasAShareOfAllMailboxes() {
        ChatLog log = open(456 * 16);
        int kept = 0;
        for (int id = 1; id <= 20; id++) {
            kept += log.keep("box" + id, new Event.Direct(id, "eve", NOW, "x".repeat(100))) ? 1 : 0;
        }
        assertEquals(3, kept);
        assertTrue(log.keep("box1", new Event.Direct(30, "bob", NOW, "x".repeat(100))));
        assertTrue(log.delivered("box1", 1));
        assertTrue(log.keep("box9", new Event.Direct(31, "Eve", NOW, "x")));
    }

    @Test
    public void takesNoMoreDirectMessagesThanFit() {
        ChatLog log = open();
        assertTrue(log.keep("a", direct(1)));
        assertTrue(log.keep("b", direct(2)));
        assertTrue(log.keep("c", direct(3)));
        assertFalse(log.keep("d", direct(4)));
        assertTrue(log.delivered("b", 2));
        assertFalse(log.delivered("b", 2));
        assertTrue(log.keep("d", direct(5)));
        assertEquals(List.of(), log.waiting("b"));
        now = NOW.plus(Duration.ofDays(15));
        assertEquals(List.of(), log.waiting("d"));
        assertTrue(log.keep("e", direct(6)), "those of others are too old");
    }

    @Test
    public void forgetsTheNamesThatWereLearnedLongestAgo() {
        ChatLog log = open();
        log.learn("first", "box");
        log.learn("second", "box");
        log.learn("first", "box");
        for (int i = 0; i < ChatLog.MAX_NAMES - 1; i++) {
            log.learn("n" + i, "box");
        }
        assertTrue(log.mailbox("first").isPresent());
        assertFalse(log.mailbox("second").isPresent());
    }

    @Test
    public void idsBeginBeyondThoseOfAnEarlierProcess() {
        assertEquals(NOW.toEpochMilli(), open().lastId());
    }
}
