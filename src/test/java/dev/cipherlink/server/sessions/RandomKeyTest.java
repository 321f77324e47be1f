package dev.cipherlink.server.sessions;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.store.Key;
import dev.cipherlink.store.KeyValueStore;
import dev.cipherlink.store.MemoryStore;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.StoreLimits;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// The key that `RANDOMKEY` chooses.
class RandomKeyTest {
    private final MemoryStore store = new MemoryStore(new StoreLimits(1_000, 10_000_000));
    private int listings;

    @AfterEach
    void close() {
        store.close();
    }

    private void set(String name) throws StoreException {
        store.set(Key.of(name.getBytes(UTF_8)), new byte[0]);
    }

    private void chooseUntilSeen(Set<String> wanted) throws StoreException {
        var left = new HashSet<>(wanted);
        for (int i = 0; i < 100_000 && !left.isEmpty(); i++) {
            left.remove(new String(RandomKey.choose(store).bytes(), UTF_8));
        }
        assertEquals(Set.of(), left);
    }

    @Test
    void findsKeysThatArePrefixesOfManyOthers() throws StoreException {
        assertNull(RandomKey.choose(store));
        set("user");
        set("v");
        chooseUntilSeen(Set.of("user", "v"));
        for (int i = 0; i < 1_200; i++) {
            set("user:" + (10_000 + i));
        }
        chooseUntilSeen(Set.of("user", "v", "user:10000", "user:10600", "user:11199"));
    }

    @Test
    void findsKeysBehindALongCommonPrefix() throws StoreException {
        String prefix = "p".repeat(400);
        for (int i = 0; i < 3_000; i++) {
            set(prefix + (10_000 + i));
        }
        chooseUntilSeen(Set.of(prefix + 10_000, prefix + 12_999));
    }

    /// Passes listings on, and counts those of more than one key.
    private KeyValueStore counted() {
        return (KeyValueStore) Proxy.newProxyInstance(getClass().getClassLoader(), new Class<?>[] {KeyValueStore.class},
                (_, method, arguments) -> {
                    listings += (int) arguments[1] > 1 ? 1 : 0;
                    try {
                        return method.invoke(store, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    @Test
    void listsAFewTimesOnly() throws StoreException {
        for (int length = 1; length <= 512; length++) {
            set("a".repeat(length));
        }
        String prefix = "a".repeat(500);
        for (int i = 0; i < 1_200; i++) {
            set(prefix + (1_000 + i));
        }
        for (int i = 0; i < 20; i++) {
            listings = 0;
            assertNotNull(RandomKey.choose(counted()));
            assertTrue(listings <= 65, listings + " listings");
        }
    }
}
