package dev.cipherlink.forward.mux;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.cipherlink.budget.MemoryBudget;
import dev.cipherlink.forward.ForwardTarget.TargetException.Refusal;
import dev.cipherlink.forward.mux.MuxPair.Side;
import java.net.ProtocolException;
import org.junit.jupiter.api.Test;

/// Frames that break a rule which the fuzzer's seeds do not, each with its message.
class FrameTest {

    private final MuxPair pair = new MuxPair();

    private static byte[] text(int type, int number, String text) {
        byte[] bytes = text.getBytes(UTF_8);
        byte[] frame = new byte[Frame.HEADER_BYTES + bytes.length];
        Frame.putText(frame, 0, type, number, bytes);
        return frame;
    }

    private static byte[] frame(int type, int number) {
        byte[] frame = new byte[Frame.SHORT_BYTES];
        Frame.put(frame, 0, type, number);
        return frame;
    }

    private static byte[] data(int number) {
        byte[] frame = new byte[Frame.HEADER_BYTES + 1];
        Frame.putHeader(frame, 0, Frame.DATA, number, 1);
        return frame;
    }

    private static void refuses(Mux mux, byte[] packet, String message) {
        assertEquals(message, assertThrows(ProtocolException.class, () -> mux.receive(packet, packet.length)).getMessage());
    }

    @Test
    void aTargetHas1To262Bytes() throws Exception {
        String longest = "x".repeat(Frame.MAX_TARGET_BYTES);
        byte[] packet = text(Frame.OPEN, 1, longest);
        pair.server.receive(packet, packet.length);
        assertEquals(longest, pair.accepted.get(1).channel.target);
        refuses(pair.server, text(Frame.OPEN, 3, longest + "x"), "a text of 263 bytes where 1 to 262 are allowed");
        refuses(pair.server, text(Frame.OPEN, 3, ""), "a text of 0 bytes where 1 to 262 are allowed");
    }

    @Test
    void aReasonIsCutToTheSizeOfItsFrame() {
        byte[] refusal = Frame.refusal("failed", "x".repeat(Frame.MAX_REFUSAL_BYTES));
        assertEquals(Frame.MAX_REFUSAL_BYTES, refusal.length);
        assertEquals("failed xx", new String(refusal, 0, 9, UTF_8));
        assertEquals("failed no", new String(Frame.refusal("failed", "no"), UTF_8));
    }

    @Test
    void aResumedSessionBeginsWithAnAck() {
        pair.client.attach(true);
        refuses(pair.client, new byte[0], "a packet of a resumed session before ACK");
        refuses(pair.client, data(1), "a packet of a resumed session before ACK");
    }

    @Test
    void theChannelsOfAServerHaveEvenNumbersFrom2() throws Exception {
        int[] opened = {0};
        var client = new Mux(true, channel -> opened[0] = channel.number, new MemoryBudget(1 << 20), "client");
        client.attach(false);
        refuses(client, text(Frame.OPEN, 0, "db:1"), "OPEN with the number 0");
        refuses(client, text(Frame.OPEN, 1, "db:1"), "OPEN with the number 1");
        byte[] packet = text(Frame.OPEN, 2, "db:1");
        client.receive(packet, packet.length);
        assertEquals(2, opened[0]);
    }

    @Test
    void anOpenHasOneAnswer() throws Exception {
        Side unsent = pair.open();
        refuses(pair.client, frame(Frame.OPENED, unsent.channel.number), "OPENED that answers nothing");
        pair.run();
        refuses(pair.client, frame(Frame.OPENED, unsent.channel.number), "OPENED that answers nothing");
        refuses(pair.client, text(Frame.REFUSED, unsent.channel.number, "failed no"), "REFUSED that answers nothing");
    }

    @Test
    void aRefusalMayHaveNoReason() throws Exception {
        Side side = pair.open();
        pair.step();
        byte[] packet = text(Frame.REFUSED, side.channel.number, Refusal.NOT_ALLOWED.code());
        pair.client.receive(packet, packet.length);
        assertEquals(Refusal.NOT_ALLOWED, side.refusal);
    }

    /// Our answer to the first may be under way.
    @Test
    void aChannelIsResetOnce() throws Exception {
        Side side = pair.open();
        pair.run();
        byte[] packet = frame(Frame.RESET, side.channel.number);
        pair.client.receive(packet, packet.length);
        refuses(pair.client, packet, "a second RESET");
    }
}
