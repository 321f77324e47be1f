package dev.cipherlink.crash;

import dev.cipherlink.client.Client;
import dev.cipherlink.client.ClientConfig;
import dev.cipherlink.command.Reply;
import dev.cipherlink.command.ReplyHandler;
import dev.cipherlink.linearizability.Operation;
import dev.cipherlink.linearizability.Operation.Request;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/// A client that asks for anything on the keys of all clients, a few requests at a time, and records what it was answered and when.
///
/// It resumes its session, or begins a new one after each lost connection: then the outcome of what was under way is unknown.
final class RecordingClient implements AutoCloseable {
    private static final int MAX_AT_ONCE = 6;
    private static final int FIRST_VALUE = 1_000;

    private final String name;
    private final ClientConfig config;
    private final Random random;
    private Client client;
    private int written = FIRST_VALUE;

    /// What all clients asked of one key.
    ///
    /// @param operations a list of many threads
    /// @param lastVersion that was told
    record KeyHistory(String key, List<Operation> operations, long[] lastVersion) {

        private synchronized long version() {
            return lastVersion[0];
        }

        private synchronized void told(String text) {
            String number = text.substring(text.lastIndexOf(' ') + 1);
            if (number.matches("\\d{1,18}")) {
                lastVersion[0] = Long.parseLong(number);
            }
        }
    }

    RecordingClient(String name, ClientConfig config, boolean resumes, long seed) {
        this.name = name;
        this.config = resumes ? config : config.withReconnect(Duration.ZERO);
        this.random = new Random(seed);
    }

    /// Asks until it is to stop, and until all is answered or lost. Blocks.
    void work(List<KeyHistory> keys, BooleanSupplier isOver) throws InterruptedException {
        while (!isOver.getAsBoolean()) {
            try {
                if (client == null) {
                    client = Client.connect(config);
                }
                askSeveral(keys);
            } catch (IOException e) {
                // The server is being killed, or starts.
                close();
                TimeUnit.MILLISECONDS.sleep(20);
            }
        }
    }

    private void askSeveral(List<KeyHistory> keys) throws IOException, InterruptedException {
        int count = random.nextInt(1, MAX_AT_ONCE + 1);
        var ended = new CountDownLatch(count);
        int sent = 0;
        try {
            while (sent < count) {
                KeyHistory key = keys.get(random.nextInt(keys.size()));
                ask(key, newRequest(key), ended);
                sent++;
            }
            client.flush();
        } finally {
            for (int i = sent; i < count; i++) {
                ended.countDown();
            }
            ended.await();
        }
    }

    /// Reads a key once more, alone.
    void read(KeyHistory key) throws IOException, InterruptedException {
        if (client == null) {
            client = Client.connect(config);
        }
        var ended = new CountDownLatch(1);
        ask(key, new Request.Get(), ended);
        client.flush();
        ended.await();
    }

    void retryNow() {
        if (client != null) {
            client.retryNow();
        }
    }

    private Request newRequest(KeyHistory key) {
        String value = name.substring(1) + ++written;
        return switch (random.nextInt(20)) {
            case 0, 1 -> new Request.Set(value);
            case 2, 3 -> new Request.Cas(key.version(), value);
            case 4 -> new Request.Cas(0, value);
            case 5, 6 -> new Request.Version();
            case 7 -> new Request.Delete();
            case 8 -> new Request.Expire(TimeUnit.MILLISECONDS.toNanos(random.nextInt(200, 1_500)));
            case 9, 10 -> new Request.Append(Integer.toString(random.nextInt(1, 10)));
            case 11, 12, 13, 14 -> new Request.Incr(random.nextInt(1, 4));
            default -> new Request.Get();
        };
    }

    private static String text(String key, Request request) {
        return switch (request) {
            case Request.Get() -> "GET " + key;
            case Request.Set(String value) -> "SET " + key + " " + value;
            case Request.Append(String suffix) -> "APPEND " + key + " " + suffix;
            case Request.Incr(long by) -> "INCR " + key + " " + by;
            case Request.Delete() -> "DELETE " + key;
            case Request.Expire(long nanos) -> "PEXPIRE " + key + " " + TimeUnit.NANOSECONDS.toMillis(nanos);
            case Request.Version() -> "VERSION " + key;
            case Request.Cas(long version, String value) -> "CAS " + key + " " + version + " " + value;
        };
    }

    private void ask(KeyHistory key, Request request, CountDownLatch ended) throws IOException, InterruptedException {
        byte[] command = text(key.key, request).getBytes(StandardCharsets.US_ASCII);
        long invokedAt = System.nanoTime();
        client.send(command, new ReplyHandler() {
            @Override
            public void answered(Reply reply) {
                key.operations.add(new Operation(name, request, reply.text(), invokedAt, System.nanoTime()));
                if (request instanceof Request.Version || request instanceof Request.Cas) {
                    key.told(reply.text());
                }
                ended.countDown();
            }

            @Override
            public void failed(IOException cause, boolean wasSent) {
                if (wasSent) {
                    key.operations.add(Operation.unknown(name, request, invokedAt));
                }
                ended.countDown();
            }
        });
    }

    @Override
    public void close() {
        if (client != null) {
            client.close();
            client = null;
        }
    }
}
