package dev.cipherlink.gateway;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Replies as bytes, in RESP2 or RESP3. Small ones are gathered in one array; large values are kept as they are.
///
/// Not thread-safe.
final class RespWriter {

    /// A value of so many bytes is not copied.
    private static final int LARGE_BYTES = 16 * 1024;
    private static final int FIRST_BYTES = 512;
    /// What an array that is used again may have.
    private static final int KEPT_BYTES = 64 * 1024;

    private static final byte[] OK = ascii("+OK\r\n");
    private static final byte[] NULL_BULK = ascii("$-1\r\n");
    private static final byte[] NULL_ARRAY = ascii("*-1\r\n");
    private static final byte[] NULL = ascii("_\r\n");

    private final List<ByteBuffer> full = new ArrayList<>(0);
    private byte[] small = new byte[FIRST_BYTES];
    private int end;
    private long bytes;
    private boolean isResp3;

    /// Which version the replies that follow are written in.
    RespWriter version(boolean newIsResp3) {
        isResp3 = newIsResp3;
        return this;
    }

    boolean isResp3() {
        return isResp3;
    }

    /// How many bytes wait.
    long bytes() {
        return bytes;
    }

    boolean isEmpty() {
        return bytes == 0;
    }

    RespWriter ok() {
        return raw(OK);
    }

    /// A status, one line of ASCII.
    RespWriter status(String text) {
        return raw('+').text(text).lineEnd();
    }

    /// An error with its prefix, a character a byte; line ends at its end go, and others become blanks, as in Redis.
    RespWriter error(String message) {
        int end = message.length();
        while (end > 0 && (message.charAt(end - 1) == '\n' || message.charAt(end - 1) == '\r')) {
            end--;
        }
        return raw('-').raw(ascii(message.substring(0, end).replace('\r', ' ').replace('\n', ' '))).lineEnd();
    }

    RespWriter number(long number) {
        return raw(':').digits(number).lineEnd();
    }

    RespWriter bulk(byte[] value) {
        return bulk(value, 0, value.length);
    }

    /// Part of an array that is not changed any more.
    RespWriter bulk(byte[] value, int from, int length) {
        raw('$').digits(length).lineEnd();
        if (length >= LARGE_BYTES) {
            seal();
            full.add(ByteBuffer.wrap(value, from, length));
            bytes += length;
        } else {
            reserve(length);
            System.arraycopy(value, from, small, end, length);
            advance(length);
        }
        return lineEnd();
    }

    RespWriter bulk(String text) {
        return bulk(text.getBytes(UTF_8));
    }

    /// A text for people: verbatim in RESP3.
    RespWriter verbatim(String text) {
        byte[] utf8 = text.getBytes(UTF_8);
        if (!isResp3) {
            return bulk(utf8);
        }
        return raw('=').digits(utf8.length + 4L).lineEnd().text("txt:").raw(utf8).lineEnd();
    }

    /// In the place of a value that does not exist.
    RespWriter nothing() {
        return raw(isResp3 ? NULL : NULL_BULK);
    }

    /// In the place of an array that does not exist.
    RespWriter noArray() {
        return raw(isResp3 ? NULL : NULL_ARRAY);
    }

    /// The head of an array; its elements follow.
    RespWriter array(int size) {
        return raw('*').digits(size).lineEnd();
    }

    /// The head of a map; in RESP2 it is an array of twice the size.
    RespWriter map(int size) {
        return isResp3 ? raw('%').digits(size).lineEnd() : array(2 * size);
    }

    /// The head of a set; in RESP2 it is an array.
    RespWriter set(int size) {
        return isResp3 ? raw('~').digits(size).lineEnd() : array(size);
    }

    /// The head of something that the client did not ask for; in RESP2 it is an array.
    RespWriter push(int size) {
        return isResp3 ? raw('>').digits(size).lineEnd() : array(size);
    }

    /// Adds what another writer has, which is empty then.
    RespWriter append(RespWriter other) {
        for (ByteBuffer part : other.parts()) {
            if (part.remaining() >= LARGE_BYTES) {
                seal();
                bytes += part.remaining();
                full.add(part);
            } else {
                int length = part.remaining();
                reserve(length);
                part.get(small, end, length);
                advance(length);
            }
        }
        other.clear();
        return this;
    }

    /// All that waits, in order. The arrays are used again after [#clear].
    ByteBuffer[] parts() {
        var parts = full.toArray(new ByteBuffer[full.size() + (end > 0 ? 1 : 0)]);
        if (end > 0) {
            parts[full.size()] = ByteBuffer.wrap(small, 0, end);
        }
        return parts;
    }

    /// Forgets what was written last.
    ///
    /// @param size the bytes that stay
    void cut(long size) {
        long excess = bytes - size;
        bytes = size;
        int ofSmall = (int) Math.min(excess, end);
        end -= ofSmall;
        for (excess -= ofSmall; excess > 0; ) {
            ByteBuffer last = full.getLast();
            if (last.remaining() <= excess) {
                excess -= full.removeLast().remaining();
            } else {
                last.limit(last.limit() - (int) excess);
                excess = 0;
            }
        }
    }

    /// Forgets what was there.
    void clear() {
        full.clear();
        end = 0;
        bytes = 0;
        if (small.length > KEPT_BYTES) {
            small = new byte[FIRST_BYTES];
        }
    }

    private RespWriter raw(byte[] encoded) {
        reserve(encoded.length);
        System.arraycopy(encoded, 0, small, end, encoded.length);
        advance(encoded.length);
        return this;
    }

    private RespWriter raw(char c) {
        reserve(1);
        small[end] = (byte) c;
        advance(1);
        return this;
    }

    private RespWriter text(String text) {
        return raw(ascii(text));
    }

    private RespWriter lineEnd() {
        reserve(2);
        small[end] = '\r';
        small[end + 1] = '\n';
        advance(2);
        return this;
    }

    private RespWriter digits(long number) {
        if (number < 0) {
            return raw(Long.toString(number).getBytes(ISO_8859_1));
        }
        int count = 1;
        for (long left = number / 10; left > 0; left /= 10) {
            count++;
        }
        reserve(count);
        long left = number;
        for (int at = end + count; at > end; left /= 10) {
            small[--at] = (byte) ('0' + left % 10);
        }
        advance(count);
        return this;
    }

    private void advance(int count) {
        end += count;
        bytes += count;
    }

    private void reserve(int count) {
        if (small.length - end < count) {
            small = Arrays.copyOf(small, Math.max(2 * small.length, end + count));
        }
    }

    private void seal() {
        if (end > 0) {
            full.add(ByteBuffer.wrap(small, 0, end));
            small = new byte[FIRST_BYTES];
            end = 0;
        }
    }

    private static byte[] ascii(String text) {
        return text.getBytes(ISO_8859_1);
    }
}
