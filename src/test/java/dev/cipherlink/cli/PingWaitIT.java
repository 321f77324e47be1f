package dev.cipherlink.cli;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.console.Terminal;
import dev.cipherlink.crypto.SharedKey;
import dev.cipherlink.forward.Programs;
import dev.cipherlink.server.Restart;
import dev.cipherlink.server.ServerConfig;
import dev.cipherlink.store.MemoryStore;
import dev.cipherlink.store.StoreLimits;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Issue 14.17: `ping --wait` for a server that is just starting.
class PingWaitIT {
    @TempDir
    Path folder;
    private Terminal terminal;
    private Socket refusing;
    private int port;

    @BeforeEach
    void makeAKeyAndTakeAPort() throws Exception {
        terminal = new Terminal(folder);
        assertEquals(0, terminal.run("keygen", "shared", "key"), terminal.err());
        refusing = Programs.refusingPort();
        port = refusing.getLocalPort();
    }

    @AfterEach
    void leavePort() throws IOException {
        refusing.close();
    }

    private int ping(String patience) {
        return terminal.run("ping", "-n", "1", "-s", "127.0.0.1:" + port, "--shared-key", "key", "--wait", patience);
    }

    @Test
    void returnsOnceTheServerAnswers() throws Exception {
        var status = CompletableFuture.supplyAsync(() -> ping("40s"));
        // It has been refused many times when the server comes.
        await().during(Duration.ofMillis(500)).until(() -> !status.isDone());
        refusing.close();
        try (var key = SharedKey.load(folder.resolve("key")); var store = new MemoryStore(StoreLimits.ofHeap());
             var server = Restart.of(ServerConfig.loopback(key).with(to -> to.port = port), store)) {
            assertEquals(port, server.address().getPort());
            assertEquals(0, status.get(), terminal::err);
        }
    }

    @Test
    void givesUpWithTheReasonWhenTheTimeIsOver() {
        assertEquals(3, ping("300ms"));
        assertTrue(terminal.err().startsWith("cipherlink: cannot connect to 127.0.0.1:" + port), terminal.err());
    }

    @Test
    void doesNotWaitForAnythingElse() {
        assertEquals(2, ping("forever"));
        assertTrue(terminal.err().contains("wrong value for --wait: 'forever'"), terminal.err());
    }
}
