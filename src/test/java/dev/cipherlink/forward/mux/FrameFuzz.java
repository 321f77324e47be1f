package dev.cipherlink.forward.mux;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.fuzz.FuzzTarget;
import java.net.ProtocolException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.stream.Stream;

/// A packet of channels, as a parser takes it and as a server does: frames that lie within it, or a violation.
public final class FrameFuzz implements FuzzTarget {

    @Override
    public byte[][] seeds() {
        return Stream.of("01 00000001 0004 64623a31 04 00000001 0003 010203 05 00000001", "02 00000001",
                "03 00000001 0006 6661696c2078", "06 00000003 07 00000003 00001000", "08 0000000000000000", "09", "0a", "0b",
                "01 00000001 0004 64623a31 01 00000003 0004 64623a31 06 00000001 04 00000003 0001 ff 05 00000003")
                .map(hex -> HexFormat.of().parseHex(hex.replace(" ", ""))).toArray(byte[][]::new);
    }

    @Override
    public boolean accepts(byte[] input) {
        boolean isWellFormed = parses(input);
        var pair = new MuxPair();
        try {
            pair.server.receive(input, input.length);
            assertTrue(isWellFormed, "what a server takes is well-formed");
        } catch (ProtocolException e) {
            FuzzTarget.assertLine(e.getMessage());
        }
        while (MuxPair.send(pair.server, pair.toClient)) {
            assertTrue(parses(pair.toClient.poll()), "what it answers is well-formed");
        }
        pair.server.destroy("end");
        assertEquals(pair.serverBudget.bytes(), pair.serverBudget.freeBytes(), "it has given all memory back");
        return isWellFormed;
    }

    private static boolean parses(byte[] input) {
        try {
            Frame.parse(input, input.length, new Checked(input));
            return true;
        } catch (ProtocolException e) {
            FuzzTarget.assertLine(e.getMessage());
            return false;
        }
    }

    private record Checked(byte[] packet) implements Frame.Receiver {
        @Override
        public void open(int channel, String target) {
            assertTrue(!target.isEmpty() && target.length() <= Frame.MAX_TARGET_BYTES);
        }

        @Override
        public void opened(int channel) {
            // Any number.
        }

        @Override
        public void refused(int channel, String text) {
            assertTrue(!text.isEmpty() && text.length() <= Frame.MAX_REFUSAL_BYTES);
        }

        @Override
        public void data(int channel, byte[] bytes, int offset, int length) {
            assertTrue(bytes == packet && length > 0 && offset >= Frame.HEADER_BYTES && offset + length <= packet.length);
            byte[] header = new byte[Frame.HEADER_BYTES];
            Frame.putHeader(header, 0, Frame.DATA, channel, length);
            assertTrue(Arrays.equals(header, 0, header.length, packet, offset - header.length, offset));
        }

        @Override
        public void end(int channel) {
            // Any number.
        }

        @Override
        public void reset(int channel) {
            // Any number.
        }

        @Override
        public void credit(int channel, int bytes) {
            // Any number.
        }

        @Override
        public void ack(long packets) {
            assertEquals(9, packet.length, new String(packet, US_ASCII));
        }

        @Override
        public void ping() {
            assertEquals(1, packet.length);
        }

        @Override
        public void pong() {
            assertEquals(1, packet.length);
        }

        @Override
        public void bye() {
            assertEquals(1, packet.length);
        }
    }
}
