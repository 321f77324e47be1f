package dev.cipherlink.cli;

import dev.cipherlink.forward.PlainEnd;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/// Stdin and stdout as one side of a relay.
///
/// A read of stdin cannot be broken off, so that a thread of its own does it, which the end of the process takes with it.
final class StdioEnd implements PlainEnd {

    private final InputStream stdin;
    private final OutputStream stdout;
    private final HandOver handOver = new HandOver();

    StdioEnd(Surroundings surroundings) {
        stdin = surroundings.stdin();
        stdout = surroundings.stdout();
    }

    @Override
    public InputStream input() {
        Thread.ofPlatform().daemon().name("cipherlink-stdin").start(this::pump);
        return handOver;
    }

    private void pump() {
        byte[] buffer = new byte[64 * 1024];
        try {
            for (int count = stdin.read(buffer); count >= 0; count = stdin.read(buffer)) {
                if (!handOver.put(buffer, count)) {
                    return;
                }
            }
            handOver.end();
        } catch (IOException e) {
            handOver.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public OutputStream output() {
        return stdout;
    }

    @Override
    public void endOutput() throws IOException {
        stdout.close();
    }

    @Override
    public void close() {
        handOver.close();
    }

    @Override
    public void reset() {
        handOver.close();
    }

    /// One buffer at a time, from one thread to another. Closing it wakes both.
    private static final class HandOver extends InputStream {
        private byte[] bytes;
        private int position;
        private int limit;
        private boolean ended;
        private boolean closed;

        /// Blocks until all of it is taken.
        ///
        /// @return false if nobody will
        synchronized boolean put(byte[] buffer, int count) throws InterruptedException {
            bytes = buffer;
            position = 0;
            limit = count;
            notifyAll();
            while (position < limit && !closed) {
                wait();
            }
            return !closed;
        }

        synchronized void end() {
            ended = true;
            notifyAll();
        }

        @Override
        public int read() {
            throw new UnsupportedOperationException("a relay reads arrays");
        }

        @Override
        public synchronized int read(byte[] target, int offset, int length) throws IOException {
            try {
                while (position == limit && !ended && !closed) {
                    wait();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted");
            }
            if (closed) {
                throw new IOException("closed");
            }
            if (position == limit) {
                return -1;
            }
            int count = Math.min(length, limit - position);
            System.arraycopy(bytes, position, target, offset, count);
            position += count;
            notifyAll();
            return count;
        }

        @Override
        public synchronized void close() {
            closed = true;
            notifyAll();
        }
    }
}
