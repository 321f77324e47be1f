package dev.cipherlink.cli.kv;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/// Splits a stream into command lines: bytes, since values need not be UTF-8.
///
/// A line ends with LF or CR LF, or with the stream. A byte order mark in front of the first one is dropped. Blank lines and lines whose first character is `#` are skipped but
/// counted; spaces and tabs in front of a command are dropped, everything behind its first character is kept. Used by
/// one thread.
final class ScriptReader {
    private static final int INITIAL_BYTES = 64 * 1024;
    private static final int NONE = -1;
    private static final int TOO_LONG = -2;

    private final InputStream in;
    private final int maxLineBytes;
    private byte[] buffer = new byte[INITIAL_BYTES];
    private int start;
    private int end;
    private int lineNumber;
    private long bytesTaken;
    private boolean ended;

    /// A command and the number of its line, from 1; `bytes` is null if the line was longer than allowed.
    record Line(int number, byte[] bytes) {
    }

    ScriptReader(InputStream in, int maxLineBytes) {
        this.in = in;
        this.maxLineBytes = maxLineBytes;
    }

    /// Whether [#next] may block: there is no whole line in the buffer.
    boolean isExhausted() {
        return lineFeedFrom(start) < 0 && !ended;
    }

    /// Bytes of all lines returned or skipped until now.
    long bytesTaken() {
        return bytesTaken;
    }

    /// Takes the next command. Blocks on the stream.
    ///
    /// @return null at the end
    Line next() throws IOException {
        while (true) {
            int lineEnd = awaitLineEnd();
            if (lineEnd == TOO_LONG) {
                lineNumber++;
                skipLine();
                return new Line(lineNumber, null);
            }
            if (lineEnd == start && start == end) {
                return null;
            }
            lineNumber++;
            Line line = command(start, lineEnd);
            take(lineEnd);
            if (line != null) {
                return line;
            }
        }
    }

    /// Reads until the buffer holds the whole line.
    ///
    /// @return the index of its line feed, or the end of the stream's bytes, or [#TOO_LONG]
    private int awaitLineEnd() throws IOException {
        int searched = start;
        while (true) {
            int lineEnd = lineFeedFrom(searched);
            if (lineEnd >= 0) {
                return lineEnd;
            }
            searched = end;
            if (ended) {
                return end;
            }
            if (end - start > maxLineBytes) {
                return TOO_LONG;
            }
            searched -= makeRoom();
            read();
        }
    }

    private void skipLine() throws IOException {
        while (lineFeedFrom(start) < 0 && !ended) {
            take(end - 1);
            makeRoom();
            read();
        }
        take(Math.max(start, lineFeedFrom(start)));
    }

    private void take(int lineEnd) {
        int next = Math.min(end, lineEnd + 1);
        bytesTaken += next - start;
        start = next;
    }

    private void read() throws IOException {
        int count = in.read(buffer, end, buffer.length - end);
        if (count < 0) {
            ended = true;
        } else {
            end += count;
        }
    }

    /// Moves what is left to the front, or doubles the buffer, so that there is room to read.
    ///
    /// @return how far the bytes moved
    private int makeRoom() {
        if (end < buffer.length) {
            return 0;
        }
        int moved = start;
        if (start == 0) {
            buffer = Arrays.copyOf(buffer, buffer.length * 2);
        } else {
            System.arraycopy(buffer, start, buffer, 0, end - start);
            end -= start;
            start = 0;
        }
        return moved;
    }

    private int lineFeedFrom(int from) {
        for (int i = from; i < end; i++) {
            if (buffer[i] == '\n') {
                return i;
            }
        }
        return NONE;
    }

    private Line command(int from, int lineEnd) throws IOException {
        int first = lineNumber == 1 ? behindMark(from, lineEnd) : from;
        while (first < lineEnd && (buffer[first] == ' ' || buffer[first] == '\t')) {
            first++;
        }
        int last = lineEnd > first && buffer[lineEnd - 1] == '\r' ? lineEnd - 1 : lineEnd;
        if (first >= last || buffer[first] == '#') {
            return null;
        }
        return new Line(lineNumber, Arrays.copyOfRange(buffer, first, last));
    }

    /// @throws IOException if the stream is UTF-16, as editors on Windows write it
    private int behindMark(int from, int lineEnd) throws IOException {
        int first = lineEnd - from >= 2 ? (buffer[from] & 0xFF) << 8 | buffer[from + 1] & 0xFF : 0;
        if (first == 0xFEFF || first == 0xFFFE) {
            throw new IOException("it is UTF-16; save it as UTF-8");
        }
        return first == 0xEFBB && lineEnd - from >= 3 && buffer[from + 2] == (byte) 0xBF ? from + 3 : from;
    }
}
