package dev.cipherlink.store.disk;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.cipherlink.store.KeyValueStore;
import dev.cipherlink.store.StoreLimits;
import dev.cipherlink.store.StoreModelContract;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;

class RocksStoreModelTest extends StoreModelContract {
    @TempDir
    Path folder;

    @Override
    public KeyValueStore open(StoreLimits limits) throws IOException {
        return RocksStores.fast(folder.resolve("store"), limits, clock);
    }

    @Override
    public int steps() {
        return 1_000;
    }

    @Override
    public void checkEnd(KeyValueStore store, int keys, long deadlines, long bytes) throws IOException {
        assertEquals(List.of(), ((RocksStore) store).check());
    }
}
