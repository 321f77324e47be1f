package dev.cipherlink.message;

import dev.cipherlink.message.Message.MessageType;
import dev.cipherlink.message.Message.Payload;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.net.ProtocolException;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.zip.CRC32C;

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
        /// The parameters that the server granted, JSON.
        SYN_ACK(0x07),
        /// One part of a reply that is too large for one packet.
        PART(0x08),
        /// The receiver still needs this sequence number: go back and send from there.
        RESEND(0x09),
        /// Says nothing: it fills a packet up, so that its size says less.
        PADDING(0x0A);

        /// On DATA: this message continues in the next sequence number.
        static final int MORE_FLAG = 0x80;

        private static final MessageType[] BY_CODE = new MessageType[PADDING.code + 1];

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

    /// Messages to bytes and back, `!IBH4s`: payload length, type, sequence number, checksum
    /// (`docs/protocol.md`, section 2). Pure but for the checksum's state: one instance a session, under its lock.
    public static final class MessageCodec {

        static final int LENGTH_OFFSET = 0;
        static final int TYPE_OFFSET = 4;
        static final int SEQUENCE_OFFSET = 5;
        static final int CHECKSUM_OFFSET = 7;
        /// Size of a message's header.
        public static final int HEADER_BYTES = 11;

        private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
        private static final VarHandle SHORT = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.BIG_ENDIAN);

        private final Checksum checksum;

        public MessageCodec(Checksum.Algorithm algorithm) {
            checksum = algorithm.create();
        }

        /// Bytes that a message with this payload takes.
        public static int encodedBytes(int payloadBytes) {
            return HEADER_BYTES + payloadBytes;
        }

        /// Writes the message to `target` at `offset`, where it must fit.
        public void encode(Message message, byte[] target, int offset) {
            Payload payload = message.payload();
            int flags = message.more() ? MessageType.MORE_FLAG : 0;
            INT.set(target, offset + LENGTH_OFFSET, payload.length());
            target[offset + TYPE_OFFSET] = (byte) (message.type().code() | flags);
            SHORT.set(target, offset + SEQUENCE_OFFSET, (short) message.sequence());
            INT.set(target, offset + CHECKSUM_OFFSET, checksum.of(payload.array(), payload.offset(), payload.length()));
            System.arraycopy(payload.array(), payload.offset(), target, offset + HEADER_BYTES, payload.length());
        }

        /// Writes a message that says nothing. Its checksum is 0, which nobody looks at.
        ///
        /// @param bytes header included, at least [#HEADER_BYTES]
        public static void encodePadding(byte[] target, int offset, int bytes) {
            Arrays.fill(target, offset, offset + bytes, (byte) 0);
            INT.set(target, offset + LENGTH_OFFSET, bytes - HEADER_BYTES);
            target[offset + TYPE_OFFSET] = (byte) MessageType.PADDING.code();
        }

        /// Reads the message at `offset`; its payload is a view of `source`.
        ///
        /// @param available bytes from `offset` on
        /// @throws ProtocolException if no such message can be there; a wrong checksum is not an error here, see
        ///                           [Message#intact]
        public Message decode(byte[] source, int offset, int available) throws ProtocolException {
            if (available < HEADER_BYTES) {
                throw new ProtocolException("a message header has " + HEADER_BYTES + " bytes, only " + available + " are left");
            }
            int length = (int) INT.get(source, offset + LENGTH_OFFSET);
            if (length < 0 || length > available - HEADER_BYTES) {
                throw new ProtocolException("a message claims " + Integer.toUnsignedString(length) + " bytes of payload, "
                        + (available - HEADER_BYTES) + " are left in its packet");
            }
            int code = source[offset + TYPE_OFFSET] & 0xff;
            boolean more = (code & MessageType.MORE_FLAG) != 0;
            MessageType type = MessageType.ofCode(code & ~MessageType.MORE_FLAG);
            if (more && type != MessageType.DATA) {
                throw new ProtocolException("only DATA can be continued, not " + type);
            }
            int sequence = (short) SHORT.get(source, offset + SEQUENCE_OFFSET) & 0xffff;
            int sum = (int) INT.get(source, offset + CHECKSUM_OFFSET);
            boolean intact = sum == checksum.of(source, offset + HEADER_BYTES, length);
            return new Message(type, more, sequence, new Payload(source, offset + HEADER_BYTES, length), intact);
        }

        /// The checksum of a payload: it finds a broken peer, not an attacker (`docs/protocol.md`, section 2).
        ///
        /// An instance belongs to one session and is used by one thread at a time.
        public sealed interface Checksum {

            /// The checksum as the big-endian integer of the message header.
            int of(byte[] array, int offset, int length);

            /// The checksums that a session can negotiate.
            enum Algorithm {
                MD5, CRC32C;

                /// The name in SYN and SYN_ACK.
                public String wireName() {
                    return name().toLowerCase(Locale.ROOT);
                }

                public static Optional<Algorithm> ofWireName(String name) {
                    for (Algorithm algorithm : values()) {
                        if (algorithm.wireName().equals(name)) {
                            return Optional.of(algorithm);
                        }
                    }
                    return Optional.empty();
                }

                public Checksum create() {
                    return switch (this) {
                        case MD5 -> new Md5();
                        case CRC32C -> new Crc32c();
                    };
                }
            }

            /// The first four bytes of MD5 (RFC 1321).
            final class Md5 implements Checksum {
                private final MessageDigest digest;

                Md5() {
                    try {
                        digest = MessageDigest.getInstance("MD5");
                    } catch (NoSuchAlgorithmException e) {
                        throw new IllegalStateException("every Java platform has MD5", e);
                    }
                }

                @Override
                public int of(byte[] array, int offset, int length) {
                    digest.update(array, offset, length);
                    byte[] sum = digest.digest();
                    return sum[0] << 24 | (sum[1] & 0xff) << 16 | (sum[2] & 0xff) << 8 | sum[3] & 0xff;
                }
            }

            /// CRC-32C (Castagnoli, RFC 3720 appendix B.4).
            final class Crc32c implements Checksum {
                private final CRC32C crc = new CRC32C();

                @Override
                public int of(byte[] array, int offset, int length) {
                    crc.reset();
                    crc.update(array, offset, length);
                    return (int) crc.getValue();
                }
            }
        }
    }
}
