package dev.cipherlink.cli;

import dev.cipherlink.client.OutcomeUnknownException;
import dev.cipherlink.command.Reply;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// The REPL's way to its server: requests wait while there is no connection, and a lost one is made again.
///
/// Each request gets one outcome. What was not sent when the connection broke is sent over the next one; what was sent
/// and not answered ends with [OutcomeUnknownException], since the next session knows nothing of it. Thread-safe; the
/// listener is called on threads of the connection and must not block.
final class ChatConnection implements AutoCloseable {
    private static final byte[] PING = "PING".getBytes(StandardCharsets.US_ASCII);
    private static final Duration PING_INTERVAL = Duration.ofSeconds(2);
    private static final Duration FIRST_DELAY = Duration.ofMillis(200);
    private static final Duration LARGEST_DELAY = Duration.ofSeconds(30);
    private static final double JITTER = 0.2;
    private static final int MAX_WAITING = 1_000;

    /// Who is told of what happens.
    interface Listener {
        void received(byte[] event);

        /// @param down how long there was none
        void reconnected(Duration down);

        void lost(IOException cause);

        void ended(CliException cause);
    }

    private record Waiting(long number, byte[] command, CompletableFuture<Reply> answer) {
    }

    private final ClientKeys keys;
    private final Settings settings;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final PriorityQueue<Waiting> waiting = new PriorityQueue<>(Comparator.comparingLong(Waiting::number));
    private final Thread keeper;
    private Listener listener;
    private Connection connection;
    private boolean isUp = true;
    private boolean isClosed;
    private boolean isRetryWanted;
    private boolean isEnded;
    private long requests;
    private int inFlight;
    private int attempt;
    private long retryAt;
    private volatile long lastContactAt = System.nanoTime();
    private volatile long roundTripNanos;

    private ChatConnection(ClientKeys keys, Settings settings, Connection connection) {
        this.keys = keys;
        this.settings = settings;
        this.connection = connection;
        this.keeper = Thread.ofVirtual().name("cipherlink-keeper").unstarted(this::keep);
    }

    /// Connects with keys that it owns from now on. Blocks, and may ask about a server that is new.
    ///
    /// @throws CliException if that fails
    static ChatConnection open(ClientKeys keys, Settings settings) {
        try {
            return new ChatConnection(keys, settings, Connection.open(settings, keys));
        } catch (CliException e) {
            keys.close();
            throw e;
        }
    }

    /// From now on the listener hears events; to be called once, before any request.
    void start(Listener newListener) {
        listener = newListener;
        connection.client().onEvent(listener::received);
        keeper.start();
    }

    ServerAddress server() {
        return connection.server();
    }

    /// Ours, as the server knows us.
    String name() {
        return connection.client().session().clientId();
    }

    boolean isUp() {
        lock.lock();
        try {
            return isUp;
        } finally {
            lock.unlock();
        }
    }

    /// `burst` or `step-by-step`, as the session agreed.
    String mode() {
        return connection.client().session().parameters().mode().wireName();
    }

    int window() {
        return connection.client().session().parameters().windowSize();
    }

    /// Requests that were sent and have no answer.
    int inFlight() {
        lock.lock();
        try {
            return inFlight;
        } finally {
            lock.unlock();
        }
    }

    /// Requests that wait for a connection.
    int queued() {
        lock.lock();
        try {
            return waiting.size();
        } finally {
            lock.unlock();
        }
    }

    LinkState state() {
        lock.lock();
        try {
            long now = System.nanoTime();
            Duration silent = Duration.ofNanos(now - lastContactAt);
            if (isEnded) {
                return new LinkState.Ended();
            }
            return isUp ? new LinkState.Linked(Duration.ofNanos(roundTripNanos), silent)
                    : new LinkState.Retrying(attempt, silent, Duration.ofNanos(Math.max(0, retryAt - now)));
        } finally {
            lock.unlock();
        }
    }

    /// Sends a command now, or as soon as there is a connection. Does not block on the network.
    ///
    /// @return fails with [OutcomeUnknownException], or another `IOException` if the command will never be sent
    CompletableFuture<Reply> request(byte[] command) {
        return request(command, 0);
    }

    /// The same, before all that waits already.
    CompletableFuture<Reply> requestFirst(byte[] command) {
        return request(command, Long.MIN_VALUE);
    }

    private CompletableFuture<Reply> request(byte[] command, long rank) {
        var answer = new CompletableFuture<Reply>();
        lock.lock();
        try {
            if (isEnded || isClosed || waiting.size() >= MAX_WAITING) {
                answer.completeExceptionally(new IOException(waiting.size() >= MAX_WAITING
                        ? "too many lines wait for the connection" : "there is no connection any more"));
                return answer;
            }
            waiting.add(new Waiting(rank + ++requests, command, answer));
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        return answer;
    }

    /// Ends the wait before the next attempt to connect.
    void retryNow() {
        lock.lock();
        try {
            isRetryWanted = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void keep() {
        try {
            while (true) {
                send();
                lock.lockInterruptibly();
                try {
                    if (isClosed) {
                        return;
                    }
                    if (waiting.isEmpty() && isUp && changed.awaitNanos(PING_INTERVAL.toNanos()) <= 0) {
                        measure();
                    }
                } finally {
                    lock.unlock();
                }
                if (!isUp() && !reconnect()) {
                    return;
                }
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private void send() throws InterruptedException {
        Waiting next = take();
        while (next != null) {
            submit(next);
            next = take();
        }
    }

    private Waiting take() {
        lock.lock();
        try {
            if (!isUp || isClosed || waiting.isEmpty()) {
                return null;
            }
            inFlight++;
            return waiting.remove();
        } finally {
            lock.unlock();
        }
    }

    private void submit(Waiting next) throws InterruptedException {
        long begun = System.nanoTime();
        try {
            connection.client().requestAsync(next.command).whenComplete((reply, failure) -> completed(next, begun, reply, failure));
        } catch (IOException e) {
            completed(next, begun, null, e);
        }
    }

    private void measure() throws InterruptedException {
        long begun = System.nanoTime();
        try {
            connection.client().requestAsync(PING).whenComplete((reply, failure) -> {
                if (failure == null) {
                    heard(begun);
                } else {
                    broke(failure);
                }
            });
        } catch (IOException e) {
            broke(e);
        }
    }

    private void heard(long begun) {
        long now = System.nanoTime();
        lastContactAt = now;
        roundTripNanos = now - begun;
    }

    private void completed(Waiting request, long begun, Reply reply, Throwable failure) {
        boolean again;
        lock.lock();
        try {
            inFlight--;
            again = failure != null && !(failure instanceof OutcomeUnknownException) && !isClosed;
            if (again) {
                waiting.add(request);
            }
        } finally {
            lock.unlock();
        }
        if (failure == null) {
            heard(begun);
            request.answer.complete(reply);
        } else if (!again) {
            request.answer.completeExceptionally(failure);
        }
        if (failure != null) {
            broke(failure);
        }
    }

    private void broke(Throwable failure) {
        lock.lock();
        try {
            if (!isUp || isClosed) {
                return;
            }
            isUp = false;
            attempt = 1;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        listener.lost(failure instanceof IOException known ? known : new IOException(failure));
    }

    /// @return false if there is no use in trying again
    private boolean reconnect() throws InterruptedException {
        Connection broken = connection;
        broken.close();
        Duration delay = FIRST_DELAY;
        while (awaitRetry(delay)) {
            try {
                Connection made = Connection.open(settings, keys);
                made.client().onEvent(listener::received);
                adopt(made);
                return true;
            } catch (CliException e) {
                if (e.status() != ExitStatus.UNREACHABLE) {
                    end(e);
                    return false;
                }
            }
            delay = delay.multipliedBy(2).compareTo(LARGEST_DELAY) > 0 ? LARGEST_DELAY : delay.multipliedBy(2);
        }
        return false;
    }

    private boolean awaitRetry(Duration delay) throws InterruptedException {
        double part = 1 + JITTER * (2 * ThreadLocalRandom.current().nextDouble() - 1);
        lock.lockInterruptibly();
        try {
            retryAt = System.nanoTime() + (long) (delay.toNanos() * part);
            for (long left = retryAt - System.nanoTime(); left > 0 && !isRetryWanted && !isClosed;
                    left = retryAt - System.nanoTime()) {
                changed.awaitNanos(left);
            }
            isRetryWanted = false;
            retryAt = System.nanoTime();
            attempt++;
            return !isClosed;
        } finally {
            lock.unlock();
        }
    }

    private void adopt(Connection made) {
        Duration down = Duration.ofNanos(System.nanoTime() - lastContactAt);
        lock.lock();
        try {
            connection = made;
            isUp = true;
            lastContactAt = System.nanoTime();
        } finally {
            lock.unlock();
        }
        listener.reconnected(down);
    }

    private void end(CliException cause) {
        List<Waiting> dropped;
        lock.lock();
        try {
            isEnded = true;
            dropped = new ArrayList<>(waiting);
            waiting.clear();
        } finally {
            lock.unlock();
        }
        dropped.forEach(request -> request.answer.completeExceptionally(new IOException("not sent, there is no connection any more")));
        listener.ended(cause);
    }

    /// Ends the session: what was sent is answered first. Blocks for at most 2 seconds.
    @Override
    public void close() {
        lock.lock();
        try {
            isClosed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        keeper.interrupt();
        connection.close();
        keys.close();
    }
}
