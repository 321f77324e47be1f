package dev.cipherlink.forward;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.StandardSocketOptions;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;

/// The unencrypted side of a relay.
public interface PlainEnd {

    InputStream input() throws IOException;

    OutputStream output() throws IOException;

    /// No more output: a half-close.
    void endOutput() throws IOException;

    /// Ends it after all output is delivered. Idempotent.
    void close();

    /// Ends it so that its peer sees that something broke. Idempotent, as is one of both after the other.
    void reset();

    /// A connection of TCP, or of a Unix socket, in blocking mode.
    static PlainEnd of(SocketChannel channel) throws IOException {
        return of(channel, new byte[0]);
    }

    /// The same.
    ///
    /// @param first bytes that were read before
    static PlainEnd of(SocketChannel channel, byte[] first) throws IOException {
        InputStream rest = Channels.newInputStream(channel);
        InputStream input = first.length == 0 ? rest : new FirstBytes(first, rest);
        return new PlainEnd() {
            @Override
            public InputStream input() {
                return input;
            }

            @Override
            public OutputStream output() {
                return Channels.newOutputStream(channel);
            }

            @Override
            public void endOutput() throws IOException {
                channel.shutdownOutput();
            }

            @Override
            public void close() {
                PlainEnd.close(channel);
            }

            @Override
            public void reset() {
                PlainEnd.reset(channel);
            }
        };
    }

    /// Ends it after all output is delivered.
    static void close(SocketChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            // There is nothing left that could be lost.
        }
    }

    /// A Unix socket has no reset: its peer sees an end.
    static void reset(SocketChannel channel) {
        try {
            channel.setOption(StandardSocketOptions.SO_LINGER, 0);
        } catch (IOException | UnsupportedOperationException e) {
            // It is closed already, or no TCP.
        }
        close(channel);
    }

    /// Bytes in front of a stream.
    final class FirstBytes extends FilterInputStream {
        private final byte[] first;
        private int position;

        FirstBytes(byte[] first, InputStream rest) {
            super(rest);
            this.first = first;
        }

        @Override
        public int available() throws IOException {
            return position < first.length ? first.length - position : super.available();
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            if (position == first.length) {
                return super.read(target, offset, length);
            }
            int count = Math.min(length, first.length - position);
            System.arraycopy(first, position, target, offset, count);
            position += count;
            return count;
        }
    }
}
