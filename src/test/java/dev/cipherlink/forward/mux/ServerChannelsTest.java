package dev.cipherlink.forward.mux;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.cipherlink.budget.MemoryBudget;
import dev.cipherlink.forward.ForwardTarget.TargetException.Refusal;
import dev.cipherlink.forward.Relay.ForwardLimits;
import dev.cipherlink.forward.Relay.RelayEnd.Reason;
import dev.cipherlink.forward.TunnelSource.Accepted;
import dev.cipherlink.forward.mux.MuxPair.Side;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.ProtocolException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/// Channels that the server opens, and those whose unencrypted side is the program itself, without sockets.
class ServerChannelsTest {

    private static final Duration LONG = Duration.ofMinutes(1);

    private final MuxPair pair = new MuxPair();

    /// Has streams as the unencrypted side of a channel of the client, in one thread with its session.
    private PipeEnd pipe(Side side) {
        var pipe = new PipeEnd(PipeEnd.FEW, () -> pair.client.readable(side.channel), side.channel::flush);
        side.channel.replace(pipe, new byte[0]);
        return pipe;
    }

    @Test
    void areAsThoseOfTheClientAndOutliveACut() throws Exception {
        Side ours = pair.open();
        Side side = pair.openByServer();
        assertEquals(2, side.channel.number);
        side.end.put(MuxPair.bytes(300_000, 1));
        side.end.endInput();
        ours.end.put(MuxPair.bytes(10_000, 3));
        for (int i = 0; i < 3; i++) {
            pair.step();
        }
        pair.cut();
        pair.run();
        Side target = pair.peer(side);
        assertArrayEquals(MuxPair.bytes(300_000, 1), target.end.written.toByteArray());
        target.end.put(MuxPair.bytes(200_000, 2));
        target.end.endInput();
        pair.run();
        assertArrayEquals(MuxPair.bytes(200_000, 2), side.end.written.toByteArray());
        assertArrayEquals(MuxPair.bytes(10_000, 3), pair.peer(ours).end.written.toByteArray());
        assertTrue(side.isOpened && target.isOpened && side.isForgotten && target.isForgotten);
        assertEquals(Reason.ENDED, side.ended.reason());
    }

    @Test
    void areRefusedByTheClientInTheSameWay() throws Exception {
        pair.refuses = true;
        Side side = pair.openByServer();
        side.end.put(MuxPair.bytes(100, 1));
        pair.run();
        assertEquals(Refusal.NOT_ALLOWED, side.refusal);
        assertTrue(side.end.isReset && side.isForgotten);
        assertEquals(0, pair.client.size() + pair.server.size());
    }

    /// The client's numbers are odd: the server may not use one, nor one twice.
    @Test
    void theServersNumbersAreItsOwn() throws Exception {
        byte[] text = "1 -".getBytes(US_ASCII);
        var frame = new byte[Frame.HEADER_BYTES + text.length];
        for (int wrong : new int[] {0, 1}) {
            Frame.putText(frame, 0, Frame.OPEN, wrong, text);
            assertThrows(ProtocolException.class, () -> pair.client.receive(frame, frame.length));
        }
        Frame.putText(frame, 0, Frame.OPEN, 2, text);
        pair.client.receive(frame, frame.length);
        assertThrows(ProtocolException.class, () -> pair.client.receive(frame, frame.length));
    }

    @Test
    void streamsCarryMoreThanTheyKeep() throws Exception {
        Side side = pair.open();
        pair.run();
        PipeEnd pipe = pipe(side);
        pair.peer(side).end.put(MuxPair.bytes(100_000, 1));
        var received = new ByteArrayOutputStream();
        var input = pipe.input(LONG);
        while (received.size() < 100_000) {
            pair.run();
            var some = new byte[5_000];
            received.write(some, 0, input.read(some, 0, some.length));
        }
        assertArrayEquals(MuxPair.bytes(100_000, 1), received.toByteArray());
        byte[] sent = MuxPair.bytes(60_000, 2);
        for (int offset = 0; offset < sent.length; offset += 6_000) {
            pipe.output().write(sent, offset, 6_000);
            pair.run();
        }
        pipe.output().close();
        pair.run();
        assertArrayEquals(sent, pair.peer(side).end.written.toByteArray());
        assertTrue(pair.peer(side).end.isOutputEnded);
        pair.peer(side).end.endInput();
        pair.run();
        assertEquals(-1, input.read());
        assertEquals(Reason.ENDED, side.ended.reason());
    }

    /// A dialogue with the program, and then its target: no byte is lost, twice or in another place.
    @Test
    void aSocketTakesThePlaceOfStreamsInTheMidst() throws Exception {
        Side side = pair.open();
        pair.run();
        PipeEnd pipe = pipe(side);
        byte[] bytes = MuxPair.bytes(40_000, 1);
        pair.peer(side).end.put(bytes);
        pair.run();
        var request = new byte[1_000];
        assertEquals(1_000, pipe.input(LONG).read(request, 0, 1_000));
        pipe.output().write("granted".getBytes(US_ASCII));
        var target = new FakeEnd();
        target.put(pipe.unsent());
        target.put("answer".getBytes(US_ASCII));
        target.room = 500;
        byte[] read = Arrays.copyOfRange(request, 100, 1_000);
        side.channel.replace(target, pipe.unread(read));
        pair.run();
        assertArrayEquals(Arrays.copyOfRange(bytes, 100, 600), target.written.toByteArray(), "as far as it takes them");
        target.room = Integer.MAX_VALUE;
        side.channel.flush();
        pair.run();
        assertArrayEquals(Arrays.copyOfRange(bytes, 100, bytes.length), target.written.toByteArray());
        assertEquals("grantedanswer", pair.peer(side).end.written.toString(US_ASCII));
        assertTrue(side.channel.credit > 0);
    }

    /// Each second it was to be ended once more, by a connection that does not come, and all of that was kept.
    @Test
    void oneWhoseTimeIsUpIsEndedOnceThoughItsSessionWaits() throws Exception {
        MuxSession session = MuxSession.ofServer(_ -> { }, new MemoryBudget(1 << 20), "client");
        ForwardedChannel channel = session.open("1 -", new Side(), new Accepted(null, new byte[0], new ForwardLimits(Duration.ofNanos(1), LONG), true));
        session.restart("has it taken up");
        long now = System.nanoTime();
        var thread = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = thread.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < 200_000; i++) {
            channel.checkTime(now + 1_000_000_000L);
        }
        long allocated = thread.getCurrentThreadAllocatedBytes() - before;
        session.end("the test is over");
        assertTrue(allocated < 2_000_000, allocated + " bytes");
    }

    @Test
    void aReaderOfStreamsHasADeadlineAndIsWokenByTheEnd() throws Exception {
        Side side = pair.open();
        pair.run();
        PipeEnd pipe = pipe(side);
        assertThrows(SocketTimeoutException.class, () -> pipe.input(Duration.ofMillis(20)).read());
        Thread breaking = Thread.startVirtualThread(pipe::reset);
        assertThrows(IOException.class, () -> pipe.input(LONG).read());
        assertThrows(IOException.class, () -> pipe.output().write(1));
        breaking.join();
    }
}
