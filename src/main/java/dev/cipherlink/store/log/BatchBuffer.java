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

    /// Values from this size on stay where they are: the heap of a small machine has no room for a copy.
    private static final int LARGE_BYTES = 64 << 10;

    /// A value that is not in the array.
    ///
    /// @param before the size of the batch without this change
    /// @param from   where its tag and key are in the array
    /// @param to     where they end, and the value belongs
    public record Large(int before, int from, int to, int family, byte[] key, byte[] value) {
    }

    private final List<Large> large = new ArrayList<>(0);
    private int largeBytes;
    private byte[] bytes;
    private int end = HEADER_BYTES;
    private int count;

    public BatchBuffer() {
        this(FIRST_BYTES);
    }

    /// @param capacity bytes to begin with; it grows
    public BatchBuffer(long capacity) {
        bytes = new byte[Math.clamp(capacity, FIRST_BYTES, MAX_BYTES)];
    }

    /// Sets a key. The value must not change until the batch is written.
    public void put(int family, byte[] key, byte[] value) {
        if (value.length < LARGE_BYTES) {
            beginPut(family, key, value.length);
            add(value);
            return;
        }
        int before = size();
        int from = end;
        reserve(key.length);
        if (before + (long) value.length > MAX_BYTES) {
            throw tooLarge();
        }
        beginChange(family, key, value.length);
        large.add(new Large(before, from, end, family, key, value));
        largeBytes += value.length;
    }

    /// Sets a key; the bytes of its value are added next, exactly as many.
    public void beginPut(int family, byte[] key, int valueBytes) {
        reserve(key.length + (long) valueBytes);
        beginChange(family, key, valueBytes);
    }

    private void beginChange(int family, byte[] key, int valueBytes) {
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
        while (!large.isEmpty() && large.getLast().before() >= size) {
            largeBytes -= large.removeLast().value().length;
        }
        end = size - largeBytes;
        count = changes;
    }

    public int count() {
        return count;
    }

    /// Bytes of the whole batch.
    public int size() {
        return end + largeBytes;
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

    /// The batch in parts, for as long as nothing is added.
    List<ByteBuffer> encode() {
        COUNT.set(bytes, COUNT_OFFSET, count);
        if (large.isEmpty()) {
            return List.of(ByteBuffer.wrap(bytes, 0, end));
        }
        var parts = new ArrayList<ByteBuffer>();
        int from = 0;
        for (Large each : large) {
            parts.add(ByteBuffer.wrap(bytes, from, each.to() - from));
            parts.add(ByteBuffer.wrap(each.value()));
            from = each.to();
        }
        parts.add(ByteBuffer.wrap(bytes, from, end - from));
        return parts;
    }

    /// The changes that [#small] lacks; of other keys.
    public List<Large> large() {
        return large;
    }

    /// A batch of all changes but those of large values, in an array that fits exactly.
    public byte[] small() {
        int bytesOfLarge = large.stream().mapToInt(each -> each.to() - each.from()).sum();
        byte[] copy = new byte[end - bytesOfLarge];
        int from = 0;
        int to = 0;
        for (Large each : large) {
            System.arraycopy(bytes, from, copy, to, each.from() - from);
            to += each.from() - from;
            from = each.to();
        }
        System.arraycopy(bytes, from, copy, to, end - from);
        COUNT.set(copy, COUNT_OFFSET, count - large.size());
        return copy;
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
                throw tooLarge();
            }
            bytes = Arrays.copyOf(bytes, (int) Math.min(MAX_BYTES, Math.max(needed, 2L * bytes.length)));
        }
    }

    private static OutOfMemoryError tooLarge() {
        return new OutOfMemoryError("a commit of more than 2 GiB");
    }
}
