package dev.cipherlink.packet;

import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/// Streams that behave as sockets may: they give fewer bytes than were asked for, and count how often they are read.
public final class Stream extends FilterInputStream {

    private final int maxBytesAtOnce;
    private int reads;
    private int largestRequest;

    private Stream(InputStream in, int maxBytesAtOnce) {
        super(in);
        this.maxBytesAtOnce = maxBytesAtOnce;
    }

    public static Stream whole(byte[] content) {
        return new Stream(new ByteArrayInputStream(content), Integer.MAX_VALUE);
    }

    public static Stream oneByteAtATime(byte[] content) {
        return new Stream(new ByteArrayInputStream(content), 1);
    }

    public static Stream atMost(byte[] content, int bytesAtOnce) {
        return new Stream(new ByteArrayInputStream(content), bytesAtOnce);
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        reads++;
        largestRequest = Math.max(largestRequest, length);
        return super.read(target, offset, Math.min(length, maxBytesAtOnce));
    }

    public int reads() {
        return reads;
    }

    /// The largest buffer that was offered to be filled.
    public int largestRequest() {
        return largestRequest;
    }
}
