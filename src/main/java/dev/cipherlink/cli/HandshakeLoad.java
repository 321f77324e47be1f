package dev.cipherlink.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.HdrHistogram.Histogram;

/// Connects, establishes a session and ends it, over and over, with some virtual threads at once. A latency is the time
/// until the session is established. Used by one thread, which it blocks.
final class HandshakeLoad {

    private final Supplier<Connection> connect;
    private final int clients;

    /// @param connect opens a connection with an established session, or throws a [CliException]
    HandshakeLoad(Supplier<Connection> connect, int clients) {
        this.connect = connect;
        this.clients = clients;
    }

    /// @throws CliException if a connection could not be established
    LoadGenerator.Result run(int handshakes) throws InterruptedException {
        var left = new AtomicInteger(handshakes);
        var failure = new AtomicReference<CliException>();
        List<Histogram> latencies = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        long start = System.nanoTime();
        for (int i = 0; i < clients; i++) {
            Histogram own = LoadClient.newHistogram();
            latencies.add(own);
            threads.add(Thread.startVirtualThread(() -> connectUntilDone(left, own, failure)));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        long nanos = System.nanoTime() - start;
        if (failure.get() != null) {
            throw failure.get();
        }
        Histogram all = LoadClient.newHistogram();
        latencies.forEach(all::add);
        return new LoadGenerator.Result(handshakes, 0, nanos, all);
    }

    private void connectUntilDone(AtomicInteger left, Histogram latencies, AtomicReference<CliException> failure) {
        while (left.getAndDecrement() > 0 && failure.get() == null) {
            long start = System.nanoTime();
            try (Connection _ = connect.get()) {
                latencies.recordValue(System.nanoTime() - start);
            } catch (CliException e) {
                failure.compareAndSet(null, e);
            }
        }
    }
}
