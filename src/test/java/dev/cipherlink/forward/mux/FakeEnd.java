package dev.cipherlink.forward.mux;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.SocketException;

/// The unencrypted side of a channel, in memory.
final class FakeEnd implements Plain {

    final ByteArrayOutputStream written = new ByteArrayOutputStream();
    /// Bytes that it takes from now on.
    int room = Integer.MAX_VALUE;
    boolean isBroken;
    /// Takes no more, while it can still be read.
    boolean isOutputBroken;
    boolean awaitsInput;
    boolean awaitsRoom;
    boolean isOutputEnded;
    boolean isClosed;
    boolean isReset;
    private byte[] input = {};
    private int position;
    private boolean isInputEnded;

    void put(byte[] more) {
        byte[] all = new byte[input.length - position + more.length];
        System.arraycopy(input, position, all, 0, input.length - position);
        System.arraycopy(more, 0, all, input.length - position, more.length);
        input = all;
        position = 0;
    }

    void endInput() {
        isInputEnded = true;
    }

    boolean isReadable() {
        return awaitsInput && !isGone() && (position < input.length || isInputEnded || isBroken);
    }

    boolean isWritable() {
        return awaitsRoom && !isGone() && (room > 0 || isBroken);
    }

    int unread() {
        return input.length - position;
    }

    private boolean isGone() {
        return isClosed || isReset;
    }

    private void requireOpen() throws IOException {
        if (isBroken || isGone()) {
            throw new SocketException("broken");
        }
    }

    @Override
    public int read(byte[] to, int offset, int length) throws IOException {
        requireOpen();
        int count = Math.min(length, unread());
        if (count == 0) {
            return isInputEnded ? -1 : 0;
        }
        System.arraycopy(input, position, to, offset, count);
        position += count;
        return count;
    }

    @Override
    public int write(byte[] from, int offset, int length) throws IOException {
        requireOpen();
        if (isOutputBroken) {
            throw new SocketException("broken");
        }
        int count = Math.min(length, room);
        written.write(from, offset, count);
        room -= room == Integer.MAX_VALUE ? 0 : count;
        return count;
    }

    @Override
    public void awaitInput(boolean isAwaited) {
        awaitsInput = isAwaited;
    }

    @Override
    public void awaitRoom(boolean isAwaited) {
        awaitsRoom = isAwaited;
    }

    @Override
    public void endOutput() throws IOException {
        requireOpen();
        isOutputEnded = true;
    }

    @Override
    public void close() {
        isClosed = true;
    }

    @Override
    public void reset() {
        isReset = true;
    }
}
