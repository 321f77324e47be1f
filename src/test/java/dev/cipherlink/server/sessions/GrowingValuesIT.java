package dev.cipherlink.server.sessions;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.client.Client;
import dev.cipherlink.client.ClientConfig;
import dev.cipherlink.command.Reply;
import dev.cipherlink.crypto.SharedKey;
import dev.cipherlink.server.Server;
import dev.cipherlink.server.ServerConfig;
import dev.cipherlink.store.Key;
import dev.cipherlink.store.KeyValueStore;
import dev.cipherlink.store.KeyValueStore.Durability;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.StoreLimits;
import dev.cipherlink.store.disk.RocksConfig;
import dev.cipherlink.store.disk.RocksStore;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Values that grow between the moment when `MGET` has memory for them and the moment when it reads them: it read them all the same,
/// up to 10,000 of 16 MiB.
class GrowingValuesIT {
    private static final int MAX_BYTES = 1 << 20;
    private static final int KEYS = 3;

    @TempDir
    Path folder;

    private final AtomicInteger runs = new AtomicInteger();

    @Test
    void areReadWithMemoryForThem() throws Exception {
        Reply reply = mget(100_000);
        assertTrue(reply.payload().length > KEYS * 100_000);
        assertEquals(2, runs.get());
    }

    @Test
    void areRefusedBeforeTheyAreRead() throws Exception {
        Reply reply = mget(MAX_BYTES);
        assertEquals("a transaction must read at most " + 2 * MAX_BYTES + " bytes", reply.reason());
        assertEquals(1, runs.get());
    }

    /// @param bytes of each value in the end
    private Reply mget(int bytes) throws Exception {
        SharedKey key = SharedKey.generate();
        try (var store = RocksStore.open(folder.resolve("store"), RocksConfig.of(StoreLimits.ofDisk(MAX_BYTES), Durability.OS));
                var server = Server.start(ServerConfig.loopback(key).with(to -> to.maxValueBytes = MAX_BYTES), growing(store, bytes));
                Client client = Client.connect(ClientConfig.to("127.0.0.1", server.address().getPort(), key))) {
            for (int i = 0; i < KEYS; i++) {
                store.set(key(i), new byte[3_000]);
            }
            return client.request("MGET 0 1 2".getBytes(ISO_8859_1));
        }
    }

    private static Key key(int number) {
        return Key.of(Integer.toString(number).getBytes(ISO_8859_1));
    }

    /// The store, whose values grow when the first run begins.
    private KeyValueStore growing(KeyValueStore store, int bytes) {
        return (KeyValueStore) Proxy.newProxyInstance(getClass().getClassLoader(), new Class<?>[] {KeyValueStore.class},
                (_, method, arguments) -> {
                    if (method.getName().equals("atomically") && runs.incrementAndGet() == 1) {
                        // Not in the transaction of the session.
                        CompletableFuture.runAsync(() -> grow(store, bytes)).join();
                    }
                    try {
                        return method.invoke(store, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    private static void grow(KeyValueStore store, int bytes) {
        try {
            for (int i = 0; i < KEYS; i++) {
                store.set(key(i), new byte[bytes]);
            }
        } catch (StoreException e) {
            throw new IllegalStateException(e);
        }
    }
}
