package dev.cipherlink.forward.mux;

import java.util.Arrays;

/// Bytes that wait, in an array that grows as they come.
final class ByteQueue {

    private byte[] bytes = {};
    private int start;
    private int end;

    int size() {
        return end - start;
    }

    /// The array that has them, from [#start] on; valid until more are added.
    byte[] bytes() {
        return bytes;
    }

    int start() {
        return start;
    }

    byte[] copy() {
        return Arrays.copyOfRange(bytes, start, end);
    }

    /// @param expected bytes that will wait at most, as far as one can tell
    void add(byte[] from, int offset, int length, int expected) {
        if (end + length > bytes.length) {
            int size = size();
            int least = size + length;
            byte[] target = least <= bytes.length ? bytes : new byte[Math.clamp(2L * bytes.length, least, Math.max(expected, least))];
            System.arraycopy(bytes, start, target, 0, size);
            bytes = target;
            start = 0;
            end = size;
        }
        System.arraycopy(from, offset, bytes, end, length);
        end += length;
    }

    /// Drops the first ones.
    void remove(int count) {
        start += count;
    }
}
