package dev.cipherlink.cli.bench;

import dev.cipherlink.cli.bench.LoadGenerator.LoadPlan;
import dev.cipherlink.client.Client;
import dev.cipherlink.command.Reply;
import dev.cipherlink.command.ReplyHandler;
import java.io.IOException;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.HdrHistogram.Histogram;

/// One simulated client: keeps its window full until its share of the requests is answered.
///
/// The thread that reads the connection sends the next request as soon as it has an answer, so that what is measured is
/// the tunnel and not a hand-over between threads. Fields without synchronization are guarded by the session's
/// lock: [#start] writes them before it sends, which takes that lock.
final class LoadClient {
    private static final int HISTOGRAM_DIGITS = 2;
    private static final long HIGHEST_NANOS = 600_000_000_000L;
    private static final long LOWEST_NANOS = 100;

    private final Client client;
    private final LoadPlan plan;
    private final SplittableRandom random;
    private final AtomicInteger answered = new AtomicInteger();
    private Histogram latencies = newHistogram();
    private int errors;
    private int toSend;
    private int inFlight;
    private CountDownLatch done;
    private IOException lostBy;

    LoadClient(Client client, LoadPlan plan, long seed) {
        this.client = client;
        this.plan = plan;
        this.random = new SplittableRandom(seed);
    }

    static Histogram newHistogram() {
        return new Histogram(LOWEST_NANOS, HIGHEST_NANOS, HISTOGRAM_DIGITS);
    }

    /// Starts to send; returns when the window is full. The client must be at rest.
    ///
    /// @param finished counted down once, when all is answered or the connection is lost
    void start(int requests, CountDownLatch finished) throws InterruptedException {
        latencies = newHistogram();
        errors = 0;
        done = finished;
        answered.set(0);
        int window = Math.min(requests, client.session().windowSize());
        if (window == 0) {
            finished.countDown();
            return;
        }
        toSend = requests - window;
        inFlight = window;
        long now = System.nanoTime();
        for (int i = 0; i < window; i++) {
            new Slot().send(now);
        }
        client.flush();
    }

    int answered() {
        return answered.getOpaque();
    }

    /// The figures of the last [#start], once it has finished. Its countdown makes them visible.
    Histogram latencies() {
        return latencies;
    }

    int errors() {
        return errors;
    }

    /// Why the connection was lost; null if it was not.
    IOException lostBy() {
        return lostBy;
    }

    Client client() {
        return client;
    }

    /// One place in the window.
    private final class Slot implements ReplyHandler {
        private long sentAt;
        private boolean isGet;

        /// @param now of the answer that made room for it: a look at the clock is a large part of a request's time
        void send(long now) throws InterruptedException {
            isGet = plan.nextIsGet(random);
            int key = random.nextInt(plan.keyspace());
            byte[] command = isGet ? plan.get(key) : plan.set(key);
            sentAt = now;
            try {
                client.send(command, this);
            } catch (IOException e) {
                failed(e, false);
            }
        }

        @Override
        public void answered(Reply reply) {
            long now = System.nanoTime();
            latencies.recordValue(Math.min(now - sentAt, HIGHEST_NANOS));
            if (reply.isError() || !plan.isExpected(isGet, reply.payload())) {
                errors++;
            }
            answered.setOpaque(answered.getPlain() + 1);
            try {
                next(now);
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
                settle();
            }
        }

        private void next(long now) throws InterruptedException {
            if (toSend == 0 || lostBy != null) {
                settle();
            } else {
                toSend--;
                send(now);
            }
        }

        @Override
        public void failed(IOException cause, boolean wasSent) {
            lostBy = cause;
            settle();
        }

        private void settle() {
            if (--inFlight == 0) {
                done.countDown();
            }
        }
    }
}
