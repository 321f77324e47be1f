package dev.cipherlink.forward;

import java.io.FilterInputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.function.LongSupplier;

/// What a program says in a dialogue, with one deadline for all of it: who sends a byte now and then gains no time.
///
/// Sets the socket's read timeout before each read; whoever goes on with the socket takes it away. Closing it closes the socket.
final class DialogueInput extends FilterInputStream {

    private final Socket socket;
    private final LongSupplier nanoClock;
    private final long deadline;
    private final Duration limit;

    /// @param limit from now on
    DialogueInput(Socket socket, Duration limit, LongSupplier nanoClock) throws IOException {
        super(socket.getInputStream());
        this.socket = socket;
        this.limit = limit;
        this.nanoClock = nanoClock;
        deadline = nanoClock.getAsLong() + limit.toNanos();
    }

    /// @throws SocketTimeoutException at the deadline
    @Override
    public int read() throws IOException {
        limitNextRead();
        return super.read();
    }

    /// @throws SocketTimeoutException at the deadline
    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        limitNextRead();
        return super.read(buffer, offset, length);
    }

    private void limitNextRead() throws IOException {
        long left = deadline - nanoClock.getAsLong();
        if (left <= 0) {
            throw new SocketTimeoutException("a dialogue that takes longer than " + limit.toMillis() + " ms");
        }
        socket.setSoTimeout((int) Math.ceilDiv(left, 1_000_000));
    }
}
