package dev.cipherlink.message;

import dev.cipherlink.message.Message.MessageType;
import dev.cipherlink.message.Message.Payload;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.net.ProtocolException;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Locale;
import java.util.Optional;
import java.util.zip.CRC32C;

/// Messages to bytes and back, `!IBH4s`: payload length, type, sequence number, checksum
/// (`docs/protocol.md`, section 2). Pure but for the checksum's state: one instance a session, under its lock.
public final class MessageCodec {

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

    /// Writes the message to `target`, which must have room for it at `offset`.
    public void encode(Message message, byte[] target, int offset) {
        Payload payload = message.payload();
        int flags = message.more() ? MessageType.MORE_FLAG : 0;
        INT.set(target, offset + LENGTH_OFFSET, payload.length());
        target[offset + TYPE_OFFSET] = (byte) (message.type().code() | flags);
        SHORT.set(target, offset + SEQUENCE_OFFSET, (short) message.sequence());
        INT.set(target, offset + CHECKSUM_OFFSET, checksum.of(payload.array(), payload.offset(), payload.length()));
        System.arraycopy(payload.array(), payload.offset(), target, offset + HEADER_BYTES, payload.length());
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

        /// What a session can negotiate.
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
