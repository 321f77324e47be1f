package dev.cipherlink.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// What the chat's memory promises, wherever it is recorded.
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

    protected static ChatEvent.Message message(String room, long id) {
        return new ChatEvent.Message(room, id, "ann", NOW, "x".repeat(100));
    }

    protected static ChatEvent.Direct direct(long id) {
        return new ChatEvent.Direct(id, "ann", NOW, "x".repeat(100));
    }

    protected static void say(ChatLog log, String room, long id) {
        log.append(message(room, id));
    }

    protected static List<Long> ids(ChatLog log, String room) {
        return log.newest(room, 99).stream().map(ChatEvent.Message::id).toList();
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
        assertEquals(List.of(6L, 7L), log.newest("#a", 2).stream().map(ChatEvent.Message::id).toList());
        assertEquals(List.of(5L, 6L), log.after("#a", 4, 2).stream().map(ChatEvent.Message::id).toList());
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
        log.learn("first");
        log.learn("second");
        log.learn("first");
        for (int i = 0; i < ChatLog.MAX_NAMES - 1; i++) {
            log.learn("n" + i);
        }
        assertTrue(log.knows("first"));
        assertFalse(log.knows("second"));
    }

    @Test
    public void idsBeginBeyondThoseOfAnEarlierProcess() {
        assertEquals(NOW.toEpochMilli(), open().lastId());
    }
}
