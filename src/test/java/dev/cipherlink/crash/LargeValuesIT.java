package dev.cipherlink.crash;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.client.Client;
import dev.cipherlink.client.ClientConfig;
import dev.cipherlink.client.ClientConfig.Credentials;
import dev.cipherlink.crypto.SharedKey;
import dev.cipherlink.message.Message;
import dev.cipherlink.message.Message.MessageType;
import dev.cipherlink.server.RawPeer;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
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

/// Many read large values at once, from a server whose heap has 256 MiB. It held all of them in its memory, up to three times
/// each, and the thread that waits for its sockets died of that: the process lived on and served nobody.
@Tag("slow")
class LargeValuesIT {
    private static final int VALUE_BYTES = 4 << 20;
    private static final int CLIENTS = 2;
    private static final int REQUESTS = 64;
    private static final int LEAVING = 12;
    private static final int SLOW = 80;
    private static final byte[] GET = "GET v".getBytes(StandardCharsets.US_ASCII);

    @TempDir
    Path folder;

    private ServerProcess server;

    @BeforeEach
    void start() throws Exception {
        server = new ServerProcess(folder, folder.resolve("data"), Map.of("CIPHERLINK_SERVER_HANDSHAKES_PER_SECOND", "1000"));
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
    void readersOfLargeValuesWaitForEachOther() throws Exception {
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

    /// Each of them kept its value in the server's memory for as long as it liked.
    @Test
    void clientsThatDoNotReadKeepOnlyAShareOfTheMemory() throws Exception {
        ClientConfig config = server.clientConfig(1);
        SharedKey key = ((Credentials.Shared) config.credentials()).key();
        var slow = new ArrayList<RawPeer>();
        try {
            for (int i = 0; i < SLOW; i++) {
                slow.add(new RawPeer(new Socket(config.host(), config.port()), key).establish(1));
                slow.getLast().send(MessageType.DATA, 1, "GET v");
            }
            try (Client other = Client.connect(config)) {
                assertEquals("PONG", other.request("PING").text());
            }
            int served = 0;
            for (RawPeer peer : slow) {
                Message answer = peer.receive();
                served += answer.type() == MessageType.PART ? 1 : 0;
                assertTrue(answer.type() == MessageType.PART || answer.payload().text().contains("no memory"), () -> answer + "");
            }
            // All of them are one client, since they share a key: it leaves half to others.
            assertTrue(served >= 3, served + " have room");
        } finally {
            for (RawPeer peer : slow) {
                peer.close();
            }
        }
    }

    /// Their readers went away in the middle: nothing may be kept for them.
    @Test
    void readersThatLeaveGiveTheMemoryBack() throws Exception {
        for (int i = 0; i < LEAVING; i++) {
            try (Client client = Client.connect(server.clientConfig(1 + i % 2))) {
                List<CompletableFuture<?>> answers = new ArrayList<>();
                for (int j = 0; j < REQUESTS; j++) {
                    answers.add(client.requestAsync(GET));
                }
                answers.getFirst().get(60, TimeUnit.SECONDS);
            }
        }
        try (Client client = Client.connect(server.clientConfig(2))) {
            for (int i = 0; i < LEAVING; i++) {
                assertEquals(VALUE_BYTES + 1, client.request(GET).payload().length);
            }
        }
    }
}
