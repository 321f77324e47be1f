package dev.cipherlink.crash;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.client.Client;
import dev.cipherlink.crypto.Identity;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// One client asks for as much as it can, and another is served meanwhile, by a server with one carrier and little memory.
@Timeout(300)
class FairnessIT {
    /// What another client waits for one answer at most. Without a bound it waited for 20 s and more, on a quiet machine.
    private static final Duration PATIENCE = Duration.ofSeconds(8);

    @TempDir
    Path folder;

    private final Identity greedy = Identity.generate();
    private final Identity modest = Identity.generate();
    private ServerProcess server;

    @BeforeEach
    void makeServer() throws Exception {
        server = new ServerProcess(folder, folder.resolve("data"), Map.of("CIPHERLINK_SERVER_HANDSHAKES_PER_SECOND", "1000",
                "CIPHERLINK_STORE_ENGINE", "memory"));
    }

    @AfterEach
    void end() {
        server.close();
        greedy.close();
        modest.close();
    }

    private Client greedyClient() throws Exception {
        return Client.connect(server.clientConfig(greedy));
    }

    private static List<CompletableFuture<String>> ask(Client client, String request, int times) throws Exception {
        byte[] bytes = request.getBytes(StandardCharsets.US_ASCII);
        var answers = new ArrayList<CompletableFuture<String>>();
        for (int i = 0; i < times; i++) {
            answers.add(client.requestAsync(bytes).thenApply(reply -> reply.isError() ? reply.reason() : "good"));
        }
        return answers;
    }

    /// Has another client ask and be answered, until all these are answered.
    ///
    /// @return how often it was
    private int serveAnother(List<CompletableFuture<String>> answers, String request) throws Exception {
        CompletableFuture<Void> all = CompletableFuture.allOf(answers.toArray(CompletableFuture[]::new));
        int served = 0;
        try (Client other = Client.connect(server.clientConfig(modest))) {
            while (!all.isDone() || served == 0) {
                long before = System.nanoTime();
                String answer = other.request(request).text();
                Duration took = Duration.ofNanos(System.nanoTime() - before);
                assertTrue(took.compareTo(PATIENCE) < 0, request + " took " + took + " after " + served + " others");
                assertTrue(!answer.startsWith("ERROR"), answer);
                served++;
                TimeUnit.MILLISECONDS.sleep(20);
            }
        }
        for (CompletableFuture<String> answer : answers) {
            assertEquals("good", answer.get(60, TimeUnit.SECONDS));
        }
        return served;
    }

    /// Issue 13.10: with the store in memory, keys were counted on the carrier; 1,000 such requests in one batch froze everybody
    /// for half a minute.
    @Test
    void countingManyKeysLetsOthersRun() throws Exception {
        server.start();
        try (Client client = greedyClient()) {
            for (int i = 0; i < 100_000; i++) {
                client.requestAsync(("SET key" + i + " v").getBytes(StandardCharsets.US_ASCII));
            }
            assertEquals("100000", client.request("COUNT").text());
            int served = serveAnother(ask(client, "COUNT key", 400), "PING");
            assertTrue(served > 3, served + " while keys were counted");
        }
    }
}
