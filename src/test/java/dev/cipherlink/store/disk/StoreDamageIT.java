package dev.cipherlink.store.disk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.store.Key;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.Transaction;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A table or a file of large values has a wrong byte, or lacks its end: the store is not opened, or what was in there
/// is refused when it is read. Never is a wrong value given, or a key that is there called missing.
///
/// `-Dcipherlink.damage=1` changes every byte of each file; the normal build those at 20 places.
@Tag("slow")
class StoreDamageIT {
    private static final int STEP = Integer.getInteger("cipherlink.damage", 0);
    private static final int PLACES = 20;
    private static final int KEYS = 60;
    private static final int LARGE_EVERY = 10;
    private static final byte[] PREFIX = {'s', '/'};

    @TempDir
    Path folder;

    private Path good;
    private Path damaged;
    private int refused;
    private int reported;
    private int harmless;

    /// A key or value of its number.
    private static byte[] bytes(String text, int number) {
        return (text + number).getBytes(StandardCharsets.US_ASCII);
    }

    private static byte[] value(int number) {
        byte[] value = new byte[number % LARGE_EVERY == 0 ? DiskCell.LARGE_BYTES + number : 100];
        new Random(number).nextBytes(value);
        return value;
    }

    @BeforeEach
    void makeStore() throws Exception {
        good = folder.resolve("good");
        damaged = folder.resolve("damaged");
        try (RocksStore store = RocksStores.durable(good); Transaction transaction = store.begin()) {
            for (int i = 0; i < KEYS; i++) {
                store.set(Key.of(bytes("key", i)), value(i));
                transaction.record(bytes("s/", i), value(i));
            }
            store.expire(Key.of(bytes("key", 1)), Duration.ofDays(100));
            transaction.commit();
        }
        // Opening it moves what is in the log into files.
        RocksStores.durable(good).close();
    }

    private List<Path> files(String suffix) throws IOException {
        try (Stream<Path> files = Files.list(StoreFolder.database(good))) {
            return files.filter(file -> file.toString().endsWith(suffix)).sorted().toList();
        }
    }

    private static void delete(Path folder) throws IOException {
        if (Files.exists(folder)) {
            try (Stream<Path> files = Files.walk(folder)) {
                files.sorted(Comparator.reverseOrder()).forEach(file -> {
                    try {
                        Files.delete(file);
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                });
            }
        }
    }

    private void copyWith(Path victim, byte[] content) throws IOException {
        delete(damaged);
        RocksStores.copy(good, damaged);
        Files.write(damaged.resolve(good.relativize(victim)), content);
    }

    private static int[] places(int length) {
        int step = STEP > 0 ? STEP : Math.max(1, length / PLACES);
        return java.util.stream.IntStream.iterate(0, place -> place < length, place -> place + step).toArray();
    }

    @Test
    void neverGivesAWrongValueFromADamagedTable() throws Exception {
        damageAll(".sst");
    }

    @Test
    void neverGivesAWrongValueFromADamagedFileOfLargeValues() throws Exception {
        damageAll(".blob");
    }

    private void damageAll(String suffix) throws Exception {
        List<Path> files = files(suffix);
        assertTrue(!files.isEmpty());
        var random = new Random(5);
        for (Path file : files) {
            byte[] content = Files.readAllBytes(file);
            for (int place : places(content.length)) {
                byte[] flipped = content.clone();
                flipped[place] ^= (byte) (1 << random.nextInt(8));
                copyWith(file, flipped);
                look(file.getFileName() + ", flipped at " + place);
            }
            for (int place : places(content.length)) {
                copyWith(file, Arrays.copyOf(content, place));
                int before = harmless;
                look(file.getFileName() + ", cut to " + place);
                assertEquals(before, harmless, "a cut that nobody noticed: " + file.getFileName() + " to " + place);
            }
        }
        System.out.printf("%d files%s: %d times not opened, %d reported, %d in bytes that nobody reads%n", files.size(), suffix,
                refused, reported, harmless);
        assertTrue(refused + reported > 10 * harmless, harmless + " not noticed");
    }

    private void look(String damage) throws Exception {
        try (RocksStore store = RocksStores.durable(damaged)) {
            boolean isWhole = true;
            for (int i = 0; i < KEYS; i++) {
                isWhole &= isRightOrRefused(store, i, damage);
            }
            isWhole &= areRecordsRightOrRefused(store, damage);
            boolean isFound = isFoundByCheck(store);
            assertTrue(isWhole || isFound, damage + ": `store check` found nothing");
            if (isFound) {
                reported++;
            } else {
                harmless++;
            }
        } catch (IOException e) {
            assertTrue(e.getMessage() != null && !e.getMessage().contains("\n"), damage + ": " + e.getMessage());
            refused++;
        }
    }

    private static boolean isFoundByCheck(RocksStore store) {
        try {
            return !store.check().isEmpty();
        } catch (IOException e) {
            return true;
        }
    }

    /// @return false if it was refused
    private static boolean isRightOrRefused(RocksStore store, int i, String damage) {
        try {
            assertArrayEquals(value(i), store.get(Key.of(bytes("key", i))), damage);
            return true;
        } catch (StoreException e) {
            assertEquals(StoreException.Reason.FAILED, e.reason(), damage);
            return false;
        }
    }

    /// @return false if they were refused
    private static boolean areRecordsRightOrRefused(RocksStore store, String damage) {
        try {
            var records = store.records(PREFIX);
            assertEquals(KEYS, records.size(), damage);
            for (int i = 0; i < KEYS; i++) {
                assertArrayEquals(value(i), records.get(bytes("s/", i)), damage);
            }
            assertEquals(KEYS, store.keys("key".getBytes(StandardCharsets.US_ASCII), 1_000, new byte[0]).size(), damage);
            return true;
        } catch (StoreException e) {
            return false;
        }
    }
}
