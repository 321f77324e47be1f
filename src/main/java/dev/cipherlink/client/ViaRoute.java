package dev.cipherlink.client;

import dev.cipherlink.channel.NoiseChannel;
import dev.cipherlink.client.AuthenticationException.HostKeyException;
import dev.cipherlink.forward.ForwardSockets;
import dev.cipherlink.forward.ForwardTarget;
import dev.cipherlink.forward.Relay.Tunnel;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketOption;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/// Through another server, which forwards to the client's own (`docs/protocol.md`, section 6): the connection to that one is
/// encrypted from end to end inside of the forward.
public final class ViaRoute implements Route {

    private final TunnelClient hop;
    private final String name;

    /// @param hop the server in between, which has to admit the client's own as a target
    public ViaRoute(ClientConfig hop) {
        this.hop = new TunnelClient(hop, 0);
        name = new ForwardTarget(hop.host(), hop.port()).toString();
    }

    @Override
    public Socket socket() {
        return new TunnelSocket();
    }

    @Override
    public boolean isTcp() {
        return false;
    }

    @Override
    public void connect(Socket socket, String host, int port) throws IOException {
        try {
            ((TunnelSocket) socket).tunnel = hop.open(new ForwardTarget(host, port));
        } catch (HostKeyException e) {
            throw e;
        } catch (AuthenticationException e) {
            throw new AuthenticationException("through " + name + ": " + e.getMessage(), e);
        } catch (IOException e) {
            throw new IOException("through " + name + ": " + e.getMessage(), e);
        }
    }

    @Override
    public String toString() {
        return name;
    }

    /// A forward in the form of a socket, with the methods that relays and channels use of one.
    private static final class TunnelSocket extends Socket {

        /// After our end, for the peer's: what is under way is lost if we close before.
        private static final int CLOSING_MILLIS = 2_000;

        private volatile Tunnel tunnel;
        private final ReentrantLock reading = new ReentrantLock();
        private final ReentrantLock writing = new ReentrantLock();
        private final In in = new In();
        private final Out out = new Out();
        private volatile boolean isReset;
        private volatile boolean isClosed;
        private boolean isOutputEnded;

        private NoiseChannel channel() throws SocketException {
            Tunnel opened = tunnel;
            if (opened == null || isClosed) {
                throw new SocketException("Socket closed");
            }
            return opened.channel();
        }

        private final class In extends InputStream {
            private int position;
            private int limit;
            private boolean ended;

            @Override
            public int read() throws IOException {
                byte[] one = new byte[1];
                return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
            }

            @Override
            public int read(byte[] target, int offset, int length) throws IOException {
                reading.lock();
                try {
                    NoiseChannel channel = channel();
                    if (position == limit && !ended) {
                        position = 0;
                        limit = Math.max(0, receive(channel));
                        ended = limit == 0;
                    }
                    if (ended) {
                        return -1;
                    }
                    int count = Math.min(length, limit - position);
                    System.arraycopy(channel.received(), position, target, offset, count);
                    position += count;
                    return count;
                } finally {
                    reading.unlock();
                }
            }

            private int receive(NoiseChannel channel) throws IOException {
                int count = channel.receiveStream();
                if (count < 0) {
                    throw new SocketException("Connection reset");
                }
                return count;
            }

            @Override
            public int available() throws IOException {
                channel();
                return limit - position + tunnel.socket().getInputStream().available();
            }
        }

        private final class Out extends OutputStream {

            @Override
            public void write(int single) throws IOException {
                write(new byte[] {(byte) single}, 0, 1);
            }

            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
                writing.lock();
                try {
                    NoiseChannel channel = channel();
                    for (int done = 0; done < length; ) {
                        int count = Math.min(length - done, NoiseChannel.MAX_STREAM_BYTES);
                        int at = channel.reserveStream(count);
                        System.arraycopy(bytes, offset + done, channel.reserved(), at, count);
                        channel.sendStream(count);
                        done += count;
                    }
                } finally {
                    writing.unlock();
                }
            }
        }

        @Override
        public InputStream getInputStream() {
            return in;
        }

        @Override
        public OutputStream getOutputStream() {
            return out;
        }

        @Override
        public void shutdownOutput() throws IOException {
            writing.lock();
            try {
                NoiseChannel channel = channel();
                if (!isOutputEnded) {
                    isOutputEnded = true;
                    channel.reserveStream(0);
                    channel.sendStream(0);
                }
            } finally {
                writing.unlock();
            }
        }

        /// @param on closes with a reset
        @Override
        public void setSoLinger(boolean on, int seconds) {
            isReset = on;
        }

        @Override
        public <T> Socket setOption(SocketOption<T> option, T value) {
            return this; // those of the hop's own connection are set
        }

        @Override
        public boolean isClosed() {
            return isClosed;
        }

        /// Ends the forward. A thread that still reads has a moment for the peer's end, as the bytes under way have.
        @Override
        public void close() {
            Tunnel opened = tunnel;
            if (opened == null || isClosed && !isReset) {
                isClosed = true;
            } else if (!isReset && endOutput()) {
                isClosed = true;
                Thread.ofVirtual().name("cipherlink-closing").start(() -> awaitEnd(opened));
            } else {
                isClosed = true;
                ForwardSockets.reset(opened.socket());
                opened.close();
            }
        }

        private boolean endOutput() {
            if (!writing.tryLock()) {
                return false;
            }
            try {
                shutdownOutput();
                return true;
            } catch (IOException e) {
                return false;
            } finally {
                writing.unlock();
            }
        }

        private void awaitEnd(Tunnel ending) {
            long deadline = System.nanoTime() + CLOSING_MILLIS * 1_000_000L;
            try (ending) {
                if (!reading.tryLock(CLOSING_MILLIS, TimeUnit.MILLISECONDS)) {
                    return;
                }
                try {
                    ending.socket().setSoTimeout(CLOSING_MILLIS);
                    while (ending.channel().receiveStream() > 0 && System.nanoTime() < deadline) {
                        // Nobody takes it any more.
                    }
                } finally {
                    reading.unlock();
                }
            } catch (IOException e) {
                // It has ended anyway.
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
