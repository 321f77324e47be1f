package dev.cipherlink.forward.mux;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.forward.ForwardTarget.TargetException.Refusal;
import dev.cipherlink.forward.Relay.RelayEnd;
import dev.cipherlink.forward.Relay.RelayEnd.Reason;
import dev.cipherlink.forward.mux.MuxPair.Side;
import java.util.ArrayDeque;
import java.util.ArrayList;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Words and ends that reach a channel which stands otherwise than their sender thought.
class MuxChannelTest {

    private final MuxPair pair = new MuxPair();
    private Side side;
    private Side target;

    @BeforeEach
    void open() throws Exception {
        side = pair.open();
        pair.run();
        target = pair.peer(side);
    }

    private void stop(Side of) {
        of.channel.breakOff(new RelayEnd(Reason.STOPPED, ""));
    }

    /// Takes in what the other side sent, without an answer.
    private void receive() throws Exception {
        pair.step();
        while (MuxPair.deliver(pair.client, pair.toClient)) {
            // The next packet.
        }
    }

    private void requireNothingLeft() throws Exception {
        pair.run();
        assertTrue(side.isForgotten && target.isForgotten);
        assertEquals(0, pair.client.size() + pair.server.size());
    }

    /// A server whose target takes its time.
    private static final class LateServer {
        final Mux mux;
        final Side side = new Side();

        /// It has an OPEN, and the RESET behind it.
        LateServer(MuxPair pair) throws Exception {
            mux = new Mux(false, channel -> {
                channel.listen(side);
                side.channel = channel;
            }, pair.serverBudget, "client");
            mux.attach(false);
            pair.open().channel.breakOff(new RelayEnd(Reason.STOPPED, ""));
            while (MuxPair.send(pair.client, pair.toServer)) {
                MuxPair.deliver(mux, pair.toServer);
            }
        }

        private int packets() {
            var way = new ArrayDeque<byte[]>();
            while (MuxPair.send(mux, way)) {
                // What it has to say.
            }
            return way.size();
        }
    }

    @Test
    void aTargetConnectedAfterAResetIsClosed() throws Exception {
        var late = new LateServer(pair);
        assertEquals(Reason.TUNNEL_LOST, late.side.ended.reason());
        late.packets();
        late.mux.connected(late.side.channel, late.side.end);
        assertTrue(late.side.end.isReset);
        assertFalse(late.side.isOpened);
        assertEquals(0, late.packets(), "nothing is said of it");
        assertEquals(0, late.mux.size());
    }

    @Test
    void aTargetRefusedAfterAResetIsNotSpokenOf() throws Exception {
        var late = new LateServer(pair);
        late.packets();
        late.mux.refuse(late.side.channel, Refusal.FAILED, "late");
        assertNull(late.side.refusal);
        assertEquals(0, late.packets(), "nothing is said of it");
        assertEquals(0, late.mux.size());
    }

    @Test
    void anAnswerAfterAStopIsNotTold() throws Exception {
        Side opened = pair.open();
        pair.step();
        stop(opened);
        pair.run();
        assertFalse(opened.isOpened);
        assertEquals(Reason.STOPPED, opened.ended.reason());
        assertTrue(opened.isForgotten && pair.peer(opened).isForgotten);
    }

    @Test
    void aRefusalAfterAStopIsNotTold() throws Exception {
        pair.refuses = true;
        Side refused = pair.open();
        pair.step();
        MuxPair.deliver(pair.server, pair.toServer);
        pair.step(); // REFUSED is under way
        stop(refused);
        pair.run();
        assertNull(refused.refusal);
        assertEquals(Reason.STOPPED, refused.ended.reason());
        assertTrue(refused.isForgotten);
    }

    @Test
    void aStopBeforeOpenWasSaidIsSaidBehindIt() throws Exception {
        Side stopped = pair.open();
        stop(stopped);
        pair.run();
        Side asked = pair.peer(stopped);
        assertEquals(Reason.TUNNEL_LOST, asked.ended.reason());
        assertTrue(asked.end.isReset && stopped.isForgotten && asked.isForgotten);
    }

    /// A client that asks first, and connects its side when the target is there.
    @Test
    void aSideConnectedLaterGetsWhatCameMeanwhile() throws Exception {
        var awaited = new Side();
        awaited.channel = pair.client.open("db:1", awaited);
        pair.run();
        assertTrue(awaited.isOpened);
        pair.peer(awaited).end.put(MuxPair.bytes(1_000, 4));
        pair.peer(awaited).end.endInput();
        pair.run();
        awaited.channel.connect(awaited.end);
        assertArrayEquals(MuxPair.bytes(1_000, 4), awaited.end.written.toByteArray());
        assertTrue(awaited.end.isOutputEnded);
        awaited.end.put(MuxPair.bytes(1_000, 5));
        awaited.end.endInput();
        pair.opened.put(awaited.channel.number, awaited);
        pair.run();
        assertArrayEquals(MuxPair.bytes(1_000, 5), pair.peer(awaited).end.written.toByteArray());
        assertEquals(Reason.ENDED, awaited.ended.reason());
    }

    @Test
    void aResetBeforeTheSideIsConnectedEndsIt() throws Exception {
        var awaited = new Side();
        awaited.channel = pair.client.open("db:1", awaited);
        pair.run();
        stop(pair.peer(awaited));
        pair.run();
        assertEquals(Reason.TUNNEL_LOST, awaited.ended.reason());
        assertTrue(awaited.isForgotten);
        awaited.channel.connect(awaited.end);
        assertTrue(awaited.end.isReset);
    }

    @Test
    void aSecondStopChangesNothing() throws Exception {
        stop(side);
        side.channel.breakOff(new RelayEnd(Reason.IDLE, ""));
        assertEquals(Reason.STOPPED, side.ended.reason());
        requireNothingLeft();
    }

    @Test
    void aStoppedChannelReadsAndWritesNoMore() throws Exception {
        side.end.put(MuxPair.bytes(100, 1));
        pair.client.readable(side.channel);
        target.end.put(MuxPair.bytes(100, 2));
        target.end.endInput();
        pair.server.readable(target.channel);
        MuxPair.send(pair.server, pair.toClient);
        stop(side);
        pair.run();
        side.channel.flush();
        assertEquals(100, side.end.unread());
        assertEquals(0, side.end.written.size());
        assertEquals(0, target.end.written.size());
        requireNothingLeft();
    }

    @Test
    void aChannelThatHasSaidItsEndReadsNoMore() throws Exception {
        side.end.endInput();
        pair.run();
        side.end.put(MuxPair.bytes(100, 1));
        pair.client.readable(side.channel);
        pair.run();
        assertEquals(100, side.end.unread());
        assertFalse(side.end.awaitsInput);
        assertNull(side.ended, "the other direction is open");
    }

    @Test
    void nothingIsReadForAChannelThatThePeerHasReset() throws Exception {
        side.end.room = 0;
        target.end.put(MuxPair.bytes(12_000, 3));
        pair.run();
        stop(target);
        pair.run();
        assertNull(side.ended, "its bytes wait");
        side.end.put(MuxPair.bytes(100, 1));
        pair.client.readable(side.channel);
        pair.run();
        assertEquals(100, side.end.unread());
        assertFalse(side.end.awaitsInput);
        side.end.room = Integer.MAX_VALUE;
        side.channel.flush();
        assertArrayEquals(MuxPair.bytes(12_000, 3), side.end.written.toByteArray());
        assertEquals(Reason.TUNNEL_LOST, side.ended.reason());
        assertFalse(MuxPair.send(pair.client, pair.toServer), "no credit for one that is reset");
        requireNothingLeft();
    }

    /// Its peer knows already, so that there is nothing to say.
    @Test
    void aStopOfAChannelThatOnlyHasBytesToWriteSaysNothing() throws Exception {
        side.end.room = 0;
        target.end.put(MuxPair.bytes(1_000, 3));
        pair.run();
        stop(target);
        pair.run();
        stop(side);
        assertEquals(Reason.STOPPED, side.ended.reason());
        assertTrue(side.end.isReset);
        assertFalse(MuxPair.send(pair.client, pair.toServer));
        requireNothingLeft();
    }

    @Test
    void aStopOfAChannelThatBothHaveEndedSaysNothing() throws Exception {
        side.end.room = 0;
        target.end.put(MuxPair.bytes(1_000, 3));
        target.end.endInput();
        side.end.endInput();
        pair.run();
        assertTrue(target.isForgotten);
        stop(side);
        assertEquals(Reason.STOPPED, side.ended.reason());
        assertTrue(side.end.isReset && side.isForgotten);
        assertFalse(MuxPair.send(pair.client, pair.toServer));
        assertEquals(0, pair.client.size());
    }

    @Test
    void creditForAStoppedChannelBringsNothingMore() throws Exception {
        target.end.room = 0;
        side.end.put(MuxPair.bytes(MuxChannel.FIRST_CREDIT + 100, 1));
        pair.run();
        assertEquals(100, side.end.unread(), "the credit is used up");
        target.end.room = Integer.MAX_VALUE;
        target.channel.flush();
        MuxPair.send(pair.server, pair.toClient); // CREDIT is under way
        stop(side);
        requireNothingLeft();
        assertEquals(100, side.end.unread());
    }

    /// Bytes of the peer are dropped, and it may go on, while ours are still read.
    @Test
    void aSideThatTakesNoMoreIsStillReadToItsEnd() throws Exception {
        side.end.room = 0;
        target.end.put(MuxPair.bytes(1_000, 3));
        pair.run();
        side.end.isOutputBroken = true;
        side.channel.flush();
        assertNull(side.ended);
        target.end.put(MuxPair.bytes(1_000_000, 3));
        side.end.put(MuxPair.bytes(1_000, 4));
        pair.run();
        assertEquals(0, target.end.unread(), "it has credit for all");
        assertArrayEquals(MuxPair.bytes(1_000, 4), target.end.written.toByteArray());
        side.end.endInput();
        pair.run();
        assertEquals(new RelayEnd(Reason.PLAIN_RESET, "it takes no more"), side.ended);
        assertEquals(Reason.TUNNEL_LOST, target.ended.reason());
        requireNothingLeft();
    }

    @Test
    void aSideThatHasEndedAndTakesNoMoreIsReset() throws Exception {
        side.end.endInput();
        pair.run();
        side.end.room = 0;
        target.end.put(MuxPair.bytes(1_000, 3));
        pair.run();
        side.end.isOutputBroken = true;
        side.channel.flush();
        assertEquals(new RelayEnd(Reason.PLAIN_RESET, "it takes no more"), side.ended);
        assertTrue(side.end.isReset);
        requireNothingLeft();
    }

    /// END is due, and there was no room for it in the packet.
    @Test
    void aSideWhoseEndIsStillToBeSaidAndThatTakesNoMoreIsReset() throws Exception {
        side.end.endInput();
        side.channel.readInto(new byte[100], 0, 100);
        side.end.isOutputBroken = true;
        side.channel.deliver(new byte[10], 0, 10);
        assertEquals(new RelayEnd(Reason.PLAIN_RESET, "it takes no more"), side.ended);
        requireNothingLeft();
    }

    /// A peer that is fast gets no more credit than there is memory for.
    @Test
    void withoutMemoryAChannelKeepsItsFirstCredit() throws Exception {
        pair.clientBudget.force("other", pair.clientBudget.freeBytes());
        target.end.put(MuxPair.bytes(1_000_000, 1));
        for (int i = 0; i < 10_000 && side.end.written.size() < 1_000_000; i++) {
            receive();
            assertTrue(target.channel.credit <= MuxChannel.FIRST_CREDIT);
            while (MuxPair.deliver(pair.server, pair.toServer)) {
                // CREDIT.
            }
        }
        assertArrayEquals(MuxPair.bytes(1_000_000, 1), side.end.written.toByteArray());
    }

    @Test
    void aNumberThatIsInUseIsNotTakenAgain() {
        MuxChannel first = pair.client.open("db:1", new Side());
        // As if all others had been used since.
        pair.client.channels.put(first.number + 2, first);
        assertEquals(first.number + 4, pair.client.open("db:1", new Side()).number);
        pair.client.channels.remove(first.number + 2);
    }

    @Test
    void onlyChannelsThatWereNotAskedForAreGivenUp() throws Exception {
        Side unsent = pair.open();
        pair.client.failUnsent("no connection");
        assertEquals(Refusal.FAILED, unsent.refusal);
        assertTrue(unsent.end.isReset && unsent.isForgotten);
        pair.run();
        assertNull(pair.peer(unsent), "the server is not asked any more");
        side.end.put(MuxPair.bytes(100, 1));
        pair.run();
        assertArrayEquals(MuxPair.bytes(100, 1), target.end.written.toByteArray());
    }

    /// More than a packet holds.
    @Test
    void opensThatFillAPacketGoOnInTheNext() throws Exception {
        var sides = new ArrayList<Side>();
        for (int i = 0; i < 500; i++) {
            var opening = new Side();
            opening.channel = pair.client.open("x".repeat(250) + ":1", opening);
            opening.channel.connect(opening.end);
            sides.add(opening);
        }
        pair.run();
        assertTrue(sides.stream().allMatch(opening -> opening.isOpened));
        assertEquals(501, pair.server.size());
    }

    @Test
    void nothingIsReadForASessionThatIsOver() {
        pair.client.destroy("over");
        side.end.awaitsInput = true;
        pair.client.readable(side.channel);
        assertTrue(side.end.awaitsInput);
        assertFalse(MuxPair.send(pair.client, pair.toServer));
    }
}
