package dev.cipherlink.cli;

import dev.cipherlink.client.Client;
import dev.cipherlink.command.Reply;
import dev.cipherlink.session.ReplyHandler;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import org.HdrHistogram.Histogram;

/// Runs the phases of a load: fill the keys, warm up, measure, delete the keys. Used by one thread, which it blocks.
final class LoadGenerator {
    private static final long TICK_MILLIS = 100;

    private final List<LoadClient> clients;
    private final LoadPlan plan;
    private final Output output;

    /// What was measured.
    ///
    /// @param latencies in nanoseconds
    record Result(long requests, long errors, long nanos, Histogram latencies) {
    }

    LoadGenerator(List<LoadClient> clients, LoadPlan plan, Output output) {
        this.clients = clients;
        this.plan = plan;
        this.output = output;
    }

    /// Sends the requests of all clients, warmed up by others before.
    ///
    /// @throws IOException if a connection was lost
    Result run(int requests, int warmUp) throws IOException, InterruptedException {
        if (plan.hasGets()) {
            forEachKey(plan::set);
        }
        try {
            if (warmUp > 0) {
                measure(warmUp, false);
            }
            return measure(requests, true);
        } finally {
            forEachKey(plan::delete);
        }
    }

    private Result measure(int requests, boolean withProgress) throws IOException, InterruptedException {
        CountDownLatch finished = new CountDownLatch(clients.size());
        long start = System.nanoTime();
        for (int i = 0; i < clients.size(); i++) {
            int share = requests / clients.size() + (i < requests % clients.size() ? 1 : 0);
            clients.get(i).start(share, finished);
        }
        ProgressBar progress = new ProgressBar(output, requests, start);
        while (!finished.await(TICK_MILLIS, TimeUnit.MILLISECONDS)) {
            long answered = clients.stream().mapToLong(LoadClient::answered).sum();
            if (withProgress) {
                progress.update(answered, answered, System.nanoTime());
            }
        }
        long nanos = System.nanoTime() - start;
        progress.clear();
        Histogram all = LoadClient.newHistogram();
        long errors = 0;
        for (LoadClient client : clients) {
            if (client.lostBy() != null) {
                throw client.lostBy();
            }
            all.add(client.latencies());
            errors += client.errors();
        }
        return new Result(requests, errors, nanos, all);
    }

    /// Pipelines one command a key through the first client.
    private void forEachKey(IntFunction<byte[]> command) throws IOException, InterruptedException {
        Client client = clients.getFirst().client();
        CountDownLatch finished = new CountDownLatch(plan.keyspace());
        AtomicInteger unsent = new AtomicInteger();
        ReplyHandler handler = new ReplyHandler() {
            @Override
            public void answered(Reply reply) {
                finished.countDown();
            }

            @Override
            public void failed(IOException cause, boolean wasSent) {
                unsent.incrementAndGet();
                finished.countDown();
            }
        };
        for (int key = 0; key < plan.keyspace(); key++) {
            client.send(command.apply(key), handler);
        }
        client.flush();
        finished.await();
        if (unsent.get() > 0) {
            throw new IOException("the connection was lost");
        }
    }
}
