package dev.cipherlink.cli.bench;

import dev.cipherlink.client.Client;
import dev.cipherlink.command.Command;
import dev.cipherlink.command.Reply;
import dev.cipherlink.command.ReplyHandler;
import dev.cipherlink.connect.CliClient;
import dev.cipherlink.console.Output;
import dev.cipherlink.console.ProgressBar;
import dev.cipherlink.text.CliException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.HdrHistogram.Histogram;

/// Runs the phases of a load: fill the keys, warm up, measure, delete the keys. Used by one thread, which it blocks.
final class LoadGenerator {
    private static final long TICK_MILLIS = 100;

    private final List<LoadClient> clients;
    private final LoadPlan plan;
    private final Output output;

    /// The figures of one run.
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

    /// Connects, establishes a session and ends it, over and over, with some virtual threads at once. A latency is the time
    /// until the session is established. Used by one thread, which it blocks.
    static final class HandshakeLoad {

        private final Supplier<CliClient> connect;
        private final int clients;

        /// @param connect opens a connection with an established session, or throws a [CliException]
        HandshakeLoad(Supplier<CliClient> connect, int clients) {
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
                try (CliClient _ = connect.get()) {
                    latencies.recordValue(System.nanoTime() - start);
                } catch (CliException e) {
                    failure.compareAndSet(null, e);
                }
            }
        }
    }

    /// The commands, keys and values of a load. Immutable, shared by all clients.
    static final class LoadPlan {
        private static final int KEY_ID_BYTES = 4;

        private final byte[][] keys;
        /// The GET of each key, ready to be sent.
        private final byte[][] gets;
        private final byte[] value;
        private final int getShare;
        private final int setShare;

        /// @param keyspace how many keys; they begin with `bench:` and a random word of this run, so that they meet no other
        /// @param getShare parts of the requests that are GET
        /// @param setShare parts of the requests that are SET
        LoadPlan(int keyspace, int valueBytes, int getShare, int setShare, RandomGenerator random) {
            byte[] id = new byte[KEY_ID_BYTES];
            random.nextBytes(id);
            keys = new byte[keyspace][];
            gets = new byte[keyspace][];
            for (int i = 0; i < keyspace; i++) {
                keys[i] = ("bench:" + HexFormat.of().formatHex(id) + ":" + i).getBytes(StandardCharsets.US_ASCII);
                gets[i] = new Command.Get(keys[i]).encode();
            }
            value = new byte[valueBytes];
            for (int i = 0; i < valueBytes; i++) {
                value[i] = (byte) random.nextInt(' ', 0x7F);
            }
            this.getShare = getShare;
            this.setShare = setShare;
        }

        int keyspace() {
            return gets.length;
        }

        boolean hasGets() {
            return getShare > 0;
        }

        boolean nextIsGet(RandomGenerator random) {
            return setShare == 0 || getShare > 0 && random.nextInt(getShare + setShare) < getShare;
        }

        byte[] get(int key) {
            return gets[key];
        }

        byte[] delete(int key) {
            return new Command.Delete(keys[key]).encode();
        }

        byte[] set(int key) {
            return new Command.Set(keys[key], value).encode();
        }

        /// Whether the payload is what the server must answer: `OK`, or a value of the right size.
        boolean isExpected(boolean isGet, byte[] payload) {
            return isGet ? payload.length == value.length + 1 && payload[value.length] == '\n'
                    : payload.length == 3 && payload[0] == 'O' && payload[1] == 'K' && payload[2] == '\n';
        }
    }
}
