package dev.cipherlink.server.sessions;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.cipherlink.budget.MemoryBudget;
import dev.cipherlink.client.Client;
import dev.cipherlink.client.ClientConfig;
import dev.cipherlink.crypto.SharedKey;
import dev.cipherlink.server.Server;
import dev.cipherlink.server.ServerConfig;
import dev.cipherlink.store.KeyValueStore.Durability;
import dev.cipherlink.store.StoreLimits;
import dev.cipherlink.store.disk.RocksConfig;
import dev.cipherlink.store.disk.RocksStore;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Limits of what commands on keys write and answer, between clients and a server with its store on disk.
class CommandLimitsIT {
    @TempDir
    Path folder;

    private final SharedKey key = SharedKey.generate();
    private RocksStore store;
    private Server server;

    @BeforeEach
    void start() throws IOException {
        store = RocksStore.open(folder.resolve("store"), RocksConfig.of(StoreLimits.ofDisk(16 << 20), Durability.ALWAYS));
        server = Server.start(ServerConfig.loopback(key), store);
    }

    @AfterEach
    void stop() {
        server.close();
        store.close();
    }

    private Client client() throws IOException {
        return Client.connect(ClientConfig.to("127.0.0.1", server.address().getPort(), key));
    }

    private static String ask(Client client, String command) throws Exception {
        return client.request(command.getBytes(ISO_8859_1)).text();
    }

    private static String transaction(String begin, String command, int count) {
        return begin + "\n" + (command.length() + " " + command).repeat(count);
    }

    /// Each of the commands would make 16 MiB, while other writers wait.
    @Test
    void aTransactionEndsWhereItWritesTooMuch() throws Exception {
        try (Client ann = client()) {
            String refusal = "ERROR a transaction must write at most 33554432 bytes";
            assertEquals(refusal, ask(ann, transaction("TXN EACH", "SETRANGE k 16777215 x", 400)));
            assertEquals(refusal, ask(ann, transaction("TXN", "SETRANGE k 16777215 x", 3)));
            assertEquals("0", ask(ann, "EXISTS k"));
            assertEquals("+8 16777216\n+8 16777216", ask(ann, transaction("TXN EACH", "SETRANGE k 16777215 x", 2)));
            assertEquals(refusal, ask(ann, transaction("TXN EACH", "APPEND k ", 3)));
        }
    }

    @Test
    void answersAndLongerValuesNeedMemory() throws Exception {
        MemoryBudget budget = AnswerBudget.BUDGET;
        var commands = List.of("MGET" + " small".repeat(200), transaction("TXN", "GET small", 200),
                transaction("TXN EACH", "GETRANGE small 0 -1", 200), "TXN\n13 COPY small to" + "6 GET to".repeat(200),
                "SETRANGE new 1000000 x", "TXN\n22 SETRANGE new 1000000 x", "TXN EACH\n22 SETRANGE new 1000000 x7 GET new");
        try (Client ann = client(); var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            assertEquals("OK", ask(ann, "SET small " + "s".repeat(60_000)));
            assertEquals(true, budget.take("other", budget.bytes(), 0, Duration.ofSeconds(30)));
            try {
                var answers = new ArrayList<CompletableFuture<String>>();
                for (String command : commands) {
                    answers.add(CompletableFuture.supplyAsync(() -> {
                        try (Client client = client()) {
                            return ask(client, command);
                        } catch (Exception e) {
                            return e.toString();
                        }
                    }, threads));
                }
                for (int i = 0; i < commands.size(); i++) {
                    String answer = answers.get(i).get();
                    assertEquals("ERROR the server has no memory for a value of this size now; try again later",
                            answer.substring(0, Math.min(100, answer.length())), commands.get(i).substring(0, 20));
                }
                assertEquals("60000", ask(ann, "STRLEN small"));
                assertEquals("+4 ssss", ask(ann, "TXN\n18 GETRANGE small 0 3"));
            } finally {
                budget.giveBack("other", budget.bytes());
            }
            assertEquals("0", ask(ann, "EXISTS new"));
            assertEquals("1000001", ask(ann, "SETRANGE new 1000000 x"));
        }
    }
}
