package dev.cipherlink.forward.mux;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Arrays;

/// Streams of other threads as the unencrypted side of a channel: [#input] has what the peer sends, [#output] takes what it is sent. Each direction
/// keeps some KiB, then it waits. Thread-safe.
public final class PipeEnd implements Plain {

    /// Bytes that each direction keeps, for a dialogue and for bulk.
    public static final int FEW = 8 * 1024;
    public static final int MANY = 64 * 1024;
    private static final long NO_LIMIT = Long.MAX_VALUE / 2;

    private final int most;
    private final Runnable readable;
    private final Runnable writable;
    private final ByteQueue received = new ByteQueue();
    private final ByteQueue sending = new ByteQueue();
    private boolean isReceivedEnded;
    private boolean isSendingEnded;
    private boolean awaitsInput;
    private boolean awaitsRoom;
    private boolean isBroken;

    /// @param most     bytes that each direction keeps
    /// @param readable has the session's thread read from here
    /// @param writable has the session's thread write what waits
    PipeEnd(int most, Runnable readable, Runnable writable) {
        this.most = most;
        this.readable = readable;
        this.writable = writable;
    }

    // For the session's thread.

    @Override
    public synchronized int read(byte[] to, int offset, int length) throws IOException {
        requireIntact();
        notifyAll();
        return get(sending, isSendingEnded, to, offset, length);
    }

    @Override
    public synchronized int write(byte[] from, int offset, int length) throws IOException {
        requireIntact();
        notifyAll();
        return put(received, from, offset, length);
    }

    private int put(ByteQueue to, byte[] from, int offset, int length) {
        int count = Math.min(length, most - to.size());
        to.add(from, offset, count, most);
        return count;
    }

    /// @return -1 at the end
    private static int get(ByteQueue from, boolean isEnded, byte[] to, int offset, int length) {
        int count = Math.min(length, from.size());
        System.arraycopy(from.bytes(), from.start(), to, offset, count);
        from.remove(count);
        return count == 0 && isEnded ? -1 : count;
    }

    private void requireIntact() throws IOException {
        if (isBroken) {
            throw new IOException("closed");
        }
    }

    @Override
    public void awaitInput(boolean isAwaited) {
        synchronized (this) {
            awaitsInput = isAwaited;
        }
        tell();
    }

    @Override
    public void awaitRoom(boolean isAwaited) {
        synchronized (this) {
            awaitsRoom = isAwaited;
        }
        tell();
    }

    /// To be called without the lock: the session's thread may hold that of the session, and wait for ours.
    private void tell() {
        boolean isReadable;
        boolean isWritable;
        synchronized (this) {
            isReadable = awaitsInput && (sending.size() > 0 || isSendingEnded);
            isWritable = awaitsRoom && received.size() < most;
            awaitsInput &= !isReadable;
            awaitsRoom &= !isWritable;
        }
        if (isReadable) {
            readable.run();
        }
        if (isWritable) {
            writable.run();
        }
    }

    @Override
    public synchronized void endOutput() {
        isReceivedEnded = true;
        notifyAll();
    }

    /// What has arrived stays there to be read.
    @Override
    public synchronized void close() {
        isReceivedEnded = true;
        isBroken |= !isSendingEnded;
        notifyAll();
    }

    @Override
    public synchronized void reset() {
        isBroken = true;
        notifyAll();
    }

    /// What has arrived and was not used: what was read to no use, and the rest.
    synchronized byte[] unread(byte[] inVain) {
        byte[] unread = Arrays.copyOf(inVain, inVain.length + received.size());
        System.arraycopy(received.bytes(), received.start(), unread, inVain.length, received.size());
        return unread;
    }

    /// What was written and is not in a packet yet.
    synchronized byte[] unsent() {
        return sending.copy();
    }

    // For other threads.

    /// What the peer sends, until a deadline. Reading blocks.
    ///
    /// @param limit from now on
    public InputStream input(Duration limit) {
        return new Input(System.nanoTime() + limit.toNanos());
    }

    private final class Input extends InputStream {
        private final long deadline;

        Input(long deadline) {
            this.deadline = deadline;
        }

        @Override
        public int read() throws IOException {
            var one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] to, int offset, int length) throws IOException {
            int count;
            synchronized (PipeEnd.this) {
                while (received.size() == 0 && !isReceivedEnded) {
                    await(deadline);
                }
                count = get(received, isReceivedEnded, to, offset, length);
            }
            tell();
            return count;
        }
    }

    private void await(long deadline) throws IOException {
        requireIntact();
        long millis = (deadline - System.nanoTime()) / 1_000_000;
        if (millis <= 0) {
            throw new SocketTimeoutException("nothing came in time");
        }
        try {
            wait(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException();
        }
    }

    /// What the peer is sent. Writing blocks; closing it is the end of this direction.
    public OutputStream output() {
        return new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                write(new byte[] {(byte) b}, 0, 1);
            }

            @Override
            public void write(byte[] from, int offset, int length) throws IOException {
                for (int written = 0; written < length; tell()) {
                    synchronized (PipeEnd.this) {
                        while (sending.size() == most) {
                            await(System.nanoTime() + NO_LIMIT);
                        }
                        requireIntact();
                        written += put(sending, from, offset + written, length - written);
                    }
                }
            }

            @Override
            public void close() {
                synchronized (PipeEnd.this) {
                    isSendingEnded = true;
                }
                tell();
            }
        };
    }
}
