package dev.cipherlink.message;

import java.net.ProtocolException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// One message (`docs/protocol.md`, section 2).
///
/// @param more     on DATA: the request continues in the next sequence number
/// @param sequence 0 .. 65,535
/// @param intact   whether the checksum held on arrival; always true for a message that is to be sent
public record Message(MessageType type, boolean more, int sequence, Payload payload, boolean intact) {

    /// Sequence numbers count modulo this.
    public static final int SEQUENCE_MODULUS = 1 << 16;

    /// A message to be sent.
    public static Message of(MessageType type, int sequence, Payload payload) {
        return new Message(type, false, sequence, payload, true);
    }

    /// A fragment of a request, or a whole one, to be sent.
    public static Message data(int sequence, boolean more, Payload payload) {
        return new Message(MessageType.DATA, more, sequence, payload, true);
    }

    /// Types of messages and their codes on the wire (`docs/protocol.md`, section 2).
    public enum MessageType {
        /// A request, or an event pushed by the server.
        DATA(0x01),
        /// The reply to a request (may be empty); in the handshake: JSON.
        ACK(0x02),
        /// A failed request's reason; with sequence 0 the connection's, which then closes.
        ERROR(0x03),
        /// Asks for a sign of life; answered by an ACK with sequence 0 and the same payload.
        KEEPALIVE(0x04),
        /// Ends the session for good; answered by an ACK.
        DISCONNECT(0x05),
        /// A client's wishes, JSON.
        SYN(0x06),
        /// What the server granted, JSON.
        SYN_ACK(0x07),
        /// One part of a reply that is too large for one packet.
        PART(0x08),
        /// The receiver still needs this sequence number: go back and send from there.
        RESEND(0x09);

        /// On DATA: this message continues in the next sequence number.
        static final int MORE_FLAG = 0x80;

        private static final MessageType[] BY_CODE = new MessageType[RESEND.code + 1];

        static {
            for (MessageType type : values()) {
                BY_CODE[type.code] = type;
            }
        }

        private final int code;

        MessageType(int code) {
            this.code = code;
        }

        int code() {
            return code;
        }

        static MessageType ofCode(int code) throws ProtocolException {
            if (code <= 0 || code >= BY_CODE.length) {
                throw new ProtocolException("unknown message type " + code);
            }
            return BY_CODE[code];
        }
    }

    /// A range of bytes, not copied: it is valid as long as the buffer behind it is.
    public record Payload(byte[] array, int offset, int length) {

        public static final Payload EMPTY = new Payload(new byte[0], 0, 0);

        /// The whole array, not copied.
        public static Payload of(byte[] array) {
            return new Payload(array, 0, array.length);
        }

        /// A copy that outlives the buffer.
        public byte[] toBytes() {
            return Arrays.copyOfRange(array, offset, offset + length);
        }

        /// The bytes as UTF-8.
        public String text() {
            return new String(array, offset, length, StandardCharsets.UTF_8);
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Payload that
                    && Arrays.equals(array, offset, offset + length, that.array, that.offset, that.offset + that.length);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(toBytes());
        }

        @Override
        public String toString() {
            return "Payload[" + length + " bytes]";
        }
    }
}
