package dev.cipherlink.store;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class RocksStoreContractTest extends StoreContract {
    @TempDir
    Path folder;

    @Override
    KeyValueStore open(StoreLimits limits) throws IOException {
        return RocksStores.fast(folder.resolve("store"), limits, clock);
    }
}
