package dev.cipherlink.fault;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;

/// A relay in front of a server that can lose what clients send, and be cut.
public final class CutLink implements AutoCloseable {
    private final ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();
    private final Semaphore allowance = new Semaphore(Integer.MAX_VALUE);
    private volatile boolean isShut;
    private volatile boolean swallowing;
    private volatile long swallowBehind = Long.MAX_VALUE;
    private volatile long swallowedBytes;

    public CutLink(InetSocketAddress server) throws IOException {
        Thread.ofVirtual().start(() -> {
            try {
                while (true) {
                    Socket client = listener.accept();
                    if (isShut) {
                        client.close();
                        continue;
                    }
                    Socket target = new Socket(server.getAddress(), server.getPort());
                    sockets.addAll(List.of(client, target));
                    Thread.ofVirtual().start(() -> pump(client, target, true));
                    Thread.ofVirtual().start(() -> pump(target, client, false));
                }
            } catch (IOException _) {
                // closed
            }
        });
    }

    public int port() {
        return listener.getLocalPort();
    }

    /// Loses from now on what clients send.
    public void swallow() {
        swallowing = true;
    }

    /// Loses what each client sends behind this many bytes.
    public void swallowBehind(long bytes) {
        swallowBehind = bytes;
    }

    /// Holds back what the server sends behind this many bytes, until [#flow].
    public void holdBehind(int bytes) {
        allowance.drainPermits();
        allowance.release(bytes);
    }

    public void flow() {
        allowance.release(1 << 30);
    }

    public long swallowedBytes() {
        return swallowedBytes;
    }

    private void pump(Socket from, Socket to, boolean fromClient) {
        byte[] buffer = new byte[8192];
        long passed = 0;
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                passed += count;
                if (fromClient && (swallowing || passed > swallowBehind)) {
                    swallowedBytes += count;
                } else {
                    if (!fromClient) {
                        allowance.acquireUninterruptibly(count);
                    }
                    out.write(buffer, 0, count);
                }
            }
        } catch (IOException _) {
            // cut
        }
    }

    /// Ends all connections; new ones are let in.
    public void breakAll() throws IOException {
        for (Socket socket : sockets) {
            socket.close();
        }
    }

    /// Ends all connections; new ones end at once, until [#letIn].
    public void shut() throws IOException {
        isShut = true;
        breakAll();
    }

    public void letIn() {
        isShut = false;
        swallowing = false;
    }

    /// Ends all connections; new ones hang, as with a server that is stopped, until [#letIn] and [#breakAll].
    public void hang() throws IOException {
        swallowing = true;
        breakAll();
    }

    /// Ends all connections, and lets no more in.
    public void cut() throws IOException {
        listener.close();
        breakAll();
    }

    @Override
    public void close() throws IOException {
        cut();
    }
}
