package dev.cipherlink.packet;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;

/// Collects packets and puts them on a stream with one write.
///
/// Two buffers: packets are added to the one while a thread writes the other, so that nobody who adds waits for the
/// network. The caller's lock guards [#begin], [#stage] and the accessors; a second one guards [#writeStaged].
/// Does not close the stream.
public final class PacketWriter {

    private static final int INITIAL_BUFFER_BYTES = 512;
    /// A buffer that grew beyond this for one large answer is not kept.
    private static final int MAX_KEPT_BYTES = 256 * 1024;

    private static final int MAX_WRITE_BYTES = 128 * 1024;

    private final OutputStream out;
    private byte[] pending = new byte[INITIAL_BUFFER_BYTES];
    private int pendingBytes;
    private byte[] staged = {};
    private int stagedBytes;
    private volatile long bytesWritten;

    public PacketWriter(OutputStream out) {
        this.out = out;
    }

    /// Adds a packet's header and makes room for its nonce and data, which the caller then puts into [#buffer].
    ///
    /// @return where the nonce starts; the data follows it
    public int begin(int version, int nonceBytes, int dataBytes) {
        int start = pendingBytes;
        int end = start + PacketHeader.BYTES + nonceBytes + dataBytes;
        if (end > pending.length) {
            pending = Arrays.copyOf(pending, Math.max(end, pending.length * 2));
        }
        PacketHeader.encode(pending, start, version, nonceBytes, dataBytes);
        pendingBytes = end;
        return start + PacketHeader.BYTES;
    }

    /// Holds the packet last begun; valid until the next [#begin] or [#stage].
    public byte[] buffer() {
        return pending;
    }

    /// Bytes added and not yet staged.
    public int pendingBytes() {
        return pendingBytes;
    }

    /// Hands what is pending to the next [#writeStaged]. What was staged before must have been written.
    public void stage() {
        byte[] free = staged.length >= INITIAL_BUFFER_BYTES && staged.length <= MAX_KEPT_BYTES
                ? staged : new byte[INITIAL_BUFFER_BYTES];
        staged = pending;
        stagedBytes = pendingBytes;
        pending = free;
        pendingBytes = 0;
    }

    /// Writes what was staged: with one call, unless it is large enough that its progress should be seen from outside
    /// ([#bytesWritten]). Blocks while the peer does not read.
    public void writeStaged() throws IOException {
        for (int offset = 0; offset < stagedBytes; offset += MAX_WRITE_BYTES) {
            int length = Math.min(MAX_WRITE_BYTES, stagedBytes - offset);
            out.write(staged, offset, length);
            bytesWritten += length;
        }
        stagedBytes = 0;
    }

    /// Bytes put on the stream so far.
    public long bytesWritten() {
        return bytesWritten;
    }
}
