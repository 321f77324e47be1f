package dev.cipherlink.client;

import dev.cipherlink.forward.Tunnel;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;

/// Connections that have done their first handshake and wait for a SYN, oldest first.
///
/// A server gives a client 10 s from connecting to the end of both handshakes, and connecting to a target takes up to 5 s of
/// them; so no connection waits for longer than [#MAX_AGE]: then a new one takes its place. One thread refills, so that
/// a server that is away is asked once a [#RETRY_PAUSE].
final class TunnelPool implements AutoCloseable {

    static final Duration MAX_AGE = Duration.ofSeconds(4);
    private static final Duration RETRY_PAUSE = Duration.ofSeconds(2);
    private static final Logger LOG = System.getLogger(TunnelPool.class.getName());

    private final Source source;
    private final int size;
    private final Deque<Ready> ready = new ArrayDeque<>();
    private Thread refiller;
    private boolean closed;

    /// Makes one connection. Blocks.
    @FunctionalInterface
    interface Source {
        Tunnel connect() throws IOException;
    }

    private record Ready(Tunnel tunnel, long since) {
        boolean isUsable(long nanoTime) {
            return nanoTime - since < MAX_AGE.toNanos();
        }
    }

    TunnelPool(Source source, int size) {
        this.source = source;
        this.size = size;
    }

    /// Begins to fill it, if it is to hold anything.
    synchronized void start() {
        if (size > 0 && refiller == null && !closed) {
            refiller = Thread.ofVirtual().name("cipherlink-pool").start(this::refill);
        }
    }

    /// The connection that has waited longest; empty if there is none. Does not block.
    synchronized Optional<Tunnel> take() {
        Ready oldest = ready.poll();
        notifyAll();
        while (oldest != null && !oldest.isUsable(System.nanoTime())) {
            oldest.tunnel.close();
            oldest = ready.poll();
        }
        return Optional.ofNullable(oldest).map(Ready::tunnel);
    }

    private void refill() {
        try {
            while (awaitNeed()) {
                try {
                    add(source.connect());
                } catch (IOException e) {
                    LOG.log(Level.DEBUG, "cannot keep a connection ready: {0}", e.getMessage());
                    Thread.sleep(RETRY_PAUSE);
                }
            }
        } catch (InterruptedException e) {
            LOG.log(Level.DEBUG, "no longer keeping connections ready");
        }
    }

    /// Drops what is too old, and blocks until there is room.
    ///
    /// @return false once it is closed
    private synchronized boolean awaitNeed() throws InterruptedException {
        while (!closed) {
            long now = System.nanoTime();
            while (!ready.isEmpty() && !ready.peek().isUsable(now)) {
                ready.poll().tunnel.close();
            }
            if (ready.size() < size) {
                return true;
            }
            long millis = (MAX_AGE.toNanos() - (now - ready.peek().since)) / 1_000_000 + 1;
            wait(millis);
        }
        return false;
    }

    private synchronized void add(Tunnel tunnel) {
        if (closed) {
            tunnel.close();
        } else {
            ready.add(new Ready(tunnel, System.nanoTime()));
        }
    }

    /// How many wait now.
    synchronized int waiting() {
        return ready.size();
    }

    @Override
    public synchronized void close() {
        closed = true;
        ready.forEach(waiting -> waiting.tunnel.close());
        ready.clear();
        if (refiller != null) {
            refiller.interrupt();
        }
    }
}
