package dev.cipherlink.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.budget.MemoryBudget;
import dev.cipherlink.command.Reply;
import dev.cipherlink.message.Message.MessageType;
import dev.cipherlink.message.Message.Payload;
import dev.cipherlink.message.SessionParameters;
import dev.cipherlink.session.Session.SessionIdentity;
import java.net.ProtocolException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/// [SendWindow] and [ReceiveWindow] by themselves.
class WindowsTest {

    private static final int PAYLOAD = Peer.burst(3).maxPayloadBytes();

    private final SendWindow sending = new SendWindow(Peer.burst(3), false);
    private final ReceiveWindow receiving = receiving(Peer.burst(3), new MemoryBudget(1 << 20));

    private static ReceiveWindow receiving(SessionParameters parameters, MemoryBudget budget) {
        return new ReceiveWindow(parameters, new SessionIdentity("00", "ann", "ann", false, 1), budget);
    }

    private static Outgoing outgoing(int bytes) {
        return new Outgoing(MessageType.DATA, new byte[bytes], null);
    }

    @Test
    void hasRoomUntilItsSizeIsInFlight() throws ProtocolException {
        assertTrue(sending.isEmpty());
        for (int i = 1; i <= 3; i++) {
            assertFalse(sending.isFull());
            assertEquals(i, sending.send(outgoing(1)).sequence());
        }
        assertTrue(sending.isFull());
        assertEquals(3, sending.count());
        assertEquals(SendWindow.Verdict.OLDEST, sending.judge(1));
        sending.acknowledgeOldest();
        assertFalse(sending.isFull());
        assertTrue(sending.isOldest(2));
        assertEquals(SendWindow.Verdict.LATE, sending.judge(1));
        assertEquals(SendWindow.Verdict.AHEAD, sending.judge(3));
        assertThrows(ProtocolException.class, () -> sending.judge(4), "never sent");
        assertThrows(ProtocolException.class, () -> sending.judge(0));
    }

    @Test
    void countsBytesInFlightBackToNothing() {
        Outgoing large = outgoing(2 * PAYLOAD + 1);
        for (int i = 0; i < 3; i++) {
            sending.send(large);
        }
        assertTrue(sending.bytes() > 2 * PAYLOAD + 1, "the room that headers take on the wire counts too");
        assertFalse(sending.isOldestLastFragment());
        sending.acknowledgeOldest();
        sending.acknowledgeOldest();
        assertTrue(sending.isOldestLastFragment());
        sending.acknowledgeOldest();
        assertEquals(0, sending.bytes());
        assertTrue(sending.isEmpty());
    }

    @Test
    void knowsHowManyNumbersARequestNeeds() {
        var one = new SendWindow(Peer.burst(32_767), false);
        for (int i = 0; i < 65_535 - 3; i++) {
            one.send(outgoing(0));
            one.acknowledgeOldest();
        }
        assertTrue(one.hasNumbersFor(outgoing(2 * PAYLOAD)), "two, and one for DISCONNECT");
        assertFalse(one.hasNumbersFor(outgoing(2 * PAYLOAD + 1)));
        assertTrue(new SendWindow(Peer.burst(3), true).hasNumbersFor(outgoing(1 << 20)));
    }

    @Test
    void judgesNumbersAroundTheExpectedOne() throws ProtocolException {
        assertEquals(ReceiveWindow.Verdict.ACCEPT, receiving.judge(Peer.data(1, "x")));
        assertEquals(ReceiveWindow.Verdict.MISSING, receiving.judge(Peer.damaged(Peer.data(1, "x"))));
        assertEquals(ReceiveWindow.Verdict.MISSING, receiving.judge(Peer.data(2, "x")));
        assertEquals(ReceiveWindow.Verdict.MISSING, receiving.judge(Peer.data(3, "x")));
        assertThrows(ProtocolException.class, () -> receiving.judge(Peer.data(4, "x")));
        assertThrows(ProtocolException.class, () -> receiving.judge(Peer.data(0, "x")));
        receiving.accept();
        assertEquals(2, receiving.expected());
        assertEquals(ReceiveWindow.Verdict.DUPLICATE, receiving.judge(Peer.data(1, "x")));
        assertThrows(ProtocolException.class, () -> receiving.judge(Peer.data(0, "x")));
    }

    @Test
    void asksForAGapOnceUntilItIsFilled() {
        assertTrue(receiving.askResend());
        assertFalse(receiving.askResend());
        receiving.accept();
        assertTrue(receiving.askResend());
    }

    @Test
    void keepsWhatIsShorterOfARequestAndItsLargeAnswer() {
        var small = Reply.ok(new byte[Session.MAX_STORED_REPLY_BYTES]);
        var large = Reply.ok(new byte[Session.MAX_STORED_REPLY_BYTES + 1]);
        Payload request = Payload.of(Peer.bytes("GET k"));
        Payload longRequest = Payload.of(new byte[2 * Session.MAX_STORED_REPLY_BYTES]);
        receiving.answered(1, small, request);
        assertEquals(small, receiving.keptAnswer(1));
        receiving.answered(2, large, request);
        assertEquals("GET k", new String(receiving.keptRequest(2), StandardCharsets.UTF_8));
        receiving.answered(3, large, longRequest);
        assertEquals(large, receiving.keptAnswer(3));
    }

    @Test
    void keepsABoundedNumberOfBytes() {
        var half = Reply.ok(new byte[600_000]);
        Payload echo = Payload.of(new byte[600_000]);
        receiving.answered(1, half, echo);
        receiving.answered(2, half, echo);
        assertNull(receiving.keptAnswer(2), "two of them are too much");
        receiving.answered(1, Reply.OK, echo);
        receiving.answered(2, half, echo);
        assertEquals(half, receiving.keptAnswer(2), "there is room again");
    }

    private static Reply reply(int bytes) {
        return Reply.ok(new byte[bytes]);
    }

    /// Issue 13.9: small answers were not counted at all, and 10,000 sessions could keep 10 GiB of them.
    @Test
    void keepsAnswersOfReadsWithinABudgetAndThoseOfWritesInAnyCase() {
        var budget = new MemoryBudget(100_000);
        ReceiveWindow window = receiving(Peer.burst(256), budget);
        int kept = 0;
        for (int i = 0; i < 256; i++) {
            kept += window.answered(i, reply(1_000), Payload.EMPTY) ? 1 : 0;
        }
        assertTrue(kept >= 85 && kept <= 100_000 / 1_000, kept + " of 1,000 bytes");
        assertTrue(window.retainedBytes() >= kept * 1_000L, window.retainedBytes() + " bytes");
        for (int i = 0; i < 256; i++) {
            assertTrue(window.answered(i, reply(200), Payload.EMPTY), "as small as those of writes");
            assertEquals(200, window.keptAnswer(i).payload().length);
        }
        assertTrue(budget.freeBytes() < 40_000, budget.freeBytes() + " are free");
        ReceiveWindow other = receiving(Peer.burst(256), budget);
        for (int i = 0; i < 256; i++) {
            assertTrue(other.answered(i, reply(200), Payload.EMPTY));
        }
        for (int i = 0; i < 10; i++) {
            other.answered(i, reply(1_000), Payload.EMPTY);
        }
        assertNull(other.keptAnswer(9));
        other.forget();
        window.forget();
        assertEquals(100_000, budget.freeBytes());
        window.answered(1, reply(100), Payload.EMPTY);
        assertEquals(100_000, budget.freeBytes(), "nothing is kept of a session that is over");
    }

    @Test
    void givesMemoryBackThatSmallerAnswersDoNotNeed() {
        var budget = new MemoryBudget(1 << 20);
        ReceiveWindow window = receiving(Peer.burst(256), budget);
        for (int i = 0; i < 256; i++) {
            assertTrue(window.answered(i, reply(1_000), Payload.EMPTY));
        }
        assertTrue(budget.freeBytes() < (1 << 20) - 256_000);
        for (int i = 0; i < 256; i++) {
            assertTrue(window.answered(i, Reply.OK, Payload.EMPTY));
        }
        assertTrue(budget.freeBytes() > (1 << 20) - 80_000, budget.freeBytes() + " are free");
    }

    @Test
    void takesNoMemoryForAnswersThatTheProcessHasOnce() {
        var budget = new MemoryBudget(1 << 20);
        ReceiveWindow window = receiving(Peer.burst(8), budget);
        assertNull(window.keptAnswer(1), "before the first");
        var shared = List.of(Reply.OK, Reply.NOT_FOUND, Session.NOT_KEPT, Reply.ok(new byte[0]));
        for (int i = 0; i < shared.size(); i++) {
            assertTrue(window.answered(i, shared.get(i), Payload.EMPTY));
            assertEquals(shared.get(i), window.keptAnswer(i));
        }
        assertEquals(1 << 20, budget.freeBytes());
    }
}
