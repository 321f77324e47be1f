package dev.cipherlink.store.log;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// A RocksDB write batch, put together on the heap: one call of native code hands over the changes of many connections.
///
/// Format of `db/write_batch.cc`: sequence (8, little-endian, filled in by RocksDB), count (4, little-endian), then for
/// each change a tag, the column family, key and value, with lengths as 32-bit varints. Used under its owner's lock.
public final class BatchBuffer {
    private static final int HEADER_BYTES = 12;
    private static final int COUNT_OFFSET = 8;
    private static final byte TAG_DELETE = 4;
    private static final byte TAG_PUT = 5;
    /// Tag and three varints.
    private static final int MAX_OVERHEAD_BYTES = 16;
    private static final int FIRST_BYTES = 4_096;
    private static final int MAX_BYTES = Integer.MAX_VALUE - 8;
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle COUNT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    /// Values from this size on may be kept apart.
    private static final int LARGE_BYTES = 64 << 10;

    /// A value that is not in the array.
    public record Large(int family, byte[] key, byte[] value) {
    }

    /// Those that are handed over one by one, without a copy on the heap; null if there are to be none.
    private final List<Large> large;
    private byte[] bytes;
    private int end = HEADER_BYTES;
    private int count;

    public BatchBuffer() {
        this(FIRST_BYTES, null);
    }

    /// @param capacity bytes to begin with; it grows
    public BatchBuffer(long capacity) {
        this(capacity, null);
    }

    private BatchBuffer(long capacity, List<Large> large) {
        bytes = new byte[Math.clamp(capacity, FIRST_BYTES, MAX_BYTES)];
        this.large = large;
    }

    /// One whose large values stay where they are: [#large].
    public static BatchBuffer withLargeApart() {
        return new BatchBuffer(FIRST_BYTES, new ArrayList<>());
    }

    /// Sets a key.
    public void put(int family, byte[] key, byte[] value) {
        if (large != null && value.length >= LARGE_BYTES) {
            large.add(new Large(family, key, value));
            return;
        }
        beginPut(family, key, value.length);
        add(value);
    }

    /// Sets a key; the bytes of its value are added next, exactly as many.
    public void beginPut(int family, byte[] key, int valueBytes) {
        reserve(key.length + (long) valueBytes);
        bytes[end++] = TAG_PUT;
        varint(family);
        append(key);
        varint(valueBytes);
        count++;
    }

    public void add(byte part) {
        bytes[end++] = part;
    }

    /// Big-endian.
    public void add(int part) {
        INT.set(bytes, end, part);
        end += Integer.BYTES;
    }

    /// Big-endian.
    public void add(long part) {
        LONG.set(bytes, end, part);
        end += Long.BYTES;
    }

    public void add(byte[] part) {
        System.arraycopy(part, 0, bytes, end, part.length);
        end += part.length;
    }

    public void delete(int family, byte[] key) {
        reserve(key.length);
        bytes[end++] = TAG_DELETE;
        varint(family);
        append(key);
        count++;
    }

    /// Takes back what was added since it had this size and count.
    public void cutBack(int size, int changes) {
        end = size;
        count = changes;
    }

    public int count() {
        return count;
    }

    public int size() {
        return end;
    }

    public boolean isEmpty() {
        return count == 0;
    }

    /// Adds all changes of another batch.
    public void addAll(byte[] batch) {
        int more = batch.length - HEADER_BYTES;
        reserve(more);
        System.arraycopy(batch, HEADER_BYTES, bytes, end, more);
        end += more;
        count += (int) COUNT.get(batch, COUNT_OFFSET);
    }

    /// One change of a batch that is read.
    public interface Visitor {
        /// @param value null if the key was taken away
        void change(int family, byte[] key, byte[] value) throws IOException;
    }

    /// Reads a batch again.
    ///
    /// @throws IOException if it has another form
    public static void read(byte[] batch, Visitor visitor) throws IOException {
        if (batch.length < HEADER_BYTES) {
            throw new IOException("a commit is not whole");
        }
        ByteBuffer in = ByteBuffer.wrap(batch);
        try {
            for (in.position(HEADER_BYTES); in.hasRemaining(); ) {
                byte tag = in.get();
                if (tag != TAG_PUT && tag != TAG_DELETE) {
                    throw new IOException("a commit has a form that this version does not know");
                }
                int family = readVarint(in);
                byte[] key = readBytes(in);
                visitor.change(family, key, tag == TAG_PUT ? readBytes(in) : null);
            }
        } catch (BufferUnderflowException | NegativeArraySizeException e) {
            throw new IOException("a commit is not whole", e);
        }
    }

    private static byte[] readBytes(ByteBuffer in) {
        int length = readVarint(in);
        if (length > in.remaining()) {
            throw new BufferUnderflowException();
        }
        byte[] bytes = new byte[length];
        in.get(bytes);
        return bytes;
    }

    private static int readVarint(ByteBuffer in) {
        int number = 0;
        int shift = 0;
        byte part;
        do {
            part = in.get();
            number |= (part & 0x7F) << shift;
            shift += 7;
        } while (part < 0);
        return number;
    }

    /// The batch, for as long as nothing is added.
    ByteBuffer encode() {
        COUNT.set(bytes, COUNT_OFFSET, count);
        return ByteBuffer.wrap(bytes, 0, end);
    }

    /// Changes that are not in the array and belong to the batch too; of other keys.
    public List<Large> large() {
        return large == null ? List.of() : large;
    }

    /// The batch in an array that fits exactly.
    public byte[] toArray() {
        ByteBuffer batch = encode();
        return Arrays.copyOf(batch.array(), batch.limit());
    }

    private void append(byte[] part) {
        varint(part.length);
        add(part);
    }

    private void varint(int number) {
        int rest = number;
        while (rest > 0x7F) {
            bytes[end++] = (byte) (rest | 0x80);
            rest >>>= 7;
        }
        bytes[end++] = (byte) rest;
    }

    private void reserve(long more) {
        long needed = end + more + MAX_OVERHEAD_BYTES;
        if (needed > bytes.length) {
            if (needed > MAX_BYTES) {
                throw new OutOfMemoryError("a commit of more than 2 GiB");
            }
            bytes = Arrays.copyOf(bytes, (int) Math.min(MAX_BYTES, Math.max(needed, 2L * bytes.length)));
        }
    }
}
