package dev.cipherlink.channel;

import dev.cipherlink.channel.PacketReader.PacketLimits.PacketHeader;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ReadableByteChannel;
import java.util.Arrays;

/// Finds packets in a stream, blocking.
///
/// Reads ahead while it looks for a header, so that many small packets cost one read, and then takes the missing rest
/// of a packet with `readNBytes`, straight into the buffer. The buffer starts small, and grows when a packet that the
/// limits allow needs it or when the peer keeps it full. Used by one thread; does not close the stream.
public final class PacketReader {

    private static final int INITIAL_BUFFER_BYTES = 512;
    private static final int MAX_READ_AHEAD_BYTES = 64 * 1024;
    /// Packets of this size are no dialogue, where the next one answers ours.
    private static final int BULK_BYTES = 16 * 1024;

    private final InputStream in;
    private final AdaptiveSpin spin = new AdaptiveSpin();
    private byte[] buffer = new byte[INITIAL_BUFFER_BYTES];
    /// Where the next unread byte is, and where the bytes read from the stream end.
    private int position;
    private int limit;
    private int nonceOffset;
    private int nonceSize;
    private int dataSize;
    /// The largest packet body that the limits of the last read allowed.
    private int maxBodyBytes;
    private boolean hasRested;
    private volatile long bytesRead;
    private int maxReadAheadBytes = MAX_READ_AHEAD_BYTES;

    public PacketReader(InputStream in) {
        this.in = in;
    }

    /// The version byte of the next packet, without consuming it; -1 at the end of the stream. Blocks.
    public int peekVersion() throws IOException {
        return fill(1) ? PacketHeader.version(buffer, position) : -1;
    }

    /// Reads the next packet; [#buffer] and the offsets then describe it until the next call. Blocks.
    ///
    /// @return false at the end of the stream, if it falls between two packets
    /// @throws java.net.ProtocolException if the header is outside the limits; nothing was allocated for it
    /// @throws EOFException               if the stream ends inside a packet
    public boolean read(PacketLimits limits) throws IOException {
        if (!fill(1)) {
            return false;
        }
        limits.checkVersion(PacketHeader.version(buffer, position));
        fill(PacketHeader.BYTES);
        nonceSize = PacketHeader.nonceSize(buffer, position);
        dataSize = PacketHeader.dataSize(buffer, position);
        limits.checkSizes(nonceSize, dataSize);
        maxBodyBytes = limits.nonceBytes() + limits.maxDataBytes();
        completePacket(PacketHeader.BYTES + nonceSize + dataSize);
        nonceOffset = position + PacketHeader.BYTES;
        position = nonceOffset + nonceSize + dataSize;
        return true;
    }

    /// Reads once what a stream that does not block has ready, for packets within these limits. [#hasPacket] then says whether
    /// [#read] finds one.
    ///
    /// @return bytes that were read; 0 if there are none, -1 at the end of the stream
    int readReady(ReadableByteChannel stream, PacketLimits limits) throws IOException {
        maxBodyBytes = limits.nonceBytes() + limits.maxDataBytes();
        int unread = limit - position;
        long size = unread < PacketHeader.BYTES ? PacketHeader.BYTES : PacketHeader.BYTES
                + Integer.toUnsignedLong(PacketHeader.nonceSize(buffer, position))
                + Integer.toUnsignedLong(PacketHeader.dataSize(buffer, position));
        makeRoom((int) Math.min(size, PacketHeader.BYTES + maxBodyBytes));
        int count = stream.read(ByteBuffer.wrap(buffer, limit, buffer.length - limit));
        if (count > 0) {
            limit += count;
            bytesRead += count;
        }
        return count;
    }

    /// Reads no more at once than one packet of this size, also from a peer that keeps the buffer full; 64 KiB if this
    /// is not called. A larger packet is read all the same.
    ///
    /// @param bodyBytes nonce and data
    public void readAheadOnePacket(int bodyBytes) {
        maxReadAheadBytes = PacketHeader.BYTES + bodyBytes;
    }

    /// Whether the next packet has been read from the stream already as a whole, so that [#read] will not block.
    /// A header that is outside its limits counts as whole: the next read reports it.
    public boolean hasPacket() {
        int available = limit - position;
        if (available < PacketHeader.BYTES) {
            return false;
        }
        long size = Integer.toUnsignedLong(PacketHeader.nonceSize(buffer, position))
                + Integer.toUnsignedLong(PacketHeader.dataSize(buffer, position));
        return size > maxBodyBytes || available >= PacketHeader.BYTES + size;
    }

    /// Holds the current packet; its content moves with the next call of [#read].
    public byte[] buffer() {
        return buffer;
    }

    public int nonceOffset() {
        return nonceOffset;
    }

    public int dataOffset() {
        return nonceOffset + nonceSize;
    }

    public int dataSize() {
        return dataSize;
    }

    /// A copy of the bytes that were read ahead, or of a packet that was refused at its header.
    public byte[] unread() {
        return Arrays.copyOfRange(buffer, position, limit);
    }

    /// Bytes taken from the stream so far.
    public long bytesRead() {
        return bytesRead;
    }

    /// Makes at least `bytes` (a header at most) readable, and reads what else the stream has ready.
    ///
    /// @return false if the stream ended before the first of them
    /// @throws EOFException if it ended behind that
    private boolean fill(int bytes) throws IOException {
        if (limit - position >= bytes) {
            return true;
        }
        makeRoom(bytes);
        while (limit - position < bytes) {
            int room = buffer.length - limit;
            boolean isDialogue = dataSize < BULK_BYTES;
            int count = isDialogue ? spin.read(in, buffer, limit, room) : in.read(buffer, limit, room);
            hasRested = isDialogue && spin.hasRested();
            if (count < 0) {
                if (limit > position) {
                    throw new EOFException("the stream ends inside a packet header");
                }
                return false;
            }
            limit += count;
            bytesRead += count;
        }
        if (hasRested) {
            shrink();
        }
        return true;
    }

    /// Whether the packet is the first after a second or more of silence; true once. The buffers of what came before are not kept.
    boolean takeRest() {
        boolean was = hasRested;
        hasRested = false;
        return was;
    }

    /// Goes back to a buffer of the initial size, or of what is unread.
    void shrink() {
        int needed = Math.max(limit - position, INITIAL_BUFFER_BYTES);
        if (needed <= buffer.length / 2) {
            resize(needed);
        }
    }

    private void resize(int bytes) {
        byte[] other = new byte[bytes];
        int unread = limit - position;
        System.arraycopy(buffer, position, other, 0, unread);
        Arrays.fill(buffer, (byte) 0);
        buffer = other;
        position = 0;
        limit = unread;
    }

    private void completePacket(int size) throws IOException {
        int missing = size - (limit - position);
        if (missing <= 0) {
            return;
        }
        makeRoom(size);
        int count = in.readNBytes(buffer, limit, missing);
        limit += count;
        bytesRead += count;
        if (count < missing) {
            throw new EOFException("the stream ends inside a packet");
        }
    }

    /// Moves the unread bytes to the front and grows the buffer if `size` bytes do not fit, or if the last read filled
    /// all of it: then the peer sends more at once than one read can take.
    private void makeRoom(int size) {
        int unread = limit - position;
        boolean wasFull = limit == buffer.length && buffer.length < maxReadAheadBytes;
        int wanted = Math.max(size, wasFull ? Math.min(buffer.length * 2, maxReadAheadBytes) : buffer.length);
        if (wanted > buffer.length) {
            resize(Math.max(wanted, Math.min(buffer.length * 2, maxReadAheadBytes)));
        } else if (position > 0) {
            System.arraycopy(buffer, position, buffer, 0, unread);
            position = 0;
            limit = unread;
        }
    }

    /// The headers allowed at this moment of a connection; any other ends it (`docs/protocol.md`, section 1).
    ///
    /// @param version      the only version byte accepted
    /// @param nonceBytes   the only nonce size accepted
    /// @param minDataBytes the smallest data size accepted
    /// @param maxDataBytes the largest data size accepted
    /// @param onlyEnds     whether no data size between the two is accepted
    public record PacketLimits(int version, int nonceBytes, int minDataBytes, int maxDataBytes, boolean onlyEnds) {

        /// Accepts every data size from the smallest to the largest.
        public PacketLimits(int version, int nonceBytes, int minDataBytes, int maxDataBytes) {
            this(version, nonceBytes, minDataBytes, maxDataBytes, false);
        }

        /// Checks the version as soon as its byte is there, so that a foreign protocol is refused at its first byte.
        void checkVersion(int actual) throws ProtocolException {
            if (actual != version) {
                throw new ProtocolException("packet version " + actual + " where " + version + " is expected");
            }
        }

        /// Checks the sizes of a header as unsigned numbers.
        void checkSizes(int nonceSize, int dataSize) throws ProtocolException {
            if (nonceSize != nonceBytes) {
                throw new ProtocolException("nonce of " + Integer.toUnsignedString(nonceSize) + " bytes where "
                        + nonceBytes + " are expected");
            }
            boolean isEnd = dataSize == minDataBytes || dataSize == maxDataBytes;
            boolean isBetween = Integer.compareUnsigned(dataSize, minDataBytes) > 0 && Integer.compareUnsigned(dataSize, maxDataBytes) < 0;
            if (!isEnd && (onlyEnds || !isBetween)) {
                String allowed = minDataBytes == maxDataBytes ? " is" : (onlyEnds ? " or " : " to ") + maxDataBytes + " are";
                throw new ProtocolException("packet data of " + Integer.toUnsignedString(dataSize) + " bytes where "
                        + minDataBytes + allowed + " allowed");
            }
        }

        /// Layout of a packet's header, `!BII`: version, nonce size, data size (`docs/protocol.md`, section 1).
        static final class PacketHeader {

            static final int VERSION_OFFSET = 0;
            static final int NONCE_SIZE_OFFSET = 1;
            static final int DATA_SIZE_OFFSET = 5;
            static final int BYTES = 9;

            private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);

            private PacketHeader() {
            }

            static void encode(byte[] target, int offset, int version, int nonceSize, int dataSize) {
                target[offset + VERSION_OFFSET] = (byte) version;
                INT.set(target, offset + NONCE_SIZE_OFFSET, nonceSize);
                INT.set(target, offset + DATA_SIZE_OFFSET, dataSize);
            }

            static void encodeDataSize(byte[] target, int offset, int dataSize) {
                INT.set(target, offset + DATA_SIZE_OFFSET, dataSize);
            }

            static int version(byte[] source, int offset) {
                return source[offset + VERSION_OFFSET] & 0xff;
            }

            /// Unsigned, as every integer of the protocol: compare with `Integer.compareUnsigned`.
            static int nonceSize(byte[] source, int offset) {
                return (int) INT.get(source, offset + NONCE_SIZE_OFFSET);
            }

            /// Unsigned, as every integer of the protocol: compare with `Integer.compareUnsigned`.
            static int dataSize(byte[] source, int offset) {
                return (int) INT.get(source, offset + DATA_SIZE_OFFSET);
            }
        }
    }
}
