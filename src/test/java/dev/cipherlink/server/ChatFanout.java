package dev.cipherlink.server;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.cipherlink.chat.ChatConfig;
import dev.cipherlink.client.Client;
import dev.cipherlink.client.ClientConfig;
import dev.cipherlink.crypto.SharedKey;
import dev.cipherlink.server.HandshakeGate.HandshakeLimits;
import dev.cipherlink.store.MemoryStore;
import dev.cipherlink.store.StoreLimits;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/// Measures how long one SAY takes to reach everybody in a room, over real connections. A program, not a test: run its
/// `main` with the test class path and the number of members. The server runs in a process of its own, so that each of
/// the two needs a descriptor a member only.
public final class ChatFanout {

    private static final int ROUNDS = 12;
    private static final int CONNECTING = 16;
    /// A throw-away key that both processes know.
    private static final byte[] KEY = "0123456789abcdef0123456789abcdef".getBytes(US_ASCII);

    private final int port;
    private volatile CountDownLatch arrivals = new CountDownLatch(0);
    private volatile byte[] expected = {};

    private ChatFanout(int port) {
        this.port = port;
    }

    public static void main(String[] args) throws Exception {
        if (args[0].equals("serve")) {
            serve(Integer.parseInt(args[1]));
            return;
        }
        int members = Integer.parseInt(args[0]);
        var command = new ArrayList<>(List.of(ProcessHandle.current().info().command().orElseThrow(), "--enable-preview",
                "--enable-native-access=ALL-UNNAMED", "-cp", System.getProperty("java.class.path"),
                ChatFanout.class.getName(), "serve", String.valueOf(members)));
        Process server = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
        try (var lines = server.inputReader()) {
            new ChatFanout(Integer.parseInt(lines.readLine())).measure(members);
        } finally {
            server.destroyForcibly().waitFor();
        }
    }

    private static void serve(int members) throws Exception {
        var limits = new HandshakeLimits(1_000_000, 1_000_000, 1_000_000, 1_000_000);
        var config = ServerConfig.loopback(SharedKey.of(KEY)).with(to -> {
            to.maxConnections = members + 10;
            to.handshakes = limits;
            to.chat = new ChatConfig(1_000, 1_000_000, Duration.ofHours(1), 100, Duration.ofDays(1));
        });
        try (var store = new MemoryStore(StoreLimits.ofHeap()); var server = Server.start(config, store)) {
            System.out.println(server.address().getPort());
            server.awaitTermination();
        }
    }

    private void measure(int members) throws Exception {
        List<Client> clients = connect(members);
        System.out.println(members + " members are in the room");
        var millis = new double[ROUNDS];
        for (int round = 0; round < ROUNDS; round++) {
            arrivals = new CountDownLatch(members - 1);
            expected = (" round " + round + "\n").getBytes(US_ASCII);
            long start = System.nanoTime();
            clients.getFirst().request("SAY #all round " + round);
            long said = System.nanoTime();
            arrivals.await();
            millis[round] = (System.nanoTime() - start) / 1e6;
            System.out.printf("round %2d: answered after %6.1f ms, the last of %d was told after %6.1f ms%n", round,
                    (said - start) / 1e6, members - 1, millis[round]);
        }
        Arrays.sort(millis);
        System.out.printf("min %.1f, median %.1f, max %.1f ms%n", millis[0], millis[ROUNDS / 2], millis[ROUNDS - 1]);
        System.exit(0);
    }

    private List<Client> connect(int members) throws InterruptedException, ExecutionException {
        var clients = new ArrayList<Client>();
        try (var threads = Executors.newFixedThreadPool(CONNECTING)) {
            var pending = new ArrayList<Future<Client>>();
            for (int i = 0; i < members; i++) {
                String name = "m" + i;
                pending.add(threads.submit(() -> join(name)));
            }
            for (Future<Client> client : pending) {
                clients.add(client.get());
            }
        }
        return clients;
    }

    private Client join(String name) throws IOException, InterruptedException {
        Client client = Client.connect(ClientConfig.to("127.0.0.1", port, SharedKey.of(KEY)).withClientId(name)
                .withTimes(Duration.ofSeconds(60), Duration.ofMinutes(10)));
        client.onEvent(event -> {
            byte[] end = expected;
            if (event.length > end.length && Arrays.equals(event, event.length - end.length, event.length, end, 0, end.length)) {
                arrivals.countDown();
            }
        });
        String answer = client.request("JOIN #all").text();
        if (!answer.equals("OK")) {
            throw new IOException(answer);
        }
        return client;
    }
}
