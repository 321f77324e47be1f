package dev.cipherlink.message;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

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
