package dev.cipherlink.crash;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.client.Client;
import dev.cipherlink.command.Reply;
import dev.cipherlink.crypto.Identity;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A server on disk with little memory, and several clients with values that are large for it.
@Tag("slow")
class ServerMemoryIT {
    private static final int CLIENTS = 5;
    private static final int REQUESTS = 8;
    private static final int MEBIBYTE = 1 << 20;
    /// Resident memory beside the heap, as docs/design/memory.md has it: the JVM and RocksDB.
    private static final int JVM_MEBIBYTES = 144;
    private static final int ROCKSDB_MEBIBYTES = 16;

    @TempDir
    Path folder;

    private ServerProcess server;
    private final AtomicInteger refused = new AtomicInteger();

    @AfterEach
    void end() {
        server.close();
    }

    private void start(String heap) throws Exception {
        // As the launcher has them.
        server = new ServerProcess(folder, folder.resolve("data"), Map.of("CIPHERLINK_STORE_DURABILITY", "os", "MALLOC_ARENA_MAX", "2",
                "MALLOC_MMAP_THRESHOLD_", "131072", "MALLOC_TRIM_THRESHOLD_", "131072"));
        server.limitHeap(heap);
        server.start();
    }

    /// Sets a key of its own to values of so many MiB, and reads it, as long as it is not refused for want of memory.
    private Void setAndGet(int number, int maxMebibytes) throws Exception {
        var random = new Random(number);
        byte[] key = ("k" + number).getBytes(StandardCharsets.US_ASCII);
        try (Identity identity = Identity.generate(); Client client = Client.connect(server.clientConfig(identity))) {
            byte[] last = {};
            for (int i = 0; i < REQUESTS; i++) {
                byte[] set = new byte[7 + MEBIBYTE + random.nextInt((maxMebibytes - 1) * MEBIBYTE + 1)];
                Arrays.fill(set, (byte) ('a' + i));
                System.arraycopy("SET ".getBytes(StandardCharsets.US_ASCII), 0, set, 0, 4);
                System.arraycopy(key, 0, set, 4, 2);
                set[6] = ' ';
                Reply reply = client.request(set);
                if (requireGoodOrRefused(reply)) {
                    last = Arrays.copyOfRange(set, 7, set.length);
                }
                Reply read = client.request(("GET k" + number).getBytes(StandardCharsets.US_ASCII));
                if (last.length > 0 && requireGoodOrRefused(read)) {
                    assertArrayEquals(last, Arrays.copyOf(read.payload(), read.payload().length - 1));
                }
            }
        }
        return null;
    }

    private boolean requireGoodOrRefused(Reply reply) {
        if (reply.isError()) {
            assertTrue(reply.reason().contains("memory"), () -> reply.reason() + server.said());
            refused.incrementAndGet();
        }
        return !reply.isError();
    }

    private void setAndGetAll(int maxMebibytes) throws Exception {
        try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            var clients = new ArrayList<Callable<Void>>();
            for (int i = 0; i < CLIENTS; i++) {
                int number = i;
                clients.add(() -> setAndGet(number, maxMebibytes));
            }
            List<Future<Void>> ends = executor.invokeAll(clients);
            for (Future<Void> end : ends) {
                end.get(200, TimeUnit.SECONDS);
            }
        }
    }

    /// Issue 13.7a: an OutOfMemoryError in the applier's thread, or after an append, stopped all writes until a restart, as a failure
    /// of the disk, and the log had no line of it.
    @ParameterizedTest
    @ValueSource(strings = {"48m", "72m"})
    void tooLittleHeapRefusesSomeAndStopsNothing(String heap) throws Exception {
        start(heap);
        setAndGetAll(15);
        try (Client client = Client.connect(server.clientConfig(2))) {
            assertEquals("OK", client.request("SET after " + "v".repeat(MEBIBYTE)).text());
            assertEquals(MEBIBYTE + 1, client.request("GET after".getBytes(StandardCharsets.US_ASCII)).payload().length);
            assertTrue(client.request("INFO").text().contains("store_state: good"));
        }
        assertFalse(server.said().contains("takes no writes"), server::said);
        assertFalse(server.said().contains("INTERNAL_ERROR"), server::said);
        assertTrue(refused.get() > 0, "values of 15 MiB do not fit into " + heap);
        server.terminate();
    }

    /// Issue 13.7a: 280 to 580 MiB were resident at heaps of 48 to 256 MiB.
    @Test
    void memoryBesideTheHeapIsBounded() throws Exception {
        start("64m");
        setAndGetAll(4);
        long peak = server.peakResidentBytes() / MEBIBYTE;
        System.out.println("resident at most: " + peak + " MiB with a heap of 64 MiB, " + refused + " refused");
        assertTrue(peak <= 64 + JVM_MEBIBYTES + ROCKSDB_MEBIBYTES, peak + " MiB are resident");
        assertTrue(Files.size(server.store().resolve("last-commit")) > 0);
    }
}
