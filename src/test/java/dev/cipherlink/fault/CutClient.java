package dev.cipherlink.fault;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.client.Client;
import dev.cipherlink.client.Client.ConnectionState;
import dev.cipherlink.command.Reply;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;

/// One client whose connections break all the time, and which knows what each answer has to be.
final class CutClient implements AutoCloseable {

    private static final int MAX_LARGE_BYTES = 150_000;

    /// How long it took from a fault to the first answer on another connection.
    record Recovery(Fault fault, Duration time) {
    }

    private final String name;
    private final Random random;
    private final FaultProxy proxy;
    private final Client client;
    private final ConcurrentLinkedQueue<Recovery> recoveries = new ConcurrentLinkedQueue<>();
    private volatile FaultProxy.Strike pending;
    private volatile int unresumed;
    private volatile boolean isLost;
    private int ownCount;
    private int sharedCount;
    private long lastShared;

    CutClient(String name, WireServer server, FaultProxy proxy, Random random, Duration keepalive) throws IOException {
        this.name = name;
        this.random = random;
        this.proxy = proxy;
        client = connect(server, proxy, keepalive);
        client.onConnectionChange(this::changed);
    }

    /// The first attempt of a client is its only one, and the proxy breaks that as well.
    private static Client connect(WireServer server, FaultProxy proxy, Duration keepalive) throws IOException {
        for (int attempt = 1; true; attempt++) {
            try {
                return Client.connect(server.reconnecting(proxy).withTimes(Duration.ofSeconds(2), keepalive)
                        .withReconnect(Duration.ofMinutes(2)));
            } catch (IOException e) {
                if (attempt == 50) {
                    throw e;
                }
            }
        }
    }

    /// Waits as long as people's clients do after the first losses, and not longer: here every connection breaks.
    private void changed(ConnectionState state) {
        switch (state) {
            case ConnectionState.Connected connected -> {
                pending = proxy.takeFirstStrike();
                unresumed += connected.isResumed() ? 0 : 1;
            }
            case ConnectionState.Retrying retrying -> {
                if (retrying.attempt() > 3) {
                    client.retryNow();
                }
            }
            case ConnectionState.Closed _ -> isLost = true;
        }
    }

    private CompletableFuture<Reply> ask(byte[] command) throws IOException, InterruptedException {
        return client.requestAsync(command).whenComplete((_, _) -> {
            FaultProxy.Strike strike = pending;
            if (strike != null) {
                pending = null;
                recoveries.add(new Recovery(strike.fault(), Duration.ofNanos(System.nanoTime() - strike.at())));
            }
        });
    }

    private CompletableFuture<Reply> ask(String command) throws IOException, InterruptedException {
        return ask(command.getBytes(StandardCharsets.US_ASCII));
    }

    private static String text(CompletableFuture<Reply> answer) throws Exception {
        return answer.get(100, TimeUnit.SECONDS).text();
    }

    /// A burst of everything; each answer is checked.
    void burst() throws Exception {
        var counters = new ArrayList<CompletableFuture<Reply>>();
        var shared = new ArrayList<CompletableFuture<Reply>>();
        byte[] value = value(random.nextInt(3) == 0 ? MAX_LARGE_BYTES : 100);
        CompletableFuture<Reply> set = null;
        CompletableFuture<Reply> get = null;
        int requests = 30 + random.nextInt(60);
        for (int i = 0; i < requests; i++) {
            counters.add(ask("INCR " + name));
            if (i % 4 == 0) {
                shared.add(ask("INCR shared"));
            }
            if (i == requests / 2) {
                set = ask(set(value));
                get = ask("GET value-" + name);
            }
        }
        for (CompletableFuture<Reply> answer : counters) {
            assertEquals(String.valueOf(++ownCount), text(answer), name);
        }
        for (CompletableFuture<Reply> answer : shared) {
            long count = Long.parseLong(text(answer));
            assertTrue(count > lastShared, () -> name + ": " + count + " after " + lastShared);
            lastShared = count;
            sharedCount++;
        }
        assertEquals("OK", text(set));
        byte[] got = get.get(100, TimeUnit.SECONDS).payload();
        assertArrayEquals(value, Arrays.copyOf(got, got.length - 1), name);
    }

    /// Does not end with the byte that is not part of a value at the end of a command.
    private byte[] value(int maxBytes) {
        var value = new byte[1 + random.nextInt(maxBytes)];
        random.nextBytes(value);
        value[value.length - 1] = 'x';
        return value;
    }

    private byte[] set(byte[] value) {
        var command = new ByteArrayOutputStream();
        command.writeBytes(("SET value-" + name + " ").getBytes(StandardCharsets.US_ASCII));
        command.writeBytes(value);
        return command.toByteArray();
    }

    String name() {
        return name;
    }

    int ownCount() {
        return ownCount;
    }

    int sharedCount() {
        return sharedCount;
    }

    /// How often a connection was made again in which another session began.
    int unresumed() {
        return unresumed;
    }

    /// Whether it has given up.
    boolean isLost() {
        return isLost;
    }

    List<Recovery> recoveries() {
        return List.copyOf(recoveries);
    }

    @Override
    public void close() {
        client.close();
    }
}
