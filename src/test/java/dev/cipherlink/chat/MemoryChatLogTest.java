package dev.cipherlink.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class MemoryChatLogTest {

    private static final Instant NOW = Instant.parse("2026-03-01T11:00:00Z");
    /// Room for three messages of a hundred characters, as it counts them.
    private final MemoryChatLog log = new MemoryChatLog(TestChat.CONFIG, new ChatClock(() -> 0, () -> NOW), 3 * 456);

    private static ChatEvent.Message message(String room, long id) {
        return new ChatEvent.Message(room, id, "ann", NOW, "x".repeat(100));
    }

    @Test
    void theOldestMessageOfAllRoomsGoesWhenTheyAreTooLarge() {
        log.append(message("#a", 1));
        log.append(message("#b", 2));
        log.append(message("#b", 3));
        assertEquals(3, log.newest("#a", 9).size() + log.newest("#b", 9).size());
        log.append(message("#b", 4));
        assertEquals(List.of(), log.newest("#a", 9));
        log.append(message("#a", 5));
        assertEquals(List.of(3L, 4L), log.newest("#b", 9).stream().map(ChatEvent.Message::id).toList());
        assertEquals(Map.of("#a", 5L, "#b", 4L), log.rooms());
    }

    @Test
    void takesNoMoreDirectMessagesThanFit() {
        var direct = new ChatEvent.Direct(1, "ann", NOW, "x".repeat(100));
        assertTrue(log.keep("a", direct));
        assertTrue(log.keep("b", direct));
        assertTrue(log.keep("c", direct));
        assertFalse(log.keep("d", direct));
        log.delivered("b", 1);
        assertTrue(log.keep("d", direct));
        assertEquals(List.of(), log.waiting("b"));
    }

    @Test
    void forgetsTheNamesThatWereLearnedLongestAgo() {
        log.learn("first");
        log.learn("second");
        log.learn("first");
        for (int i = 0; i < MemoryChatLog.MAX_NAMES - 1; i++) {
            log.learn("n" + i);
        }
        assertTrue(log.knows("first"));
        assertFalse(log.knows("second"));
    }

    @Test
    void idsBeginBeyondThoseOfAnEarlierProcess() {
        assertEquals(NOW.toEpochMilli(), log.lastId());
    }
}
