package dev.cipherlink.store.disk;

import dev.cipherlink.store.HeldKeysContract;
import dev.cipherlink.store.KeyValueStore;
import dev.cipherlink.store.ManualClock;
import dev.cipherlink.store.StoreLimits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class RocksHeldKeysTest extends HeldKeysContract {
    @TempDir
    Path folder;

    @Override
    public KeyValueStore open(StoreLimits limits) throws IOException {
        return RocksStores.fast(Files.createTempDirectory(folder, "store"), limits, new ManualClock());
    }
}
