package dev.cipherlink.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.chat.ChatService.ChatException;
import dev.cipherlink.chat.ChatService.Presence;
import dev.cipherlink.chat.TestChat.User;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/// Others hear of a request when it is durable.
class AfterCommitTest {

    private final TestChat test = new TestChat();

    @Test
    void nobodyIsToldOfAMessageBeforeItIsDurable() throws ChatException {
        User ann = test.user("ann").join("#dev");
        User bob = test.user("bob").join("#dev");
        test.hold();
        ann.ask("#dev", "one");
        ann.ask("#dev", "two");
        assertEquals(List.of(), bob.told());
        assertEquals(2, test.chat.history("#dev", 9).size());
        test.commit();
        assertEquals(List.of("#dev 1 ann: one", "#dev 2 ann: two"), bob.told());
    }

    @Test
    void messagesJoinsAndLeavesAreToldInOneOrder() throws ChatException {
        User ann = test.user("ann").join("#dev");
        User bob = test.user("bob").join("#dev");
        User eve = test.user("eve").join("#dev");
        bob.told();
        ann.told();
        test.hold();
        ann.ask("#dev", "first");
        bob.ask("#dev", "second");
        test.chat.leave(bob.session, "#dev");
        test.chat.join(bob.session, "#dev");
        eve.leave();
        assertEquals(List.of(), ann.told());
        test.commit();
        assertEquals(List.of("#dev 2 bob: second", "left #dev bob", "joined #dev bob", "left #dev eve"), ann.told());
    }

    /// A session that leaves is out at once, for all requests that follow.
    @Test
    void aSessionThatLeavesIsOutAtOnce() throws ChatException {
        User ann = test.user("ann").join("#dev");
        User bob = test.user("bob").join("#dev");
        ann.told();
        test.hold();
        test.chat.leave(bob.session, "#dev");
        assertThrows(ChatException.class, () -> bob.ask("#dev", "x"));
        assertEquals(List.of("ann"), test.chat.who("#dev").stream().map(Presence::name).toList());
        ann.ask("#dev", "after");
        test.commit();
        assertEquals(List.of(), bob.told());
        assertEquals(List.of("left #dev bob"), ann.told());
        assertEquals(List.of(), test.chat.rooms(bob.session));
    }

    /// The room was locked while all in it were told, and those who said something waited for that inside the store's gate.
    @Test
    void aSpeakerDoesNotWaitForReceivers() throws Exception {
        User ann = test.user("ann").join("#dev");
        User bob = test.user("bob").join("#dev");
        User eve = test.user("eve").join("#dev");
        bob.told();
        test.hold();
        ann.ask("#dev", "first");
        var isTelling = new CountDownLatch(1);
        var goOn = new CountDownLatch(1);
        bob.whenOffered = () -> {
            isTelling.countDown();
            try {
                goOn.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        };
        Thread telling = Thread.ofPlatform().daemon().start(test::commit);
        isTelling.await();
        try {
            assertTimeoutPreemptively(Duration.ofSeconds(20), () -> eve.ask("#dev", "second"));
        } finally {
            goOn.countDown();
        }
        telling.join();
        assertEquals(List.of("#dev 1 ann: first", "#dev 2 eve: second"), bob.told());
    }

    @Test
    void aSessionIsToldOfItsKickWhenThatIsDurable() throws ChatException {
        User root = test.operator("root").join("#dev");
        User bob = test.user("bob").join("#dev");
        root.told();
        test.hold();
        int changes = bob.changes;
        test.chat.kick(root.session, "#dev", "bob");
        assertEquals(List.of(), test.chat.rooms(bob.session));
        assertEquals(1, bob.moves);
        assertEquals(changes + 1, bob.changes);
        assertThrows(ChatException.class, () -> bob.join("#dev"));
        assertEquals(List.of(), bob.told());
        test.commit();
        assertEquals(List.of("left #dev bob", "notice root removed you from #dev; you can join it again in 60 s"), bob.told());
        assertEquals(List.of("left #dev bob"), root.told());
    }

    @Test
    void aDirectMessageWaitsForItsCommitAndForAnAcknowledgement() throws ChatException {
        User ann = test.user("ann");
        User bob = test.user("bob").join("#dev");
        test.hold();
        test.chat.tell(ann.session, "bob", "kept");
        test.chat.join(bob.session, "#ops");
        assertEquals(List.of(), bob.told());
        test.commit();
        assertEquals(1, bob.raw().size());
        bob.leave();
        User again = test.user("bob").join("#dev");
        assertEquals(List.of("direct 1 ann: kept"), again.told());
        again.leave();
        assertEquals(List.of(), test.user("bob").join("#dev").told());
    }

    @Test
    void isSilencedAtOnceAndToldWhenItIsDurable() throws ChatException {
        User root = test.operator("root");
        User bob = test.user("bob").join("#dev");
        test.hold();
        test.chat.mute(root.session, "bob", Duration.ofSeconds(5));
        assertThrows(ChatException.class, () -> bob.ask("#dev", "x"));
        assertEquals(List.of(), bob.told());
        test.commit();
        assertEquals(List.of("notice root muted you for 5 s"), bob.told());
    }

    @Test
    void aNameWithoutConnectionGoesToTheNextClaim() throws ChatException {
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
