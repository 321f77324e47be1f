package dev.cipherlink.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.store.KeyValueStore.Need;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Many threads at once, in every store.
public abstract class StoreConcurrencyContract {
    private static final int THREADS = 8;
    private static final byte[] ANY = {};

    public KeyValueStore store;

    public abstract KeyValueStore open() throws IOException;

    public abstract int rounds();

    /// Checks that only one engine can make.
    public abstract void checkContent(int keys, int deadlines) throws Exception;

    @BeforeEach
    void openStore() throws IOException {
        store = open();
    }

    @AfterEach
    void closeStore() {
        store.close();
    }

    @Test
    void noIncrementIsLost() throws Exception {
        int keys = 5;
        inParallel(thread -> {
            for (int round = 0; round < rounds(); round++) {
                store.increment(key((thread + round) % keys), 1);
            }
            return null;
        });
        for (int i = 0; i < keys; i++) {
            assertEquals((long) THREADS * rounds() / keys, store.increment(key(i), 0));
        }
        assertEquals(keys, store.size());
    }

    @Test
    void onlyOneOfManyCompareAndSetsWins() throws Exception {
        Key key = key(0);
        List<Integer> wins = inParallel(_ -> {
            int won = 0;
            for (int round = 0; round < rounds() / 10; round++) {
                var entry = store.entry(key);
                long number = entry == null ? 0 : Long.parseLong(new String(entry.value(), UTF_8));
                long version = entry == null ? 0 : entry.version();
                if (store.compareAndSet(key, version, Long.toString(number + 1).getBytes(UTF_8)).isSet()) {
                    won++;
                }
            }
            return won;
        });
        assertEquals(wins.stream().mapToLong(Integer::longValue).sum(), store.increment(key, 0));
    }

    @Test
    void versionsOfAKeyOnlyGrow() throws Exception {
        inParallel(thread -> {
            var random = new Random(thread);
            long last = 0;
            for (int round = 0; round < rounds(); round++) {
                if (random.nextInt(4) == 0) {
                    store.delete(key(0));
                }
                var entry = store.entry(key(0));
                long version = entry == null ? store.set(key(0), ANY) : entry.version();
                assertTrue(version >= last, version + " after " + last);
                last = version;
            }
            return null;
        });
    }

    @Test
    void listingDeadlinesAndSizesAgreeWithTheContent() throws Exception {
        int keys = 50;
        inParallel(thread -> {
            var random = new Random(thread);
            for (int round = 0; round < rounds(); round++) {
                changeSomething(key(random.nextInt(keys)), random);
            }
            return null;
        });
        var existing = new ArrayList<Key>();
        int expiring = 0;
        for (int i = 0; i < keys; i++) {
            // A key that is taken in here cannot expire any more while the test looks.
            if (store.persist(key(i))) {
                existing.add(key(i));
                expiring += i % 2 == 0 && store.expire(key(i), Duration.ofHours(1)) ? 1 : 0;
            }
        }
        existing.sort(null);
        assertFalse(existing.isEmpty());
        assertEquals(existing, store.keys(ANY, keys, ANY));
        assertEquals(existing.size(), store.size());
        checkContent(existing.size(), expiring);
        for (Key key : existing) {
            assertTrue(store.delete(key));
        }
        checkContent(0, 0);
    }

    /// Half of the threads move amounts between keys and create and delete them, the others look at all of them as one, and add to
    /// each for itself: no look sees a part of a move, and no addition is lost.
    @Test
    void verbsThatRunAsOneHaveNoStateBetween() throws Exception {
        int keys = 6;
        var all = new HashMap<Key, Need>();
        for (int i = 0; i < keys; i++) {
            all.put(key(i), Need.VALUE);
        }
        store.increment(key(0), 1_000);
        List<Integer> added = inParallel(thread -> {
            var random = new Random(thread);
            int sum = 0;
            for (int round = 0; round < rounds() / 4; round++) {
                switch (thread % 4) {
                    case 0, 1 -> move(random.nextInt(keys), random.nextInt(keys), random.nextInt(10));
                    case 2 -> assertEquals(0, store.atomically(all, true, this::sum) % 1_000);
                    default -> {
                        store.increment(key(random.nextInt(keys)), 1_000);
                        sum += 1_000;
                    }
                }
            }
            return sum;
        });
        assertEquals(1_000 + added.stream().mapToLong(Integer::longValue).sum(), store.atomically(all, true, this::sum));
        long live = 0;
        for (Key key : all.keySet()) {
            live += store.exists(key) ? 1 : 0;
        }
        assertEquals(live, store.size());
        assertEquals(live, store.keys(ANY, keys, ANY).size());
    }

    private void move(int from, int to, int amount) throws StoreException {
        store.atomically(Map.of(key(from), Need.VALUE, key(to == from ? to + 100 : to), Need.VALUE), false, verbs -> {
            verbs.increment(key(from), -amount);
            if (verbs.increment(key(from), 0) == 0) {
                verbs.delete(key(from));
            }
            return verbs.increment(key(to), amount);
        });
    }

    private long sum(KeyVerbs verbs) throws StoreException {
        long sum = 0;
        for (int i = 0; i < 6; i++) {
            byte[] value = verbs.get(key(i));
            sum += value == null ? 0 : Decimal.decode(value);
        }
        return sum;
    }

    private void changeSomething(Key key, Random random) throws StoreException {
        switch (random.nextInt(8)) {
            case 0, 1 -> store.set(key, new byte[random.nextInt(20)]);
            case 2 -> store.append(key, new byte[1]);
            case 3 -> store.expire(key, Duration.ofNanos(1 + random.nextInt(100_000)));
            case 4 -> store.expire(key, Duration.ofHours(1));
            case 5 -> store.persist(key);
            case 6 -> assertTrue(store.size() <= 50);
            default -> store.delete(key);
        }
    }

    private interface Work<T> {
        T run(int thread) throws Exception;
    }

    private static <T> List<T> inParallel(Work<T> work) throws InterruptedException, ExecutionException {
        var results = new ArrayList<T>();
        try (var executor = Executors.newFixedThreadPool(THREADS)) {
            var tasks = new ArrayList<Callable<T>>();
            for (int i = 0; i < THREADS; i++) {
                int thread = i;
                tasks.add(() -> work.run(thread));
            }
            for (Future<T> future : executor.invokeAll(tasks)) {
                results.add(future.get());
            }
        }
        return results;
    }

    private static Key key(int number) {
        return Key.of(("key" + number).getBytes(UTF_8));
    }
}
