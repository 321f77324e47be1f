package dev.cipherlink.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.store.KeyVerbs.CasResult;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Random operations on the store and on a model of a few lines that shares nothing with it: both agree all the time.
/// The seeds are fixed: a failure shows itself again.
public abstract class StoreModelContract {
    private static final int KEYS = 40;
    private static final int MAX_VALUE_BYTES = 8;
    private static final long NEVER = Long.MAX_VALUE;

    public final ManualClock clock = new ManualClock();
    private final TreeMap<String, Model> model = new TreeMap<>();
    private long second;
    private long lastVersion;

    private record Model(String value, long version, long expiresAt) {
        Model expiringAt(long moment) {
            return new Model(value, version, moment);
        }
    }

    public abstract KeyValueStore open(StoreLimits limits) throws IOException;

    public abstract int steps();

    /// Figures of one engine, compared with the model's keys, deadlines and bytes of keys and values.
    public abstract void checkEnd(KeyValueStore store, int keys, long deadlines, long bytes) throws Exception;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void behavesLikeTheModel(long seed) throws Exception {
        var random = new Random(seed);
        try (KeyValueStore store = open(new StoreLimits(MAX_VALUE_BYTES, Long.MAX_VALUE))) {
            for (int step = 0; step < steps(); step++) {
                doOne(store, random);
                checkOne(store, "k" + random.nextInt(KEYS));
                checkListing(store, random);
            }
            assertEquals(model.size(), store.size());
            checkEnd(store, model.size(), model.values().stream().filter(m -> m.expiresAt != NEVER).count(),
                    model.entrySet().stream().mapToLong(e -> e.getKey().length() + e.getValue().value.length()).sum());
        }
    }

    private void doOne(KeyValueStore store, Random random) throws StoreException {
        String name = "k" + random.nextInt(KEYS);
        String value = Integer.toString(random.nextInt(1000));
        switch (random.nextInt(9)) {
            case 0, 1 -> put(name, value, store.set(key(name), bytes(value)), NEVER);
            case 2 -> assertEquals(model.remove(name) != null, store.delete(key(name)));
            case 3 -> increment(store, name, random.nextInt(100) - 50);
            case 4 -> append(store, name, value);
            case 5 -> compareAndSet(store, name, value, random.nextBoolean());
            case 6 -> {
                int seconds = 1 + random.nextInt(20);
                assertEquals(model.containsKey(name), store.expire(key(name), Duration.ofSeconds(seconds)));
                model.computeIfPresent(name, (_, old) -> old.expiringAt(second + seconds));
            }
            case 7 -> {
                assertEquals(model.containsKey(name), store.persist(key(name)));
                model.computeIfPresent(name, (_, old) -> old.expiringAt(NEVER));
            }
            default -> {
                clock.advance(Duration.ofSeconds(1));
                second++;
                model.values().removeIf(entry -> entry.expiresAt <= second);
            }
        }
    }

    private void increment(KeyValueStore store, String name, long by) throws StoreException {
        Model old = model.get(name);
        long sum = (old == null ? 0 : Long.parseLong(old.value)) + by;
        assertEquals(sum, store.increment(key(name), by));
        put(name, Long.toString(sum), store.entry(key(name)).version(), old == null ? NEVER : old.expiresAt);
    }

    private void append(KeyValueStore store, String name, String suffix) throws StoreException {
        Model old = model.get(name);
        String joined = (old == null ? "" : old.value) + suffix;
        if (joined.length() > MAX_VALUE_BYTES) {
            assertThrows(StoreException.class, () -> store.append(key(name), bytes(suffix)));
        } else {
            assertEquals(joined.length(), store.append(key(name), bytes(suffix)));
            put(name, joined, store.entry(key(name)).version(), old == null ? NEVER : old.expiresAt);
        }
    }

    private void compareAndSet(KeyValueStore store, String name, String value, boolean isCurrent) throws StoreException {
        long current = model.containsKey(name) ? model.get(name).version : 0;
        CasResult result = store.compareAndSet(key(name), isCurrent ? current : current + 1, bytes(value));
        assertEquals(isCurrent, result.isSet());
        if (isCurrent) {
            put(name, value, result.version(), NEVER);
        } else {
            assertEquals(current, result.version());
        }
    }

    private void put(String name, String value, long version, long expiresAt) {
        assertTrue(version > lastVersion, version + " after " + lastVersion);
        lastVersion = version;
        model.put(name, new Model(value, version, expiresAt));
    }

    private void checkOne(KeyValueStore store, String name) throws StoreException {
        Model expected = model.get(name);
        KeyValueStore.Entry entry = store.entry(key(name));
        assertEquals(expected != null, store.exists(key(name)));
        if (expected == null) {
            assertNull(entry);
        } else {
            assertEquals(expected.value, new String(entry.value(), UTF_8));
            assertEquals(expected.version, entry.version());
            assertEquals(expected.expiresAt == NEVER ? -1 : expected.expiresAt - second, entry.ttlSeconds());
        }
    }

    private void checkListing(KeyValueStore store, Random random) throws StoreException {
        String prefix = List.of("", "k", "k1", "k3", "x").get(random.nextInt(5));
        String after = random.nextBoolean() ? "" : "k" + random.nextInt(KEYS);
        int limit = 1 + random.nextInt(KEYS);
        assertEquals(
                model.keySet().stream().filter(name -> name.startsWith(prefix) && name.compareTo(after) > 0)
                        .limit(limit).toList(),
                store.keys(bytes(prefix), limit, bytes(after)).stream().map(Key::toString).toList());
        assertEquals(model.keySet().stream().filter(name -> name.startsWith(prefix)).count(),
                store.count(bytes(prefix)));
    }

    private static Key key(String text) {
        return Key.of(bytes(text));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }
}
