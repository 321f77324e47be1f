package dev.cipherlink.store.disk;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.cipherlink.store.KeyValueStore;
import dev.cipherlink.store.StoreConcurrencyContract;
import dev.cipherlink.store.StoreLimits;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;

class RocksStoreConcurrencyTest extends StoreConcurrencyContract {
    @TempDir
    Path folder;

    @Override
    public KeyValueStore open() throws IOException {
        return RocksStores.fast(folder.resolve("store"), StoreLimits.ofDisk(1 << 20), System::nanoTime);
    }

    @Override
    public int rounds() {
        return 500;
    }

    @Override
    public void checkContent(int keys, int deadlines) throws Exception {
        assertEquals(keys, store.size());
        assertEquals(List.of(), ((RocksStore) store).check());
    }
}
