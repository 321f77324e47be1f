package dev.cipherlink.gateway;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Requests out of a stream of bytes: RESP arrays of bulk strings, and inline commands, as Redis 7.0 reads them.
///
/// Memory follows the bytes that have arrived, never the length that is announced. Used by one thread; [#next] blocks.
final class RespReader {

    /// The most bytes of an inline command, and of a line that announces a length.
    static final int MAX_LINE_BYTES = 64 * 1024;
    /// The most arguments of one request.
    static final int MAX_ARGUMENTS = 1024 * 1024;
    /// The most bytes of one argument: the largest value that any server takes in one message.
    static final int MAX_BULK_BYTES = 16 * 1024 * 1024;
    /// The most bytes of all arguments of one request, each counted with [#ARGUMENT_BYTES] more.
    static final int MAX_REQUEST_BYTES = 32 * 1024 * 1024;
    /// What a client that has not given the password yet may send.
    static final int MAX_STRANGER_ARGUMENTS = 10;
    static final int MAX_STRANGER_BULK_BYTES = 16 * 1024;

    /// Bytes of memory that an argument needs beside its own.
    private static final int ARGUMENT_BYTES = 32;
    private static final int BUFFER_BYTES = 16 * 1024;
    private static final byte[] NOTHING = {};
    /// Digits of a length that is read in place: no number of so many is too large for an int.
    private static final int PLAIN_DIGITS = 9;
    /// In place of a length: the stream has ended.
    private static final long END = Long.MAX_VALUE;

    private final ReadableByteChannel channel;
    private final Pressure pressure;
    private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES).flip();
    private boolean isStranger;
    private int requestBytes;

    /// What the connection has to know of its reader.
    interface Pressure {
        /// The reader is about to wait for the client.
        void willBlock() throws IOException;

        /// A request needs more memory than a buffer.
        ///
        /// @param bytes of the request so far
        /// @throws IOException if there is no memory for it
        void holds(int bytes) throws IOException;
    }

    RespReader(ReadableByteChannel channel, Pressure pressure) {
        this.channel = channel;
        this.pressure = pressure;
    }

    /// Whether smaller limits hold, those before the password.
    void limitAsStranger(boolean newIsStranger) {
        isStranger = newIsStranger;
    }

    /// The next request: its words, at least one; null at the end of the stream, also inside a request.
    ///
    /// @throws RespException if the bytes are no request: the stream cannot be read any further
    List<byte[]> next() throws IOException, RespException {
        while (true) {
            requestBytes = 0;
            int first = read();
            if (first < 0) {
                return null;
            }
            List<byte[]> words;
            if (first == '*') {
                words = array();
            } else {
                buffer.position(buffer.position() - 1);
                words = inline();
            }
            if (words == null || !words.isEmpty()) {
                return words;
            }
        }
    }

    /// Behind the `*`.
    ///
    /// @return null at the end of the stream
    private List<byte[]> array() throws IOException, RespException {
        long count = length("too big mbulk count string", Integer.MIN_VALUE, MAX_ARGUMENTS, "invalid multibulk length");
        if (count == END) {
            return null;
        }
        if (isStranger && count > MAX_STRANGER_ARGUMENTS) {
            throw RespException.protocol("unauthenticated multibulk length");
        }
        List<byte[]> words = new ArrayList<>(Math.clamp(count, 0, 16));
        for (long i = 0; i < count; i++) {
            byte[] word = bulk();
            if (word == null) {
                return null;
            }
            words.add(word);
        }
        return words;
    }

    private byte[] bulk() throws IOException, RespException {
        int first = read();
        if (first < 0) {
            return null;
        }
        if (first != '$') {
            throw RespException.protocol("expected '$', got '" + (char) first + "'");
        }
        long announced = length("too big bulk count string", 0, MAX_BULK_BYTES, "invalid bulk length");
        if (announced == END) {
            return null;
        }
        int length = (int) announced;
        if (isStranger && length > MAX_STRANGER_BULK_BYTES) {
            throw RespException.protocol("unauthenticated bulk length");
        }
        charge(ARGUMENT_BYTES);
        byte[] bulk = bytes(length);
        return bulk == null || read() < 0 || read() < 0 ? null : bulk;
    }

    /// The number on the rest of a line, with its end.
    ///
    /// @return [#END] at the end of the stream
    private long length(String tooLong, long min, long max, String error) throws IOException, RespException {
        long length = plainLength();
        if (length < 0) {
            byte[] line = line('\r', tooLong);
            if (line == null) {
                return END;
            }
            length = Numbers.parse(line, min - 1);
        }
        if (length < min || length > max) {
            throw RespException.protocol(error);
        }
        return length;
    }

    /// Reads the length if all of its line has arrived, and has nothing but a few digits, as nearly every one.
    ///
    /// @return -1 if not; then nothing is read
    private int plainLength() {
        byte[] array = buffer.array();
        int start = buffer.position();
        int end = Math.min(buffer.limit() - 2, start + PLAIN_DIGITS);
        int at = start;
        int length = 0;
        for (; at < end && array[at] >= '0' && array[at] <= '9'; at++) {
            length = length * 10 + array[at] - '0';
        }
        boolean isCanonical = at == start + 1 || at > start && array[start] != '0';
        if (!isCanonical || at > buffer.limit() - 2 || array[at] != '\r') {
            return -1;
        }
        buffer.position(at + 2);
        return length;
    }

    /// So many bytes, in arrays that grow as they arrive.
    private byte[] bytes(int length) throws IOException, RespException {
        byte[] bytes = length == 0 ? NOTHING : new byte[Math.min(length, BUFFER_BYTES)];
        for (int filled = 0; filled < length; ) {
            if (!buffer.hasRemaining() && !fill()) {
                return null;
            }
            if (filled == bytes.length) {
                bytes = Arrays.copyOf(bytes, (int) Math.min(length, bytes.length * 4L));
            }
            int count = Math.min(buffer.remaining(), bytes.length - filled);
            charge(count);
            buffer.get(bytes, filled, count);
            filled += count;
        }
        return bytes;
    }

    private void charge(int bytes) throws IOException, RespException {
        requestBytes += bytes;
        if (requestBytes > MAX_REQUEST_BYTES) {
            throw RespException.protocol("too big request");
        }
        if (requestBytes > BUFFER_BYTES) {
            pressure.holds(requestBytes);
        }
    }

    private List<byte[]> inline() throws IOException, RespException {
        byte[] line = line('\n', "too big inline request");
        if (line == null) {
            return null;
        }
        int end = line.length > 0 && line[line.length - 1] == '\r' ? line.length - 1 : line.length;
        return new InlineWords(line, end).split();
    }

    /// What stands in front of `end`; of the line feed behind a carriage return no more is asked than that it is one byte.
    private byte[] line(char end, String tooLong) throws IOException, RespException {
        byte[] before = NOTHING;
        while (true) {
            byte[] array = buffer.array();
            int limit = buffer.limit();
            int at = buffer.position();
            while (at < limit && array[at] != end) {
                at++;
            }
            int count = at - buffer.position();
            if (before.length + count > MAX_LINE_BYTES) {
                throw RespException.protocol(tooLong);
            }
            byte[] line = Arrays.copyOf(before, before.length + count);
            System.arraycopy(array, buffer.position(), line, before.length, count);
            if (at < limit) {
                buffer.position(at + 1);
                return end == '\r' && read() < 0 ? null : line;
            }
            buffer.position(limit);
            before = line;
            if (!fill()) {
                return null;
            }
        }
    }

    /// @return -1 at the end of the stream
    private int read() throws IOException {
        return buffer.hasRemaining() || fill() ? buffer.get() & 0xFF : -1;
    }

    private boolean fill() throws IOException {
        pressure.willBlock();
        buffer.clear();
        int count = channel.read(buffer);
        buffer.flip();
        return count > 0;
    }

    /// The words of one inline command, with the quotes and escapes that `redis-cli` has too.
    private static final class InlineWords {
        private final byte[] line;
        private final int end;
        private int at;

        InlineWords(byte[] line, int end) {
            this.line = line;
            this.end = end;
        }

        List<byte[]> split() throws RespException {
            List<byte[]> words = new ArrayList<>();
            while (skipBlanks()) {
                words.add(word());
            }
            return words;
        }

        private boolean skipBlanks() {
            while (at < end && isBlank(line[at])) {
                at++;
            }
            return at < end && line[at] != 0;
        }

        private byte[] word() throws RespException {
            ByteArrayOutputStream word = new ByteArrayOutputStream();
            while (at < end && !isBlank(line[at]) && line[at] != 0) {
                byte b = line[at++];
                switch (b) {
                    case '"' -> {
                        doubleQuoted(word);
                        requireEnd();
                        return word.toByteArray();
                    }
                    case '\'' -> {
                        singleQuoted(word);
                        requireEnd();
                        return word.toByteArray();
                    }
                    default -> word.write(b);
                }
            }
            return word.toByteArray();
        }

        private void doubleQuoted(ByteArrayOutputStream word) throws RespException {
            while (true) {
                byte b = quoted();
                if (b == '"') {
                    return;
                }
                if (b != '\\' || at == end) {
                    word.write(b);
                } else if (at + 2 < end && line[at] == 'x' && hex(line[at + 1]) >= 0 && hex(line[at + 2]) >= 0) {
                    word.write(hex(line[at + 1]) << 4 | hex(line[at + 2]));
                    at += 3;
                } else {
                    byte escaped = line[at++];
                    word.write(switch (escaped) {
                        case 'n' -> '\n';
                        case 'r' -> '\r';
                        case 't' -> '\t';
                        case 'b' -> '\b';
                        case 'a' -> 7;
                        default -> escaped;
                    });
                }
            }
        }

        private void singleQuoted(ByteArrayOutputStream word) throws RespException {
            while (true) {
                byte b = quoted();
                if (b == '\'') {
                    return;
                }
                if (b == '\\' && at < end && line[at] == '\'') {
                    at++;
                    b = '\'';
                }
                word.write(b);
            }
        }

        private byte quoted() throws RespException {
            if (at == end || line[at] == 0) {
                throw unbalanced();
            }
            return line[at++];
        }

        private void requireEnd() throws RespException {
            if (at < end && !isBlank(line[at]) && line[at] != 0) {
                throw unbalanced();
            }
        }

        private static RespException unbalanced() {
            return RespException.protocol("unbalanced quotes in request");
        }

        private static boolean isBlank(byte b) {
            return b == ' ' || b >= '\t' && b <= '\r';
        }

        private static int hex(byte b) {
            return b < 0 ? -1 : Character.digit(b, 16);
        }
    }
}
