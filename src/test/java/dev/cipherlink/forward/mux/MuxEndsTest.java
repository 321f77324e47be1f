package dev.cipherlink.forward.mux;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.budget.MemoryBudget;
import dev.cipherlink.forward.ForwardTarget.TargetException.Refusal;
import dev.cipherlink.forward.Relay.ForwardLimits;
import dev.cipherlink.forward.Relay.RelayEnd.Reason;
import dev.cipherlink.forward.TunnelSource.Accepted;
import dev.cipherlink.forward.mux.MuxPair.Side;
import java.nio.channels.SocketChannel;
import org.junit.jupiter.api.Test;

/// Ends of channels that cross what the other side says, or come before all bytes are written.
class MuxEndsTest {

    private final MuxPair pair = new MuxPair();

    /// The sender may not have heard of the refusal yet.
    @Test
    void bytesThatCrossARefusalEndNoSession() throws Exception {
        Side other = pair.open();
        pair.run();
        pair.refuses = true;
        Side side = pair.open();
        assertTrue(pair.step());
        MuxPair.deliver(pair.server, pair.toServer);
        pair.step(); // REFUSED is under way
        side.end.put(MuxPair.bytes(100, 1));
        side.end.endInput();
        pair.run();
        assertEquals(Refusal.NOT_ALLOWED, side.refusal);
        assertTrue(side.isForgotten);
        other.end.put(MuxPair.bytes(100, 2));
        pair.run();
        assertArrayEquals(MuxPair.bytes(100, 2), pair.peer(other).end.written.toByteArray());
    }

    /// A channel that both sides have ended, while one has not written all.
    private Side drained() throws Exception {
        Side side = pair.open();
        pair.run();
        Side target = pair.peer(side);
        side.end.room = 0;
        target.end.put(MuxPair.bytes(5_000, 3));
        target.end.endInput();
        side.end.endInput();
        pair.run();
        assertTrue(target.isForgotten);
        assertNull(side.ended);
        assertEquals(1, pair.client.size(), "it is still there");
        return side;
    }

    @Test
    void theEndOfASessionEndsAChannelThatHasBytesToWrite() throws Exception {
        Side side = drained();
        pair.client.destroy("over");
        assertTrue(side.end.isReset && side.isForgotten);
        assertEquals(Reason.TUNNEL_LOST, side.ended.reason());
        assertEquals(0, pair.client.size());
        assertEquals(pair.clientBudget.bytes(), pair.clientBudget.freeBytes());
    }

    @Test
    void aNewSessionLeavesAChannelThatHasBytesToWrite() throws Exception {
        Side side = drained();
        pair.client.restart("lost");
        assertNull(side.ended);
        side.end.room = Integer.MAX_VALUE;
        side.channel.flush();
        assertArrayEquals(MuxPair.bytes(5_000, 3), side.end.written.toByteArray());
        assertTrue(side.end.isClosed && side.isForgotten);
        assertEquals(0, pair.client.size());
    }

    /// Fewer bytes than are acknowledged without being asked for.
    @Test
    void aSenderWithLittleMemoryAsksForAcknowledgements() throws Exception {
        pair.serverBudget.force("other", pair.serverBudget.bytes() - 200_000);
        Side side = pair.open();
        pair.run();
        pair.peer(side).end.put(MuxPair.bytes(1_000_000, 1));
        pair.run();
        assertArrayEquals(MuxPair.bytes(1_000_000, 1), side.end.written.toByteArray());
    }

    /// Otherwise nobody would connect for it.
    @Test
    void aChannelCountsAsSoonAsItIsPosted() throws Exception {
        MuxSession session = MuxSession.ofClient(_ -> { }, new MemoryBudget(1 << 20));
        var side = new Side();
        ForwardedChannel waiting = session.open("db:5432", side,
                new Accepted(SocketChannel.open(), new byte[0], ForwardLimits.DEFAULT, true));
        assertEquals(1, session.channels());
        waiting.checkTime(Long.MAX_VALUE);
        assertEquals(0, waiting.bytesToTunnel() + waiting.bytesToPlain());
        assertNull(side.ended, "its time has not begun");
        session.end("over");
        assertEquals(Reason.TUNNEL_LOST, side.ended.reason());
        assertTrue(side.isForgotten);
    }

    @Test
    void onlyAPeerThatAnswersResetsIsForgotten() throws Exception {
        Side side = pair.open();
        pair.run();
        Side target = pair.peer(side);
        target.end.isBroken = true;
        pair.step();
        assertNotNull(target.ended);
        assertFalse(target.isForgotten, "it counts until the client has answered");
        pair.run();
        assertTrue(target.isForgotten);
    }
}
