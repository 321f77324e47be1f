package dev.cipherlink.forward.mux;

import dev.cipherlink.forward.PlainEnd;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;

/// A connection of TCP, or of a Unix socket, as the unencrypted side of a channel. Its key carries the channel.
final class SocketEnd implements Plain {

    private final SocketChannel socket;
    private final SelectionKey key;
    /// What was read before; null if there is no more of it.
    private ByteBuffer first;
    private int awaited;

    /// @param first bytes that were read before
    /// @throws IOException if it is closed already
    SocketEnd(SocketChannel socket, byte[] first, Selector selector, MuxChannel channel) throws IOException {
        this.socket = socket;
        this.first = first.length == 0 ? null : ByteBuffer.wrap(first);
        socket.configureBlocking(false);
        key = socket.register(selector, 0, channel);
    }

    @Override
    public int read(byte[] to, int offset, int length) throws IOException {
        if (first == null) {
            return socket.read(ByteBuffer.wrap(to, offset, length));
        }
        int count = Math.min(length, first.remaining());
        first.get(to, offset, count);
        first = first.hasRemaining() ? first : null;
        return count;
    }

    @Override
    public int write(byte[] from, int offset, int length) throws IOException {
        return socket.write(ByteBuffer.wrap(from, offset, length));
    }

    @Override
    public void awaitInput(boolean isAwaited) {
        await(SelectionKey.OP_READ, isAwaited);
    }

    @Override
    public void awaitRoom(boolean isAwaited) {
        await(SelectionKey.OP_WRITE, isAwaited);
    }

    private void await(int operation, boolean isAwaited) {
        int wanted = isAwaited ? awaited | operation : awaited & ~operation;
        if (wanted != awaited && key.isValid()) {
            awaited = wanted;
            key.interestOps(wanted);
        }
    }

    @Override
    public void endOutput() throws IOException {
        socket.shutdownOutput();
    }

    @Override
    public void close() {
        PlainEnd.close(socket);
    }

    @Override
    public void reset() {
        PlainEnd.reset(socket);
    }
}
