package dev.cipherlink.channel;

import dev.cipherlink.channel.PacketReader.PacketLimits.PacketHeader;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.Arrays;

/// Collects packets and puts them on a stream with one write.
///
/// It has two buffers: packets are added to one while a thread writes the other, so that adding never waits for the network. The
/// caller's lock guards adding and [#stage]; a second lock guards [#writeStaged].
/// Does not close the stream.
public final class PacketWriter {

    private static final int INITIAL_BUFFER_BYTES = 512;
    /// A buffer that grew beyond this is not kept: an idle connection may have two of them. 256 KiB in a heap of 1 GiB and more.
    private static final int MAX_KEPT_BYTES = Math.clamp(Runtime.getRuntime().maxMemory() / 4_096, 16 * 1024, 256 * 1024);

    private static final int MAX_WRITE_BYTES = 128 * 1024;
    private static final byte[] NOTHING = {};

    private final OutputStream out;
    private byte[] pending = NOTHING;
    private int pendingBytes;
    /// What [#writeReady] has written of it.
    private int pendingStart;
    private int packetStart;
    private int packetNonceBytes;
    private byte[] staged = NOTHING;
    private int stagedBytes;
    private volatile long bytesWritten;

    public PacketWriter(OutputStream out) {
        this.out = out;
    }

    /// Begins a packet, whose nonce the caller puts into [#buffer]; [#extend] adds its data, [#end] completes it.
    ///
    /// @return where the nonce starts; the data will follow it
    public int begin(int version, int nonceBytes) {
        packetStart = pendingBytes;
        packetNonceBytes = nonceBytes;
        int start = makeRoom(PacketHeader.BYTES + nonceBytes);
        PacketHeader.encode(pending, start, version, nonceBytes, 0);
        return start + PacketHeader.BYTES;
    }

    /// Adds space for data to the packet that was begun.
    ///
    /// @return where it starts; [#buffer] may be another array than before
    public int extend(int dataBytes) {
        return makeRoom(dataBytes);
    }

    /// Shortens the packet that was begun.
    ///
    /// @param dataBytes at most [#dataBytes]
    public void truncate(int dataBytes) {
        if (dataBytes > dataBytes()) {
            throw new IllegalArgumentException("a packet of " + dataBytes() + " bytes has no " + dataBytes);
        }
        pendingBytes = dataOffset() + dataBytes;
    }

    /// Where the data of the packet that was begun starts.
    public int dataOffset() {
        return packetStart + PacketHeader.BYTES + packetNonceBytes;
    }

    /// Bytes of data that the packet that was begun has so far.
    public int dataBytes() {
        return pendingBytes - dataOffset();
    }

    /// Completes the packet that was begun: its header now tells its size.
    public void end() {
        PacketHeader.encodeDataSize(pending, packetStart, dataBytes());
    }

    private int makeRoom(int bytes) {
        int start = pendingBytes;
        int end = start + bytes;
        if (end > pending.length) {
            pending = Arrays.copyOf(pending, Math.max(Math.max(end, INITIAL_BUFFER_BYTES), pending.length * 2));
        }
        pendingBytes = end;
        return start;
    }

    /// Holds the packet that was begun; valid until the next [#begin], [#extend] or [#stage].
    public byte[] buffer() {
        return pending;
    }

    /// Bytes added and not yet staged.
    public int pendingBytes() {
        return pendingBytes;
    }

    /// Hands what is pending to the next [#writeStaged]. What was staged before must have been written.
    public void stage() {
        byte[] free = staged;
        staged = pending;
        stagedBytes = pendingBytes;
        pending = free;
        pendingBytes = 0;
    }

    /// Writes what was staged: with one call, or several if it is large, so that [#bytesWritten] shows progress. Blocks while the peer
    /// does not read.
    public void writeStaged() throws IOException {
        write(staged, stagedBytes);
        stagedBytes = 0;
        if (staged.length > MAX_KEPT_BYTES) {
            staged = NOTHING;
        }
    }

    /// Writes what is pending in the same way, without staging it, if no other thread adds meanwhile: only one buffer is used. Blocks
    /// while the peer does not read.
    public void writePending() throws IOException {
        write(pending, pendingBytes);
        pendingBytes = 0;
    }

    /// Writes what is pending in the same way to a stream that does not block, as far as it takes it. Nothing may be added before all
    /// is written.
    ///
    /// @return whether all is written
    boolean writeReady(WritableByteChannel stream) throws IOException {
        while (pendingStart < pendingBytes) {
            int length = Math.min(MAX_WRITE_BYTES, pendingBytes - pendingStart);
            int count = stream.write(ByteBuffer.wrap(pending, pendingStart, length));
            pendingStart += count;
            bytesWritten += count;
            if (count < length) {
                return false;
            }
        }
        pendingStart = 0;
        pendingBytes = 0;
        return true;
    }

    private void write(byte[] bytes, int count) throws IOException {
        for (int offset = 0; offset < count; offset += MAX_WRITE_BYTES) {
            int length = Math.min(MAX_WRITE_BYTES, count - offset);
            out.write(bytes, offset, length);
            bytesWritten += length;
        }
    }

    /// Drops both buffers if nothing is in them.
    public void rest() {
        if (pendingBytes == 0 && stagedBytes == 0) {
            pending = NOTHING;
            staged = NOTHING;
        }
    }

    /// Bytes put on the stream so far.
    public long bytesWritten() {
        return bytesWritten;
    }
}
