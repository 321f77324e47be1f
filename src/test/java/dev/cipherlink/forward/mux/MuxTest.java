package dev.cipherlink.forward.mux;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.forward.ForwardTarget.TargetException.Refusal;
import dev.cipherlink.forward.Relay.RelayEnd.Reason;
import dev.cipherlink.forward.mux.MuxPair.Side;
import java.net.ProtocolException;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// Channels without sockets: two sides and the packets between them.
class MuxTest {

    private final MuxPair pair = new MuxPair();

    @Test
    void carriesBothDirectionsAndBothEnds() throws Exception {
        Side side = pair.open();
        side.end.put(MuxPair.bytes(300_000, 1));
        side.end.endInput();
        pair.run();
        Side target = pair.peer(side);
        assertArrayEquals(MuxPair.bytes(300_000, 1), target.end.written.toByteArray());
        assertTrue(target.end.isOutputEnded, "a half-close");
        assertFalse(target.end.isClosed, "the other direction goes on");
        target.end.put(MuxPair.bytes(500_000, 2));
        target.end.endInput();
        pair.run();
        assertArrayEquals(MuxPair.bytes(500_000, 2), side.end.written.toByteArray());
        assertEquals(Reason.ENDED, side.ended.reason());
        assertEquals(Reason.ENDED, target.ended.reason());
        assertTrue(side.end.isClosed && target.end.isClosed && side.isForgotten && target.isForgotten);
        assertEquals(0, pair.client.size() + pair.server.size());
    }

    /// OPEN, the first bytes and the end need no answer.
    @Test
    void sendsWithoutWaitingForTheTarget() throws Exception {
        Side side = pair.open();
        side.end.put(MuxPair.bytes(100, 1));
        side.end.endInput();
        assertTrue(pair.step());
        assertTrue(MuxPair.deliver(pair.server, pair.toServer));
        assertArrayEquals(MuxPair.bytes(100, 1), pair.peer(side).end.written.toByteArray());
    }

    @Test
    void aRefusalSaysWhy() throws Exception {
        pair.refuses = true;
        Side side = pair.open();
        side.end.put(MuxPair.bytes(100, 1));
        pair.run();
        assertEquals(Refusal.NOT_ALLOWED, side.refusal);
        assertTrue(side.end.isReset && side.isForgotten && pair.peer(side).isForgotten);
        assertEquals(0, pair.client.size() + pair.server.size());
    }

    @Test
    void aResetIsPassedOnBehindTheBytesBeforeIt() throws Exception {
        Side side = pair.open();
        pair.run();
        Side target = pair.peer(side);
        side.end.room = 0;
        target.end.put(MuxPair.bytes(5_000, 3));
        pair.run();
        target.end.isBroken = true;
        pair.run();
        assertEquals(Reason.PLAIN_RESET, target.ended.reason());
        assertNull(side.ended, "its bytes wait");
        side.end.room = Integer.MAX_VALUE;
        pair.run();
        assertArrayEquals(MuxPair.bytes(5_000, 3), side.end.written.toByteArray());
        assertTrue(side.end.isReset);
        assertEquals(0, pair.client.size() + pair.server.size());
    }

    @Test
    void aTargetThatReadsSlowlyHoldsUpItsOwnChannelOnly() throws Exception {
        Side slow = pair.open();
        Side quick = pair.open();
        pair.run();
        pair.peer(slow).end.room = 0;
        slow.end.put(MuxPair.bytes(1_000_000, 1));
        quick.end.put(MuxPair.bytes(1_000_000, 2));
        pair.run();
        assertEquals(1_000_000 - MuxChannel.FIRST_CREDIT, slow.end.unread(), "its credit is used up");
        assertArrayEquals(MuxPair.bytes(1_000_000, 2), pair.peer(quick).end.written.toByteArray());
        pair.peer(slow).end.room = Integer.MAX_VALUE;
        pair.run();
        assertArrayEquals(MuxPair.bytes(1_000_000, 1), pair.peer(slow).end.written.toByteArray());
    }

    @Test
    void aFastChannelGetsMoreCreditAndGivesItsMemoryBack() throws Exception {
        Side side = pair.open();
        side.end.put(MuxPair.bytes(20 << 20, 1));
        pair.run();
        assertArrayEquals(MuxPair.bytes(20 << 20, 1), pair.peer(side).end.written.toByteArray());
        assertTrue(side.channel.credit >= 1 << 20, "2 MiB, of which a half may be on its way back");
        assertTrue(pair.serverBudget.freeBytes() < pair.serverBudget.bytes() - (1 << 20));
        side.end.isBroken = true;
        side.end.awaitsInput = true;
        pair.run();
        rest();
    }

    /// All memory is free again.
    private void rest() throws ProtocolException {
        for (int i = 0; i < 3; i++) {
            pair.client.rest();
            pair.server.rest();
            pair.run();
        }
        pair.client.rest();
        pair.server.rest();
        assertEquals(pair.clientBudget.bytes(), pair.clientBudget.freeBytes(), "the client's memory");
        assertEquals(pair.serverBudget.bytes(), pair.serverBudget.freeBytes(), "the server's memory");
    }

    @Test
    void aBusyChannelLetsAQuietOneThroughWithItsNextPacket() throws Exception {
        Side busy = pair.open();
        Side quiet = pair.open();
        busy.end.put(MuxPair.bytes(1 << 20, 1));
        pair.run();
        busy.end.put(MuxPair.bytes(10 << 20, 2));
        for (int i = 0; i < 5; i++) {
            pair.step();
        }
        quiet.end.put(new byte[] {42});
        pair.toServer.clear();
        // The one that was being filled at most, and then the next.
        pair.step();
        pair.step();
        boolean isThere = pair.toServer.stream().anyMatch(packet -> contains(packet, quiet.channel.number));
        assertTrue(isThere, "within two packets of the busy channel");
    }

    private static boolean contains(byte[] packet, int number) {
        byte[] header = new byte[Frame.HEADER_BYTES];
        Frame.putHeader(header, 0, Frame.DATA, number, 1);
        for (int i = 0; i + header.length < packet.length; i++) {
            if (Arrays.equals(header, 0, header.length, packet, i, i + header.length)) {
                return true;
            }
        }
        return false;
    }

    @Test
    void busyChannelsShareEvenly() throws Exception {
        Side[] sides = {pair.open(), pair.open(), pair.open()};
        for (Side side : sides) {
            side.end.put(MuxPair.bytes(8 << 20, 1));
        }
        for (int i = 0; i < 150; i++) {
            pair.step();
            MuxPair.deliver(pair.server, pair.toServer);
            MuxPair.deliver(pair.client, pair.toClient);
        }
        long least = Arrays.stream(sides).mapToLong(side -> side.channel.bytesToTunnel()).min().getAsLong();
        long most = Arrays.stream(sides).mapToLong(side -> side.channel.bytesToTunnel()).max().getAsLong();
        assertTrue(least > 1 << 20 && most - least <= 2 * ResendBuffer.MAX_PACKET_BYTES, least + " to " + most);
    }

    @Test
    void aPeerThatAcknowledgesNothingIsSentNoMoreThanTheBufferHolds() throws Exception {
        Side side = pair.open();
        pair.run();
        // It gives any credit and takes everything, but never says that it has received a packet.
        byte[] credit = new byte[9];
        Frame.putCredit(credit, 0, side.channel.number, 1 << 30);
        pair.server.receive(credit, credit.length);
        Side target = pair.peer(side);
        target.end.put(MuxPair.bytes(20 << 20, 1));
        int sent = 0;
        for (int i = 0; i < 1_000; i++) {
            pair.step();
            for (byte[] packet = pair.toClient.poll(); packet != null; packet = pair.toClient.poll()) {
                sent += packet.length;
            }
        }
        assertTrue(sent > 4 << 20 && sent <= 8 << 20, sent + " bytes");
        assertTrue(pair.serverBudget.bytes() - pair.serverBudget.freeBytes() <= 8 << 20);
        pair.server.destroy("test");
        assertEquals(pair.serverBudget.bytes(), pair.serverBudget.freeBytes());
    }

    @Test
    void openChannelsWaitForAnswersToOthers() throws Exception {
        for (int i = 0; i < 3_000; i++) {
            pair.open();
        }
        pair.run();
        assertEquals(3_000, pair.accepted.size());
        assertTrue(pair.opened.values().stream().allMatch(side -> side.isOpened));
        pair.all().forEach(side -> side.end.endInput());
        pair.run();
        assertEquals(0, pair.client.size() + pair.server.size());
        rest();
    }

    /// Cuts at any moment, targets that take a few bytes at a time, ends and resets: every byte arrives once and in order.
    @Test
    void nothingIsLostOrDoubledByCuts() throws Exception {
        for (int seed = 0; seed < Integer.getInteger("mux.seeds", 200); seed++) {
            resume(seed);
        }
    }

    private static void resume(int seed) throws ProtocolException {
        var random = new Random(seed);
        var pair = new MuxPair();
        Side[] sides = new Side[1 + random.nextInt(4)];
        byte[][] up = new byte[sides.length][];
        byte[][] down = new byte[sides.length][];
        for (int i = 0; i < sides.length; i++) {
            sides[i] = pair.open();
            up[i] = MuxPair.bytes(random.nextInt(200_000), seed + i);
            down[i] = MuxPair.bytes(random.nextInt(200_000), seed - i);
            sides[i].end.put(up[i]);
            sides[i].end.endInput();
        }
        boolean[] isFed = new boolean[sides.length];
        for (int turn = 0; turn < 400; turn++) {
            for (int i = 0; i < sides.length; i++) {
                Side target = pair.peer(sides[i]);
                if (target != null && !isFed[i]) {
                    isFed[i] = true;
                    target.end.put(down[i]);
                    target.end.endInput();
                }
            }
            Side any = pair.all().get(random.nextInt(pair.all().size()));
            any.end.room = random.nextInt(50_000);
            pair.step();
            if (random.nextInt(3) > 0) {
                MuxPair.deliver(pair.server, pair.toServer);
            }
            if (random.nextInt(3) > 0) {
                MuxPair.deliver(pair.client, pair.toClient);
            }
            if (random.nextInt(20) == 0) {
                pair.cut();
            }
        }
        pair.all().forEach(side -> side.end.room = Integer.MAX_VALUE);
        pair.run();
        for (int i = 0; i < sides.length; i++) {
            Side target = pair.peer(sides[i]);
            if (!isFed[i]) {
                target.end.put(down[i]);
                target.end.endInput();
                pair.run();
            }
            assertArrayEquals(up[i], target.end.written.toByteArray(), "to the target, seed " + seed);
            assertArrayEquals(down[i], sides[i].end.written.toByteArray(), "from the target, seed " + seed);
            assertEquals(Reason.ENDED, sides[i].ended.reason(), "seed " + seed);
            assertEquals(Reason.ENDED, target.ended.reason(), "seed " + seed);
        }
        assertEquals(0, pair.client.size() + pair.server.size(), "seed " + seed);
    }

    @Test
    void aServerThatHasLostTheSessionEndsWhatItKnewAndNothingElse() throws Exception {
        Side known = pair.open();
        pair.run();
        pair.toServer.clear();
        pair.toClient.clear();
        Side unsent = pair.open();
        pair.client.restart("lost");
        assertEquals(Reason.TUNNEL_LOST, known.ended.reason());
        assertTrue(known.end.isReset && known.isForgotten);
        assertNull(unsent.ended);
        var fresh = new MuxPair();
        pair.client.attach(false);
        unsent.end.put(new byte[] {1, 2, 3});
        pair.client.readable(unsent.channel);
        while (MuxPair.send(pair.client, fresh.toServer)) {
            MuxPair.deliver(fresh.server, fresh.toServer);
        }
        assertArrayEquals(new byte[] {1, 2, 3}, fresh.accepted.get(unsent.channel.number).end.written.toByteArray());
    }

    // Hostile frames.

    private byte[] frame(int type, int number) {
        byte[] frame = new byte[Frame.SHORT_BYTES];
        Frame.put(frame, 0, type, number);
        return frame;
    }

    private byte[] data(int number, int length) {
        byte[] frame = new byte[Frame.HEADER_BYTES + length];
        Frame.putHeader(frame, 0, Frame.DATA, number, length);
        return frame;
    }

    private byte[] open(int number) {
        byte[] text = "db:1".getBytes(US_ASCII);
        byte[] frame = new byte[Frame.HEADER_BYTES + text.length];
        Frame.putText(frame, 0, Frame.OPEN, number, text);
        return frame;
    }

    private byte[] credit(int number, int bytes) {
        byte[] frame = new byte[9];
        Frame.putCredit(frame, 0, number, bytes);
        return frame;
    }

    private void violates(byte[]... packets) {
        assertThrows(ProtocolException.class, () -> isFine(packets));
    }

    private void isFine(byte[]... packets) throws ProtocolException {
        var victim = new MuxPair();
        for (byte[] packet : packets) {
            victim.server.receive(packet, packet.length);
            while (MuxPair.send(victim.server, victim.toClient)) {
                // What it has to say.
            }
        }
    }

    @Test
    void violationsEndTheSession() throws Exception {
        violates(data(2, 1));
        violates(frame(Frame.END, 2));
        violates(open(2));
        violates(open(0));
        violates(open(1), open(1));
        violates(open(1), data(1, MuxChannel.FIRST_CREDIT + 1));
        violates(open(1), frame(Frame.END, 1), data(1, 1));
        violates(open(1), frame(Frame.END, 1), frame(Frame.END, 1));
        violates(open(1), frame(Frame.OPENED, 1));
        violates(open(1), credit(1, 0));
        violates(open(1), credit(1, Integer.MAX_VALUE));
        violates(open(1), credit(1, -1));
        violates(open(1), data(1, 0));
        violates(new byte[0]);
        violates(new byte[] {99});
        violates(new byte[] {0});
        violates(new byte[] {Frame.PING, Frame.PING});
        byte[] ack = new byte[9];
        Frame.putAck(ack, 0, 1);
        violates(ack);
        Frame.putAck(ack, 0, -1);
        violates(ack);
    }

    @Test
    void whatComesLateIsNoViolation() throws Exception {
        isFine(credit(1, 5), frame(Frame.RESET, 7), frame(Frame.OPENED, 9), data(11, 1), frame(Frame.END, 11));
        isFine(open(1), frame(Frame.RESET, 1), credit(1, 5), open(1));
        isFine(open(1), frame(Frame.END, 1), credit(1, 100), frame(Frame.RESET, 1));
    }

    /// A client that opens without an end, and takes no answer.
    @Test
    void aFloodOfOpensEndsTheSession() {
        var slow = new Mux(false, channel -> channel.listen(new Side()), pair.serverBudget, "client");
        slow.attach(false);
        var failure = assertThrows(ProtocolException.class, () -> {
            for (int i = 0; i < 2_000; i++) {
                byte[] packet = open(2 * i + 1);
                slow.receive(packet, packet.length);
            }
        });
        assertTrue(failure.getMessage().contains("1024"), failure.getMessage());
    }
}
