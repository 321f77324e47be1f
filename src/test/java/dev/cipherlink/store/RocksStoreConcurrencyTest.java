package dev.cipherlink.store;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;

class RocksStoreConcurrencyTest extends StoreConcurrencyContract {
    @TempDir
    Path folder;

    @Override
    KeyValueStore open() throws IOException {
        return RocksStores.fast(folder.resolve("store"), StoreLimits.ofDisk(1 << 20), System::nanoTime);
    }

    @Override
    int rounds() {
        return 500;
    }

    @Override
    void checkContent(int keys, int deadlines) throws Exception {
        assertEquals(keys, store.size());
        assertEquals(List.of(), ((RocksStore) store).check());
    }
}
