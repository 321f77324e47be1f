package dev.cipherlink.crash;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.cipherlink.client.Client;
import dev.cipherlink.client.ClientConfig;
import dev.cipherlink.command.Reply;
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
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The session records of any clients never keep a server from starting again.
@Tag("slow")
class SessionRecordsIT {
    private static final int WINDOW = 1_024;
    private static final byte[] ECHO = ("ECHO " + "x".repeat(1_000)).getBytes(StandardCharsets.US_ASCII);

    @TempDir
    Path folder;

    private ServerProcess server;

    @BeforeEach
    void start() throws Exception {
        server = new ServerProcess(folder, folder.resolve("data"), Map.of("CIPHERLINK_STORE_DURABILITY", "os",
                "CIPHERLINK_SERVER_GRACE_PERIOD", "1s"));
        server.start();
    }

    @AfterEach
    void end() {
        server.close();
    }

    private Client connect() throws Exception {
        ClientConfig config = server.clientConfig(2).withWindowSize(WINDOW).withReconnect(Duration.ofMinutes(2));
        return Client.connect(config);
    }

    /// A change, and before it as many large answers as the window takes.
    private static void fillWindow(Client client, int times) throws Exception {
        for (int i = 1; i <= times; i++) {
            for (int j = 1; j < WINDOW; j++) {
                client.requestAsync(ECHO);
            }
            CompletableFuture<Reply> set = client.requestAsync(("SET n " + i).getBytes(StandardCharsets.US_ASCII));
            assertEquals("OK", set.get(60, TimeUnit.SECONDS).text());
        }
    }

    /// Issue 13.8: one session recorded a window of batches, each with a window of answers: 1 GiB, and no start had the memory for
    /// them.
    @Test
    void aServerStartsWhateverOneSessionMadeItRecord() throws Exception {
        try (Client client = connect()) {
            fillWindow(client, 100);
            String session = client.session().sessionId();
            server.terminate();
            server.limitHeap("64m");
            server.start();
            assertEquals("100", client.request("GET n").text());
            assertEquals(session, client.session().sessionId());
        }
    }

    /// Issue 13.8: all sessions together had no bound when they were read again.
    @Test
    void aServerStartsWhateverManySessionsMadeItRecord() throws Exception {
        server.terminate();
        server.limitHeap("1g");
        server.start();
        List<Client> clients = new ArrayList<>();
        try {
            for (int i = 0; i < 60; i++) {
                clients.add(connect());
                fillWindow(clients.getLast(), 1);
            }
            server.kill();
            server.limitHeap("64m");
            server.start();
            try (Client other = connect()) {
                assertEquals("1", other.request("GET n").text());
            }
            assertFalse(server.said().contains("OutOfMemoryError"), server::said);
        } finally {
            for (Client client : clients) {
                client.close();
            }
        }
    }
}
