package dev.cipherlink.store.disk;

import dev.cipherlink.store.KeyValueStore;
import dev.cipherlink.store.StoreContract;
import dev.cipherlink.store.StoreLimits;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class RocksStoreContractTest extends StoreContract {
    @TempDir
    Path folder;

    @Override
    public KeyValueStore open(StoreLimits limits) throws IOException {
        return RocksStores.fast(folder.resolve("store"), limits, clock);
    }
}
