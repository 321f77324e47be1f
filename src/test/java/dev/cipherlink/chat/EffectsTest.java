package dev.cipherlink.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.chat.TestChat.User;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What others see of a request is what became durable.
class EffectsTest {

    private final TestChat test = new TestChat();

    @Test
    void nobodyIsToldOfAMessageBeforeItIsDurable() throws ChatException {
        User ann = test.user("ann").join("#dev");
        User bob = test.user("bob").join("#dev");
        ann.ask("#dev", "one");
        ann.ask("#dev", "two");
        assertEquals(List.of(), bob.told());
        assertTrue(test.chat.isOpen());
        assertEquals(2, test.chat.history("#dev", 9).size());
        test.chat.settle(ann.session, true);
        assertEquals(List.of("#dev 1 ann: one", "#dev 2 ann: two"), bob.told());
        assertFalse(test.chat.isOpen());
    }

    @Test
    void aMessageThatFailedIsSeenByNobody() throws ChatException {
        User ann = test.user("ann").join("#dev");
        User bob = test.user("bob").join("#dev");
        ann.ask("#dev", "lost");
        test.chat.settle(ann.session, false);
        assertEquals(List.of(), bob.told());
        assertEquals(List.of(), test.chat.history("#dev", 9));
        ann.say("#dev", "kept");
        assertEquals(List.of("#dev 2 ann: kept"), bob.told());
    }

    @Test
    void allAreToldInTheOrderOfIdsWhoeverIsDurableFirst() throws ChatException {
        User ann = test.user("ann").join("#dev");
        User bob = test.user("bob").join("#dev");
        User eve = test.user("eve").join("#dev");
        bob.told();
        ann.told();
        ann.ask("#dev", "first");
        bob.ask("#dev", "second");
        test.chat.settle(bob.session, true);
        test.chat.leave(bob.session, "#dev");
        assertEquals(List.of(), eve.told());
        assertEquals(List.of(), ann.told());
        test.chat.settle(ann.session, true);
        assertEquals(List.of("#dev 1 ann: first", "#dev 2 bob: second", "left #dev bob"), eve.told());
        assertEquals(List.of("#dev 2 bob: second", "left #dev bob"), ann.told());
    }

    @Test
    void aDirectMessageWaitsForItsCommitAndForAnAcknowledgement() throws ChatException {
        User ann = test.user("ann");
        User bob = test.user("bob").join("#dev");
        test.chat.tell(ann.session, "bob", "lost");
        test.chat.tell(ann.session, "bob", "too");
        test.chat.settle(ann.session, false);
        test.chat.tell(ann.session, "bob", "kept");
        bob.join("#ops");
        assertEquals(List.of(), bob.told());
        test.chat.settle(ann.session, true);
        assertEquals(1, bob.raw().size());
        bob.leave();
        User again = test.user("bob").join("#dev");
        assertEquals(List.of("direct 3 ann: kept"), again.told());
        again.leave();
        assertEquals(List.of(), test.user("bob").join("#dev").told());
    }

    @Test
    void silencesNobodyWithoutACommit() throws ChatException {
        User root = test.operator("root");
        User bob = test.user("bob").join("#dev");
        test.chat.mute(root.session, "bob", Duration.ofSeconds(5));
        assertThrows(ChatException.class, () -> bob.say("#dev", "x"));
        test.chat.settle(root.session, false);
        assertEquals(1, bob.say("#dev", "x"));
        test.chat.mute(root.session, "bob", Duration.ofSeconds(5));
        test.chat.settle(root.session, true);
        test.chat.unmute(root.session, "bob");
        test.chat.settle(root.session, false);
        assertThrows(ChatException.class, () -> bob.say("#dev", "x"));
    }

    @Test
    void joinsNoRoomWithoutACommit() throws ChatException {
        User ann = test.user("ann").join("#dev");
        test.chat.join(ann.session, "#dev");
        test.chat.join(ann.session, "#ops");
        test.chat.settle(ann.session, false);
        assertEquals(List.of("#dev"), test.chat.rooms(ann.session));
    }

    @Test
    void aNameWithoutConnectionGoesToWhoClaimsItNext() throws ChatException {
        User crashed = test.claimant("ann").join("#dev");
        User again = test.claimant("ann");
        assertThrows(ChatException.class, () -> again.join("#dev"));
        crashed.isAttached = false;
        again.join("#dev");
        assertEquals(List.of("notice the name ann was claimed by another session while you had no connection; you left "
                + "your rooms. Connect under another name"), crashed.told());
        assertEquals(1, crashed.moves);
        assertThrows(ChatException.class, () -> crashed.join("#dev"));
        User withKey = test.user("bob").join("#dev");
        withKey.isAttached = false;
        assertThrows(ChatException.class, () -> test.claimant("bob").join("#dev"));
    }

    @Test
    void aRestoredSessionIsInItsRoomsAndNobodyIsTold() throws ChatException {
        User bob = test.user("bob").join("#dev");
        test.user("ann").join("#x").leave();
        bob.tell("ann", "waits");
        User ann = test.user("ann");
        test.chat.restore(ann.session, List.of("#dev", "#ops"));
        assertEquals(List.of(), bob.told());
        assertEquals(List.of("notice the server was started again; HISTORY has what you may have missed",
                "direct 1 bob: waits"), ann.told());
        bob.say("#dev", "hello");
        assertEquals(List.of("#dev 2 bob: hello"), ann.told());
        assertEquals(List.of("#dev", "#ops"), test.chat.rooms(ann.session));
        assertTrue(test.chat.isPresent(ann.session));
    }
}
