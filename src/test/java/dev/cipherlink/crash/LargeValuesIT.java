package dev.cipherlink.crash;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.cipherlink.client.Client;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
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

/// Many read large values at once, from a server whose heap has 256 MiB. It held all of them in its memory, up to three times
/// each, and the thread that waits for its sockets died of that: the process lived on and served nobody.
@Timeout(180)
class LargeValuesIT {
    private static final int VALUE_BYTES = 4 << 20;
    private static final int CLIENTS = 4;
    private static final int REQUESTS = 12;
    private static final byte[] GET = "GET v".getBytes(StandardCharsets.US_ASCII);

    @TempDir
    Path folder;

    private ServerProcess server;

    @BeforeEach
    void start() throws Exception {
        server = new ServerProcess(folder, folder.resolve("data"), Map.of());
        server.start();
        try (Client client = Client.connect(server.clientConfig(2))) {
            assertEquals("OK", client.request("SET v " + "x".repeat(VALUE_BYTES)).text());
        }
    }

    @AfterEach
    void end() {
        server.close();
    }

    @Test
    void thoseWhoReadThemWaitForEachOther() throws Exception {
        var clients = new ArrayList<Client>();
        var lengths = new ArrayList<CompletableFuture<Integer>>();
        try {
            for (int i = 0; i < CLIENTS; i++) {
                clients.add(Client.connect(server.clientConfig(2)));
            }
            for (Client client : clients) {
                for (int i = 0; i < REQUESTS; i++) {
                    lengths.add(client.requestAsync(GET).thenApply(reply -> reply.payload().length));
                }
            }
            try (Client other = Client.connect(server.clientConfig(2))) {
                for (int i = 0; i < 20; i++) {
                    assertEquals("PONG", other.request("PING").text());
                }
            }
            for (CompletableFuture<Integer> length : lengths) {
                assertEquals(VALUE_BYTES + 1, length.get(120, TimeUnit.SECONDS));
            }
        } finally {
            for (Client client : clients) {
                client.close();
            }
        }
    }

    /// Their readers went away in the middle: nothing may be kept for them.
    @Test
    void readersWhoLeaveGiveTheRoomBack() throws Exception {
        for (int i = 0; i < 3 * CLIENTS; i++) {
            try (Client client = Client.connect(server.clientConfig(1 + i % 2))) {
                List<CompletableFuture<?>> answers = new ArrayList<>();
                for (int j = 0; j < REQUESTS; j++) {
                    answers.add(client.requestAsync(GET));
                }
                answers.getFirst().get(60, TimeUnit.SECONDS);
            }
        }
        try (Client client = Client.connect(server.clientConfig(2))) {
            for (int i = 0; i < REQUESTS; i++) {
                assertEquals(VALUE_BYTES + 1, client.request(GET).payload().length);
            }
        }
    }
}
