package dev.cipherlink.cli;

import dev.cipherlink.crypto.TrustedPath;
import dev.cipherlink.store.Durability;
import dev.cipherlink.store.KeyValueStore;
import dev.cipherlink.store.MemoryStore;
import dev.cipherlink.store.RocksConfig;
import dev.cipherlink.store.RocksStore;
import dev.cipherlink.store.StoreLimits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/// The store of `serve`, and while it is open the door through which `store` on the same machine can ask for a copy.
///
/// @param door null for a store in memory
record OpenStore(KeyValueStore store, StoreDoor door) implements Closing {
    private static final String FOLDER = "store";

    /// @throws CliException if it cannot be used
    static OpenStore open(Settings settings) {
        int maxValueBytes = (int) settings.size(Setting.STORE_MAX_VALUE_SIZE);
        if (settings.word(Setting.STORE_ENGINE).equals("memory")) {
            return new OpenStore(new MemoryStore(new StoreLimits(maxValueBytes, StoreLimits.ofHeap().maxBytes())), null);
        }
        var durability = Durability.valueOf(settings.word(Setting.STORE_DURABILITY).toUpperCase(Locale.ROOT));
        Path folder = folder(settings);
        RocksStore store = open(folder, RocksConfig.of(StoreLimits.ofDisk(maxValueBytes), durability));
        return new OpenStore(store, StoreDoor.open(folder, store));
    }

    static RocksStore open(Path folder, RocksConfig config) {
        try {
            TrustedPath.createFolders(folder.getParent());
            return RocksStore.open(folder, config);
        } catch (IOException e) {
            throw failure(e);
        }
    }

    static CliException failure(IOException e) {
        return CliException.usage("cannot use the store: " + FailureText.withFile(e)).withCause(e);
    }

    /// Below the folder of the server's data.
    ///
    /// @return without links; it need not exist
    /// @throws CliException if somebody else could change what is in one of the two
    static Path folder(Settings settings) {
        Path data = settings.file(Setting.SERVER_DATA).orElseThrow(() ->
                CliException.usage("no data folder: there is no home folder to have one in; give --data DIR"));
        try {
            return TrustedPath.resolve(TrustedPath.resolve(data).resolve(FOLDER));
        } catch (IOException e) {
            throw failure(e);
        }
    }

    /// What would keep a store from being opened, as far as a look without opening it tells.
    static void check(Settings settings) {
        if (settings.word(Setting.STORE_ENGINE).equals("memory")) {
            return;
        }
        Path folder = folder(settings);
        for (Path each = folder.toAbsolutePath(); each != null; each = each.getParent()) {
            if (Files.exists(each)) {
                if (!Files.isDirectory(each) || !Files.isWritable(each)) {
                    throw CliException.usage("cannot use the store: " + TerminalText.escapeLine(each.toString())
                            + " is no folder that can be written");
                }
                return;
            }
        }
    }

    @Override
    public void close() {
        if (door != null) {
            door.close();
        }
        store.close();
    }
}
