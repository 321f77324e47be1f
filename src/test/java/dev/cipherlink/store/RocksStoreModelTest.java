package dev.cipherlink.store;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;

class RocksStoreModelTest extends StoreModelContract {
    @TempDir
    Path folder;

    @Override
    KeyValueStore open(StoreLimits limits) throws IOException {
        return RocksStores.fast(folder.resolve("store"), limits, clock);
    }

    @Override
    int steps() {
        return 1_000;
    }

    @Override
    void checkEnd(KeyValueStore store, int keys, long deadlines, long bytes) throws IOException {
        assertEquals(List.of(), ((RocksStore) store).check());
    }
}
