package dev.cipherlink.fault;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.net.Socket;
import java.util.Random;

/// One direction of one connection: reads from one socket, writes to the other what the plan leaves of it.
final class Pump implements Runnable {

    private static final int BUFFER_BYTES = 16 * 1024;

    private final ProxiedConnection connection;
    private final Direction direction;
    private final Socket from;
    private final Socket to;
    private final Flow flow;
    private final Random random;
    private Fault pending;
    private long passed;
    /// Bytes that are read are dropped: the other end learns nothing more, not even that this one has gone.
    private volatile boolean isSwallowing;

    Pump(ProxiedConnection connection, Direction direction, Socket from, Socket to, Flow flow) {
        this.connection = connection;
        this.direction = direction;
        this.from = from;
        this.to = to;
        this.flow = flow;
        random = new Random(flow.seed());
        pending = flow.fault();
    }

    void swallow() {
        isSwallowing = true;
    }

    @Override
    public void run() {
        var buffer = new byte[BUFFER_BYTES];
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            for (int count = read(in, buffer); count >= 0; count = read(in, buffer)) {
                pass(buffer, count, out);
            }
            if (!isSwallowing) {
                to.shutdownOutput();
            }
        } catch (IOException e) {
            if (!isSwallowing) {
                connection.reset();
            }
        } finally {
            connection.ended();
        }
    }

    /// What came while this direction is stopped is kept back, an end too.
    private int read(InputStream in, byte[] buffer) throws IOException {
        int count = in.read(buffer);
        connection.awaitReading(direction);
        return count;
    }

    private void pass(byte[] buffer, int count, OutputStream out) throws IOException {
        if (!flow.delay().isZero()) {
            pause();
        }
        int offset = 0;
        while (offset < count) {
            int length = flow.pieces().next(random, count - offset);
            if (pending != Fault.NONE && passed + length > flow.at()) {
                int before = (int) Math.max(0, flow.at() - passed);
                write(out, buffer, offset, before);
                offset += before;
                length -= before;
                if (pending == Fault.FLIP) {
                    buffer[offset] ^= (byte) (1 << random.nextInt(8));
                }
                strike();
            }
            write(out, buffer, offset, length);
            offset += length;
        }
    }

    private void strike() throws IOException {
        Fault fault = pending;
        pending = Fault.NONE;
        connection.strike(fault, direction);
    }

    private void write(OutputStream out, byte[] buffer, int offset, int length) throws IOException {
        if (!isSwallowing && length > 0) {
            out.write(buffer, offset, length);
        }
        passed += length;
    }

    private void pause() throws IOException {
        try {
            Thread.sleep(flow.delay());
        } catch (InterruptedException e) {
            throw new InterruptedIOException("the proxy was closed");
        }
    }
}
