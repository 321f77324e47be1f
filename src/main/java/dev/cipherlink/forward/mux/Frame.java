package dev.cipherlink.forward.mux;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.net.ProtocolException;
import java.nio.ByteOrder;
import java.util.Arrays;

/// Frames of channels in a packet's plaintext, and back (`docs/protocol.md`, section 6.1). Pure.
final class Frame {

    static final int OPEN = 1;
    static final int OPENED = 2;
    static final int REFUSED = 3;
    static final int DATA = 4;
    static final int END = 5;
    static final int RESET = 6;
    static final int CREDIT = 7;
    static final int ACK = 8;
    static final int PING = 9;
    static final int PONG = 10;
    static final int BYE = 11;

    /// Type and channel.
    static final int SHORT_BYTES = 5;
    /// Type, channel and size.
    static final int HEADER_BYTES = 7;
    static final int MAX_TARGET_BYTES = 262;
    static final int MAX_REFUSAL_BYTES = 1_024;
    /// The largest frame without DATA.
    static final int MAX_CONTROL_BYTES = HEADER_BYTES + MAX_REFUSAL_BYTES;

    private static final int CREDIT_BYTES = SHORT_BYTES + 4;
    private static final int ACK_BYTES = 9;
    private static final VarHandle SHORT = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    private Frame() {
    }

    /// What a packet says. Each method may throw a [ProtocolException] for a violation.
    interface Receiver {
        void open(int channel, String target) throws ProtocolException;

        void opened(int channel) throws ProtocolException;

        /// @param text a code, a space and the reason
        void refused(int channel, String text) throws ProtocolException;

        /// @param bytes holds them; valid during the call
        void data(int channel, byte[] bytes, int offset, int length) throws ProtocolException;

        void end(int channel) throws ProtocolException;

        void reset(int channel) throws ProtocolException;

        /// @param bytes unsigned
        void credit(int channel, int bytes) throws ProtocolException;

        void ack(long packets) throws ProtocolException;

        void ping();

        void pong();

        void bye();
    }

    /// Hands on the frames of a packet, in order.
    ///
    /// @return whether it was a link packet, which does not count
    /// @throws ProtocolException if the packet is malformed; the frames before the wrong one were handed on
    static boolean parse(byte[] packet, int length, Receiver receiver) throws ProtocolException {
        if (length == 0) {
            throw new ProtocolException("a packet without a frame");
        }
        if (isLink(packet, length)) {
            parseLinkFrame(packet, length, receiver);
            return true;
        }
        for (int offset = 0; offset < length; ) {
            offset = parseFrame(packet, offset, length, receiver);
        }
        return false;
    }

    /// Whether a packet begins with a frame that stands alone.
    static boolean isLink(byte[] packet, int length) {
        return length > 0 && packet[0] >= ACK && packet[0] <= BYE;
    }

    private static void parseLinkFrame(byte[] packet, int length, Receiver receiver) throws ProtocolException {
        if (length != (packet[0] == ACK ? ACK_BYTES : 1)) {
            throw new ProtocolException("a link packet of " + length + " bytes");
        }
        switch (packet[0]) {
            case ACK -> receiver.ack((long) LONG.get(packet, 1));
            case PING -> receiver.ping();
            case PONG -> receiver.pong();
            default -> receiver.bye();
        }
    }

    /// @return where the next frame begins
    private static int parseFrame(byte[] packet, int offset, int length, Receiver receiver) throws ProtocolException {
        int type = packet[offset];
        int end = offset + size(packet, offset, length);
        int channel = (int) INT.get(packet, offset + 1);
        int rest = offset + HEADER_BYTES;
        switch (type) {
            case OPEN -> receiver.open(channel, text(packet, rest, end, MAX_TARGET_BYTES));
            case OPENED -> receiver.opened(channel);
            case REFUSED -> receiver.refused(channel, text(packet, rest, end, MAX_REFUSAL_BYTES));
            case DATA -> {
                if (rest == end) {
                    throw new ProtocolException("DATA without a byte");
                }
                receiver.data(channel, packet, rest, end - rest);
            }
            case END -> receiver.end(channel);
            case RESET -> receiver.reset(channel);
            default -> receiver.credit(channel, (int) INT.get(packet, offset + SHORT_BYTES));
        }
        return end;
    }

    /// The size of the frame that begins there, which is there as a whole.
    private static int size(byte[] packet, int offset, int length) throws ProtocolException {
        int left = length - offset;
        int size = switch (packet[offset]) {
            case OPEN, REFUSED, DATA -> left < HEADER_BYTES ? HEADER_BYTES
                    : HEADER_BYTES + ((short) SHORT.get(packet, offset + SHORT_BYTES) & 0xffff);
            case OPENED, END, RESET -> SHORT_BYTES;
            case CREDIT -> CREDIT_BYTES;
            default -> throw new ProtocolException("a frame of type " + packet[offset]);
        };
        if (size > left) {
            throw new ProtocolException("a frame that its packet does not hold");
        }
        return size;
    }

    private static String text(byte[] packet, int start, int end, int most) throws ProtocolException {
        if (end - start < 1 || end - start > most) {
            throw new ProtocolException("a text of " + (end - start) + " bytes where 1 to " + most + " are allowed");
        }
        return new String(packet, start, end - start, UTF_8);
    }

    // Each of these writes a frame, and returns where the next one begins.

    /// A frame of type and channel.
    static int put(byte[] to, int offset, int type, int channel) {
        to[offset] = (byte) type;
        INT.set(to, offset + 1, channel);
        return offset + SHORT_BYTES;
    }

    /// The header of a frame of which `size` bytes follow.
    static int putHeader(byte[] to, int offset, int type, int channel, int size) {
        put(to, offset, type, channel);
        SHORT.set(to, offset + SHORT_BYTES, (short) size);
        return offset + HEADER_BYTES;
    }

    static int putText(byte[] to, int offset, int type, int channel, byte[] text) {
        System.arraycopy(text, 0, to, putHeader(to, offset, type, channel, text.length), text.length);
        return offset + HEADER_BYTES + text.length;
    }

    static int putCredit(byte[] to, int offset, int channel, int bytes) {
        INT.set(to, put(to, offset, CREDIT, channel), bytes);
        return offset + CREDIT_BYTES;
    }

    static int putAck(byte[] to, int offset, long packets) {
        to[offset] = ACK;
        LONG.set(to, offset + 1, packets);
        return offset + ACK_BYTES;
    }

    /// A refusal as it fits into a frame.
    static byte[] refusal(String code, String reason) {
        byte[] text = (code + " " + reason).getBytes(UTF_8);
        return text.length <= MAX_REFUSAL_BYTES ? text : Arrays.copyOf(text, MAX_REFUSAL_BYTES);
    }
}
