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
        test.chat.leave(bob.session, "#dev");
        test.chat.settle(bob.session, true);
        assertEquals(List.of(), eve.told());
        assertEquals(List.of(), ann.told());
        test.chat.settle(ann.session, true);
        assertEquals(List.of("#dev 1 ann: first", "#dev 2 bob: second", "left #dev bob"), eve.told());
        assertEquals(List.of("#dev 2 bob: second", "left #dev bob"), ann.told());
    }

    /// A LEAVE whose commit failed was answered by an ERROR, and the session was out all the same: it heard nothing any more,
    /// and its durable record said that it was in the room.
    @Test
    void whoseLeavingFailsHasMissedNothing() throws ChatException {
        User ann = test.user("ann").join("#dev");
        User bob = test.user("bob").join("#dev");
        ann.told();
        ann.ask("#dev", "before");
        test.chat.leave(bob.session, "#dev");
        assertThrows(ChatException.class, () -> bob.ask("#dev", "x"));
        assertEquals(List.of("ann"), test.chat.who("#dev").stream().map(Presence::name).toList());
        test.chat.settle(ann.session, true);
        ann.say("#dev", "after");
        test.chat.settle(bob.session, false);
        assertEquals(List.of("#dev 1 ann: before", "#dev 2 ann: after"), bob.told());
        assertEquals(List.of(), ann.told());
        assertEquals(List.of("#dev"), test.chat.rooms(bob.session));
        assertEquals(3, bob.say("#dev", "still here"));
        test.chat.leave(bob.session, "#dev");
        test.chat.settle(bob.session, true);
        assertEquals(List.of("#dev 3 bob: still here", "left #dev bob"), ann.told());
        ann.say("#dev", "x");
        assertEquals(List.of(), bob.told());
    }

    @Test
    void whoseLeavingFailsIsToldWhatItMissedBefore() throws ChatException {
        User ann = test.user("ann").join("#dev");
        User slow = test.user("bob").join("#dev");
        slow.room = 0;
        ann.say("#dev", "missed");
        test.chat.leave(slow.session, "#dev");
        test.chat.settle(slow.session, false);
        slow.read();
        assertEquals(List.of("skipped #dev 1 " + -TestChat.START.toEpochMilli()), slow.told());
    }

    @Test
    void leavingAndJoiningTogetherHappenOrNot() throws ChatException {
        User ann = test.user("ann").join("#dev");
        User bob = test.user("bob").join("#dev");
        ann.told();
        for (boolean isKept : new boolean[] {false, true}) {
            test.chat.leave(bob.session, "#dev");
            test.chat.join(bob.session, "#dev");
            test.chat.settle(bob.session, isKept);
            assertEquals(isKept ? List.of("left #dev bob", "joined #dev bob") : List.of(), ann.told());
            assertEquals(List.of("#dev"), test.chat.rooms(bob.session));
            test.chat.join(bob.session, "#ops");
            test.chat.leave(bob.session, "#ops");
            test.chat.settle(bob.session, isKept);
            assertEquals(List.of("#dev"), test.chat.rooms(bob.session));
            assertEquals(1, test.chat.info().get("chat_rooms"));
        }
        ann.say("#dev", "x");
        assertEquals(1, bob.told().size());
    }

    /// A KICK whose commit failed was taken for one that had happened: its victim was out and could not come back.
    @Test
    void nobodyIsSentOutWithoutACommit() throws ChatException {
        User root = test.operator("root").join("#dev");
        User ann = test.user("ann").join("#dev");
        User bob = test.user("bob").join("#dev");
        User phone = test.user("bob").join("#dev");
        root.told();
        test.chat.kick(root.session, "#dev", "bob");
        assertEquals(List.of(), test.chat.rooms(bob.session));
        assertEquals(1, bob.moves);
        assertThrows(ChatException.class, () -> bob.join("#dev"));
        ann.say("#dev", "meanwhile");
        test.chat.settle(root.session, false);
        bob.say("#dev", "still here");
        for (User hearer : List.of(root, phone)) {
            assertEquals(List.of("#dev 1 ann: meanwhile", "#dev 2 bob: still here"), hearer.told());
            assertEquals(List.of("#dev"), test.chat.rooms(hearer.session));
        }
    }

    @Test
    void whoEndsWhileItIsSentOutIsGoneInAnyCase() throws ChatException {
        User root = test.operator("root").join("#dev");
        User bob = test.user("bob").join("#dev");
        root.told();
        test.chat.kick(root.session, "#dev", "bob");
        bob.leave();
        test.chat.settle(root.session, false);
        assertEquals(List.of("left #dev bob"), root.told());
        assertEquals(List.of("root"), test.chat.who("#dev").stream().map(Presence::name).toList());
    }

    @Test
    void nobodyIsAwayOrHereWithoutACommit() throws ChatException {
        User ann = test.user("ann").join("#dev");
        User bob = test.user("bob").join("#dev");
        ann.told();
        test.chat.away(bob.session);
        test.chat.settle(bob.session, false);
        assertEquals(List.of("away bob", "back bob"), ann.told());
        User eve = test.user("eve");
        test.chat.back(eve.session);
        test.chat.settle(eve.session, false);
        assertEquals(List.of("ann", "bob"), test.chat.who().stream().map(Presence::name).toList());
    }

    @Test
    void nobodyIsToldOfWhoDidNotComeIn() throws ChatException {
        User ann = test.user("ann").join("#dev");
        User bob = test.user("bob");
        test.chat.join(bob.session, "#dev");
        assertEquals(List.of(), ann.told());
        test.chat.settle(bob.session, false);
        assertEquals(List.of(), ann.told());
        bob.join("#dev");
        assertEquals(List.of("joined #dev bob"), ann.told());
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
    void ofTwoThatFailedTheLastIsTakenBackFirst() throws ChatException {
        User root = test.operator("root");
        User bob = test.user("bob").join("#dev");
        test.chat.mute(root.session, "bob", Duration.ofSeconds(5));
        test.chat.mute(root.session, "bob", Duration.ofSeconds(60));
        test.chat.settle(root.session, false);
        assertEquals(1, bob.say("#dev", "x"));
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
