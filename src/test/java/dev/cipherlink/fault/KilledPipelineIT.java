package dev.cipherlink.fault;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.client.Client;
import dev.cipherlink.server.TestServer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The program itself, fed a long pipeline while its connections are killed over and over.
class KilledPipelineIT {

    private static final int REQUESTS = 100_000;
    /// Answers between two kills.
    private static final int ANSWERS = 4_000;

    @TempDir
    Path folder;

    @Test
    void kvRunsEachOfItsLinesOnceAlthoughItsConnectionsAreKilled() throws Exception {
        try (var server = TestServer.start(); var proxy = FaultProxy.to(server.port())) {
            server.key().save(folder.resolve("k"), false);
            try (var child = ChildProgram.start(folder, "true", List.of(), "kv", "-s", "127.0.0.1:" + proxy.port(),
                    "--shared-key", "k")) {
                Thread.startVirtualThread(() -> feed(child));
                var kills = new AtomicInteger();
                for (int i = 1; i <= REQUESTS; i++) {
                    assertEquals(String.valueOf(i), child.line());
                    if (i % ANSWERS == 0) {
                        proxy.endAll(Ending.values()[kills.getAndIncrement() % 2]);
                    }
                }
                assertEquals(0, child.await());
                assertTrue(proxy.accepted() > kills.get() / 2, proxy.accepted() + " connections");
            }
            try (var client = Client.connect(server.clientConfig())) {
                assertEquals(String.valueOf(REQUESTS), client.request("GET n").text());
            }
        }
    }

    private static void feed(ChildProgram child) {
        try {
            for (int i = 0; i < REQUESTS / 1_000; i++) {
                child.type("INCR n\n".repeat(1_000));
            }
            child.endInput();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
