package dev.cipherlink.store.disk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.cipherlink.store.Key;
import dev.cipherlink.store.KeyValueStore;
import dev.cipherlink.store.KeyValueStore.Atomic;
import dev.cipherlink.store.KeyValueStore.Need;
import dev.cipherlink.store.KeyVerbs;
import dev.cipherlink.store.KeyVerbsContract;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.StoreException.Reason;
import dev.cipherlink.store.StoreLimits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RocksKeyVerbsTest extends KeyVerbsContract {
    @TempDir
    Path folder;

    @Override
    public KeyValueStore open(StoreLimits limits) throws IOException {
        return RocksStores.fast(Files.createTempDirectory(folder, "store"), limits, clock);
    }

    /// A value that grew while its reader waited for memory was read all the same.
    @Test
    void readsNoMoreThanARunAllows() throws IOException, StoreException {
        Key key = Key.of(new byte[] {'k'});
        try (KeyValueStore store = open(new StoreLimits(30_000, 1_000_000))) {
            store.set(key, new byte[20_000]);
            assertEquals(20_000, read(store, key, 20_000));
            assertEquals(Reason.CHANGED, assertThrows(StoreException.class, () -> read(store, key, 19_999)).reason());
        }
    }

    private static int read(KeyValueStore store, Key key, long maxBytes) throws StoreException {
        return store.atomically(Map.of(key, Need.VALUE), true, new Atomic<Integer>() {
            @Override
            public Integer run(KeyVerbs verbs) throws StoreException {
                return verbs.get(key).length;
            }

            @Override
            public long maxReadBytes() {
                return maxBytes;
            }
        });
    }
}
