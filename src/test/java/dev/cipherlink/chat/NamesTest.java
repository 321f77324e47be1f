package dev.cipherlink.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.cipherlink.chat.ChatService.ChatException;
import dev.cipherlink.chat.ChatService.Presence;
import dev.cipherlink.chat.TestChat.User;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/// Names and their holders, presence and absence.
class NamesTest {

    private final TestChat test = new TestChat();

    private static void assertRefused(String reason, Executable request) {
        assertEquals(reason, assertThrows(ChatException.class, request).getMessage());
    }

    @Test
    void theFirstLiveSessionHoldsAClaimedName() throws ChatException {
        User first = test.claimant("ann").join("#dev");
        User second = test.claimant("ANN");
        String reason = "the name ANN is held by another session; connect under another name";
        assertRefused(reason, () -> second.join("#dev"));
        assertRefused(reason, () -> second.tell("ann", "x"));
        first.leave();
        second.join("#dev");
    }

    @Test
    void aSessionThatDoesNotUseTheChatHoldsNoName() throws ChatException {
        test.claimant("ann");
        test.claimant("ann").join("#dev");
        assertEquals(List.of("ann"), test.chat.who().stream().map(Presence::name).toList());
    }

    @Test
    void aNameOfAKeyCannotBeClaimed() {
        User thief = test.claimant("Owner");
        assertRefused("the name Owner belongs to a key; connect under another name", () -> thief.join("#dev"));
    }

    @Test
    void aKeyTakesItsNameFromASessionThatOnlyClaimedIt() throws ChatException {
        User witness = test.user("witness").join("#dev");
        User claimant = test.claimant("ann").join("#dev");
        User holder = test.user("ann").join("#ops");
        assertEquals(List.of("joined #dev ann", "left #dev ann"), witness.told());
        assertEquals(List.of("notice the name ann belongs to a key whose holder is here now; you left your rooms. "
                + "Connect under another name"), claimant.told());
        assertRefused("you are not in #dev; JOIN it first", () -> test.chat.leave(claimant.session, "#dev"));
        assertRefused("the name ann is held by another session; connect under another name",
                () -> claimant.say("#dev", "x"));
        witness.tell("ann", "for the key");
        assertEquals(List.of("direct 1 witness: for the key"), holder.told());
        assertEquals(List.of(), claimant.told());
    }

    @Test
    void somebodyIdleIsAwayUntilTheNextRequest() throws ChatException {
        User ann = test.user("ann").join("#dev").join("#ops");
        User bob = test.user("bob").join("#dev").join("#ops");
        ann.told();
        test.pass(Duration.ofMinutes(9));
        test.chat.touch(ann.session);
        test.pass(Duration.ofMinutes(1));
        test.chat.sweep();
        test.chat.sweep();
        assertEquals(List.of("away bob"), ann.told());
        assertEquals(List.of(new Presence("ann", false, Duration.ofMinutes(1)),
                new Presence("bob", true, Duration.ofMinutes(10))), test.chat.who("#dev"));
        test.chat.touch(bob.session);
        test.chat.touch(bob.session);
        assertEquals(List.of("back bob"), ann.told());
        assertEquals(List.of("away bob", "back bob"), bob.told());
    }

    @Test
    void oneBusySessionKeepsAPersonHere() throws ChatException {
        User desk = test.user("ann").join("#dev");
        User phone = test.user("ann").join("#dev");
        test.pass(Duration.ofMinutes(9));
        test.chat.touch(desk.session);
        test.pass(Duration.ofMinutes(9));
        test.chat.sweep();
        assertEquals(List.of(), phone.told());
        test.pass(Duration.ofMinutes(1));
        test.chat.sweep();
        assertEquals(List.of("away ann"), phone.told());
    }

    @Test
    void awayAndBackCanBeSaid() throws ChatException {
        User ann = test.user("ann").join("#dev");
        User bob = test.user("bob").join("#dev");
        ann.told();
        test.chat.away(bob.session);
        test.chat.away(bob.session);
        test.chat.back(bob.session);
        assertEquals(List.of("away bob", "back bob"), ann.told());
    }

    @Test
    void aPersonBackInANewSessionIsHere() throws ChatException {
        User ann = test.user("ann").join("#dev");
        test.chat.away(ann.session);
        ann.leave();
        test.user("ann").join("#dev");
        assertEquals(List.of(new Presence("ann", false, Duration.ZERO)), test.chat.who());
    }
}
