package dev.cipherlink.store.disk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.store.Key;
import dev.cipherlink.store.KeyValueStore.Atomic;
import dev.cipherlink.store.KeyValueStore.Need;
import dev.cipherlink.store.KeyValueStore.OwnRecord;
import dev.cipherlink.store.KeyVerbs;
import dev.cipherlink.store.StoreChild;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.Transaction;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A disk that fills and is freed again and again under one who writes and several who read.
///
/// `-Dcipherlink.full.seconds=60` goes on for so long; the normal build for a few seconds.
@Timeout(900)
class FullDiskIT {
    private static final int SECONDS = Integer.getInteger("cipherlink.full.seconds", 5);
    private static final int READERS = 4;
    private static final Key COUNTER = StoreChild.key("counter");
    private static final byte[] RECORD = {'a', '/', 'x'};
    private static final int BALLAST_BYTES = 1 << 20;
    private static final int VALUE_BYTES = 10_000;
    private static final int PARTLY_FREE_BYTES = 16 << 20;

    @TempDir
    Path folder;

    private SmallDisk small;
    private Path disk;
    private final AtomicBoolean isOver = new AtomicBoolean();
    /// The last number that was acknowledged, those that were refused, and the last of both.
    private final AtomicLong acknowledged = new AtomicLong();
    private final Set<Long> refused = ConcurrentHashMap.newKeySet();
    private final AtomicLong settled = new AtomicLong();

    @BeforeEach
    void mount() throws Exception {
        small = new SmallDisk(folder, "64m");
        disk = small.path();
    }

    @AfterEach
    void unmount() throws Exception {
        if (small != null) {
            small.unmount();
        }
    }

    /// Issue 13.1: a GET answered the value of a SET that was refused, when its commit failed between the look at the key and the
    /// note of what the answer depends on.
    @Test
    void nothingAcknowledgedIsLostAndNothingRefusedIsRead() throws Exception {
        try (RocksStore store = RocksStores.durable(disk.resolve("store")); ExecutorService threads = Executors.newCachedThreadPool()) {
            List<Future<Void>> running = new ArrayList<>();
            running.add(threads.submit(() -> write(store)));
            for (int i = 0; i < READERS; i++) {
                running.add(threads.submit(() -> read(store)));
            }
            int fills;
            try {
                fills = fillAndFree();
            } finally {
                isOver.set(true);
            }
            end(running);
            System.out.printf("%d acknowledged, %d refused, full %d times%n", settled.get() - refused.size(), refused.size(), fills);
            assertTrue(fills > 1, "the disk was not full");
            assertTrue((long) store.info().get("store_refused_full") >= refused.size());
            assertTrue(store.isShortOfDisk(), "/readyz says so");
        }
        try (RocksStore store = RocksStores.durable(disk.resolve("store"))) {
            assertEquals(acknowledged.get(), number(store.get(COUNTER)));
            assertEquals(List.of(), store.check());
        }
    }

    /// RocksDB, which had failed to write on the full disk, waited for 32 MiB of it to be free before it wrote again; the files of
    /// the log, which are deleted when RocksDB has written, took all that was free, and the store refused writes for ever.
    @Test
    void aLogThatGrewOnAFullDiskDoesNotKeepTheDatabaseFromWriting() throws Exception {
        try (RocksStore store = RocksStores.durable(disk.resolve("store"))) {
            List<Path> ballast = new ArrayList<>();
            fill(ballast);
            waitFor(() -> !set(store));
            // A copy begins with what RocksDB has to write.
            assertThrows(IOException.class, () -> store.backUp(folder.resolve("copy")));
            long left = 0;
            while (left < PARTLY_FREE_BYTES) {
                Path file = ballast.removeFirst();
                left += Files.size(file);
                Files.delete(file);
            }
            long bytes = 0;
            while (bytes < 3 * PARTLY_FREE_BYTES) {
                waitFor(() -> set(store));
                bytes += VALUE_BYTES;
            }
        }
    }

    private boolean set(RocksStore store) throws StoreException {
        try {
            store.set(COUNTER, new byte[VALUE_BYTES]);
            return true;
        } catch (StoreException e) {
            assertEquals(StoreException.Reason.FULL, e.reason());
            return false;
        }
    }

    private static void end(List<Future<Void>> running) throws InterruptedException {
        for (Future<Void> thread : running) {
            try {
                thread.get();
            } catch (ExecutionException e) {
                throw new AssertionError(e.getCause());
            }
        }
    }

    private static long number(byte[] value) {
        return value == null ? 0 : Long.parseLong(new String(value, StandardCharsets.US_ASCII).strip());
    }

    /// Writes larger and larger numbers: one that is refused is never written again.
    private Void write(RocksStore store) throws Exception {
        while (!isOver.get()) {
            long next = settled.get() + 1;
            byte[] value = String.format("%-2000d", next).getBytes(StandardCharsets.US_ASCII);
            try {
                store.set(COUNTER, value);
                acknowledged.set(next);
            } catch (StoreException e) {
                assertEquals(StoreException.Reason.FULL, e.reason());
                refused.add(next);
            }
            settled.set(next);
        }
        return null;
    }

    /// A value read in a transaction that can be committed is one that its writer was, or will be, told is there.
    private Void read(RocksStore store) throws Exception {
        while (!isOver.get()) {
            long before = acknowledged.get();
            long found;
            try (Transaction transaction = store.begin()) {
                found = number(store.get(COUNTER));
                transaction.commit();
            }
            assertTrue(found >= before, found + " was read after " + before + " was acknowledged");
            // The writer may not have been told yet.
            while (settled.get() < found) {
                Thread.onSpinWait();
            }
            assertTrue(!refused.contains(found), found + " was read, and refused");
        }
        return null;
    }

    private int fillAndFree() throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
        int fills = 0;
        while (System.nanoTime() < end) {
            List<Path> ballast = new ArrayList<>();
            waitFor(() -> {
                fill(ballast);
                int before = refused.size();
                TimeUnit.MILLISECONDS.sleep(50);
                return refused.size() > before;
            });
            fills++;
            for (Path file : ballast) {
                Files.delete(file);
            }
            long there = acknowledged.get();
            waitFor(() -> acknowledged.get() > there);
        }
        return fills;
    }

    /// `GETDEL`: its answer, which is stored with the deletion, found no space behind it, and the store took no writes any more.
    @Test
    void aRecordThatFindsNoSpaceHasItsChangesRefused() throws Exception {
        Key key = StoreChild.key("large");
        byte[] value = new byte[8 << 20];
        try (RocksStore store = RocksStores.durable(disk.resolve("store"))) {
            store.set(key, value);
            // RocksDB has it, and does not write on the full disk.
            store.backUp(folder.resolve("copy"));
            List<Path> ballast = new ArrayList<>();
            fill(ballast);
            assertEquals(StoreException.Reason.FULL, assertThrows(StoreException.class, () -> getAndDelete(store, key)).reason());
            assertEquals(value.length, store.get(key).length);
            for (Path file : ballast) {
                Files.delete(file);
            }
            waitFor(() -> set(store));
            assertEquals(value.length, getAndDelete(store, key));
            assertEquals(value.length, store.record(RECORD).length);
            assertNull(store.get(key));
        }
    }

    private static int getAndDelete(RocksStore store, Key key) throws StoreException {
        return store.atomically(Map.of(key, Need.VALUE), false, new Atomic<byte[]>() {
            @Override
            public byte[] run(KeyVerbs verbs) throws StoreException {
                byte[] value = verbs.get(key);
                verbs.delete(key);
                return value;
            }

            @Override
            public OwnRecord record(byte[] answer) {
                return new OwnRecord(RECORD, answer);
            }
        }).length;
    }

    private static void waitFor(Callable<Boolean> condition) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
        while (!condition.call()) {
            assertTrue(System.nanoTime() < end, "it takes too long");
            TimeUnit.MILLISECONDS.sleep(5);
        }
    }

    /// To the last byte.
    private void fill(List<Path> ballast) throws IOException {
        for (int bytes = BALLAST_BYTES; bytes >= 4_096; bytes /= 4) {
            try {
                while (true) {
                    Path file = disk.resolve("ballast" + ballast.size());
                    ballast.add(file);
                    Files.write(file, new byte[bytes]);
                }
            } catch (IOException e) {
                // Smaller ones may fit.
            }
        }
    }
}
