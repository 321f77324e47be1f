package dev.cipherlink.store;

import dev.cipherlink.store.KeyValueStore.Durability;
import dev.cipherlink.store.disk.RocksConfig;
import dev.cipherlink.store.disk.RocksStore;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/// How a store does with very many keys: loads them, is opened again, and lists them. Not part of the build; run it with the
/// classes of the tests and the program, the folder of a new store, how many keys, and `EVERYSEC` or another durability.
final class MillionsOfKeys {
    private static final int UNIT = 1_000;
    private static final int THREADS = 4;
    private static final int VALUE_BYTES = 100;

    private MillionsOfKeys() {
    }

    public static void main(String[] args) throws Exception {
        Path folder = Path.of(args[0]);
        int keys = Integer.parseInt(args[1]);
        var durability = Durability.valueOf(args[2]);
        long startedAt = System.nanoTime();
        if (!Files.exists(folder)) {
            try (RocksStore store = open(folder, durability)) {
                load(store, keys);
                say("loaded " + keys, startedAt);
                sizes(folder);
                if (args.length > 3) {
                    // As SIGKILL would.
                    Runtime.getRuntime().halt(9);
                }
                startedAt = System.nanoTime();
            }
            say("closed", startedAt);
        }
        startedAt = System.nanoTime();
        try (RocksStore store = open(folder, durability)) {
            say("opened", startedAt);
            look(store, keys);
        }
        sizes(folder);
    }

    private static RocksStore open(Path folder, Durability durability) throws Exception {
        return RocksStore.open(folder, RocksConfig.of(StoreLimits.ofDisk(1 << 24), durability));
    }

    private static Key key(int number) {
        return Key.of("user:%09d".formatted(number).getBytes(StandardCharsets.US_ASCII));
    }

    private static void load(RocksStore store, int keys) throws InterruptedException {
        var threads = new Thread[THREADS];
        for (int t = 0; t < THREADS; t++) {
            int thread = t;
            threads[t] = Thread.startVirtualThread(() -> loadShare(store, thread, keys));
        }
        for (Thread thread : threads) {
            thread.join();
        }
    }

    private static void loadShare(RocksStore store, int thread, int keys) {
        var random = new Random(thread);
        byte[] value = new byte[VALUE_BYTES];
        try {
            for (int transaction = thread; transaction * UNIT < keys; transaction += THREADS) {
                try (Transaction changes = store.begin()) {
                    for (int i = transaction * UNIT; i < Math.min(keys, (transaction + 1) * UNIT); i++) {
                        random.nextBytes(value);
                        store.set(key(i), value.clone());
                    }
                    changes.commit();
                }
            }
        } catch (StoreException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void look(RocksStore store, int keys) throws StoreException {
        long startedAt = System.nanoTime();
        store.get(key(keys / 2));
        say("first GET", startedAt);
        var random = new Random(1);
        startedAt = System.nanoTime();
        for (int i = 0; i < 100_000; i++) {
            if (store.get(key(random.nextInt(keys))) == null) {
                throw new IllegalStateException("a key is missing");
            }
        }
        say("100,000 random GETs", startedAt);
        startedAt = System.nanoTime();
        long size = store.size();
        say("COUNT = " + size, startedAt);
        startedAt = System.nanoTime();
        long found = store.count("user:".getBytes(StandardCharsets.US_ASCII));
        say("COUNT user: = " + found, startedAt);
        startedAt = System.nanoTime();
        List<Key> page = store.keys("user:".getBytes(StandardCharsets.US_ASCII), 100, key(keys / 2).bytes());
        say("KEYS user: 100 after the middle: " + page.size(), startedAt);
    }

    private static void sizes(Path folder) throws Exception {
        try (Stream<Path> files = Files.walk(folder)) {
            List<Path> all = files.filter(Files::isRegularFile).toList();
            long bytes = 0;
            long logs = 0;
            for (Path file : all) {
                bytes += Files.size(file);
                logs += file.toString().endsWith(".log") ? Files.size(file) : 0;
            }
            String status = Files.readString(Path.of("/proc/self/status"));
            String resident = status.lines().filter(line -> line.startsWith("VmRSS")).findFirst().orElse("");
            var memory = Runtime.getRuntime();
            System.out.printf("%d files, %d MB (logs %d MB); %s, heap %d MB%n", all.size(), bytes >> 20, logs >> 20,
                    resident.replaceAll("\\s+", " "), memory.totalMemory() - memory.freeMemory() >> 20);
        }
    }

    private static void say(String what, long startedAt) {
        System.out.printf("%s: %d ms%n", what, (System.nanoTime() - startedAt) / 1_000_000);
    }
}
