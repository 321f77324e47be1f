package dev.cipherlink.store.disk;

import dev.cipherlink.store.KeyValueStore;
import dev.cipherlink.store.KeyVerbsContract;
import dev.cipherlink.store.StoreLimits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class RocksKeyVerbsTest extends KeyVerbsContract {
    @TempDir
    Path folder;

    @Override
    public KeyValueStore open(StoreLimits limits) throws IOException {
        return RocksStores.fast(Files.createTempDirectory(folder, "store"), limits, clock);
    }
}
