package dev.cipherlink.server.sessions;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.chat.ChatLog;
import dev.cipherlink.chat.ChatLog.ChatRecords;
import dev.cipherlink.chat.ChatLogContract;
import dev.cipherlink.store.MemoryStore;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.StoreLimits;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class StoredChatTest extends ChatLogContract {

    private static final byte[] ALL = {'c', '/'};

    private final MemoryStore store = new MemoryStore(new StoreLimits(1_000, 100_000_000));

    @AfterEach
    void close() {
        store.close();
    }

    @Override
    protected ChatRecords records() {
        return new StoredChat(store);
    }

    @Test
    void anotherLogGoesOnWithWhatIsRecorded() {
        ChatLog before = open(1 << 20);
        say(before, "#a", 10);
        say(before, "#ab", 11);
        say(before, "#a", 300);
        assertTrue(before.keep("bob", direct(301)));
        assertTrue(before.keep("bob", direct(302)));
        before.delivered("bob", 301);
        before.learn("bob", "box");
        before.mute("eve", NOW.plusSeconds(60));
        before.mute("ann", NOW.plusSeconds(60));
        before.unmute("ann");
        ChatLog after = open(1 << 20);
        assertEquals(List.of(message("#a", 10), message("#a", 300)), after.newest("#a", 9));
        assertEquals(List.of(message("#ab", 11)), after.newest("#ab", 9));
        assertEquals(List.of(direct(302)), after.waiting("bob"));
        assertTrue(after.mailbox("bob").isPresent());
        assertFalse(after.mailbox("ann").isPresent());
        assertEquals(Map.of("eve", NOW.plusSeconds(60)), after.mutes());
    }

    @Test
    void theLastIdIsKnownAlsoWhenItsMessageAndTheTimeAreGone() {
        ChatLog before = open();
        long last = NOW.toEpochMilli() + 1_000;
        before.keep("bob", direct(last));
        before.delivered("bob", last);
        now = NOW.minusSeconds(3_600);
        assertEquals(last, open().lastId());
    }

    @Test
    void keepsNoRecordsOfWhatIsGone() throws StoreException {
        ChatLog log = open(1 << 20);
        for (int id = 1; id <= 20; id++) {
            say(log, "#a", id);
        }
        assertEquals(1 + 5, store.records(ALL).size());
        assertEquals(List.of(16L, 17L, 18L, 19L, 20L), ids(open(1 << 20), "#a"));
        assertEquals(1 + 5, store.records(ALL).size());
        assertEquals(List.of(20L), ids(open(456), "#a"));
        assertEquals(1 + 1, store.records(ALL).size());
    }

    @Test
    void expiredRecordsAreForgottenAtTheStart() throws StoreException {
        ChatLog log = open();
        log.keep("bob", direct(1));
        log.mute("eve", NOW.plusSeconds(60));
        now = NOW.plus(Duration.ofDays(15));
        ChatLog after = open();
        assertEquals(List.of(), after.waiting("bob"));
        assertEquals(Map.of(), after.mutes());
        assertEquals(1, store.records(ALL).size());
    }

    @Test
    void aNameLearnedAgainIsYoung() {
        ChatLog before = open();
        before.learn("first", "box");
        before.learn("second", "box");
        before.learn("first", "box");
        ChatLog after = open();
        for (int i = 0; i < 9_999; i++) {
            after.learn("n" + i, "box");
        }
        assertTrue(after.mailbox("first").isPresent());
        assertFalse(after.mailbox("second").isPresent());
    }

    @Test
    void leavesOutARecordThatItCannotRead() throws StoreException {
        ChatLog before = open();
        say(before, "#a", 1);
        store.transaction().record(new byte[] {'c', '/', 'm', 'x'}, new byte[3]);
        store.transaction().record(new byte[] {'c', '/', '?'}, new byte[3]);
        assertEquals(List.of(1L), ids(open(), "#a"));
    }
}
