package dev.cipherlink.store;

import static dev.cipherlink.store.StoreContract.bytes;
import static dev.cipherlink.store.StoreContract.key;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.store.KeyValueStore.Need;
import dev.cipherlink.store.StoreException.Reason;
import dev.cipherlink.store.Usage.Quota;
import dev.cipherlink.store.Usage.Space;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/// Bytes are counted for quotas as they are, whatever happens meanwhile. Each engine runs it.
public abstract class StoreUsageContract {
    private static final int KEYS = 300;

    public final ManualClock clock = new ManualClock();
    public KeyValueStore store;

    public abstract KeyValueStore open(StoreLimits limits) throws IOException;

    @BeforeEach
    void openStore() throws IOException {
        store = open(new StoreLimits(20_000, 100_000_000));
    }

    @AfterEach
    void closeStore() {
        store.close();
    }

    /// Keys that begin with `a:`, but for those that begin with `a:x`.
    public static final Space SPACE = new Space() {
        @Override
        public boolean contains(byte[] key) {
            return Key.of(key).startsWith(bytes("a:")) && !Key.of(key).startsWith(bytes("a:x"));
        }

        @Override
        public List<byte[]> prefixes() {
            return List.of(bytes("a:"));
        }
    };

    public Usage counted() throws InterruptedException {
        Usage usage = store.usage("a", SPACE);
        assertTrue(usage.awaitCount(Duration.ofSeconds(60)));
        return usage;
    }

    /// What is there, key by key.
    public long real() throws StoreException {
        long bytes = 0;
        for (Key key : store.keys(bytes("a:"), 100_000, new byte[0])) {
            bytes += SPACE.contains(key.bytes()) ? key.bytes().length + store.valueBytes(key) : 0;
        }
        return bytes;
    }

    @Test
    void countsWhatIsThereAndEachChange() throws Exception {
        store.set(key("a:1"), bytes("12345"));
        store.set(key("a:x"), bytes("12345"));
        store.set(key("b"), bytes("12345"));
        Usage usage = counted();
        assertEquals(8, usage.bytes());
        assertSame(usage, store.usage("a", SPACE));
        assertEquals(Map.of("a", 8L), store.usages());

        store.set(key("a:1"), bytes("1"));
        assertEquals(4, usage.bytes());
        store.append(key("a:1"), bytes("234"));
        store.set(key("a:2"), new byte[10_000]);
        store.increment(key("a:3"), 100);
        store.setRange(key("a:4"), 5, bytes("12"));
        assertEquals(7 + 10_003 + 6 + 10, usage.bytes());
        store.copy(key("a:1"), key("a:5"));
        store.copy(key("a:1"), key("b:5"));
        store.delete(key("a:2"));
        store.delete(key("a:2"));
        assertEquals(7 + 6 + 10 + 7, usage.bytes());
        store.atomically(Map.of(key("a:1"), Need.VALUE, key("a:6"), Need.NOTHING, key("b:6"), Need.NOTHING), false, verbs -> {
            verbs.set(key("a:6"), bytes("1"));
            verbs.set(key("b:6"), bytes("1"));
            verbs.append(key("a:1"), bytes("5"));
            return null;
        });
        assertEquals(8 + 6 + 10 + 7 + 4, usage.bytes());
        assertEquals(real(), usage.bytes());
    }

    /// Until it is removed, a key that has expired takes its place on the disk.
    @Test
    void aKeyThatExpiresGoesOutOfTheNumber() throws Exception {
        Usage usage = counted();
        store.set(key("a:1"), bytes("1"));
        store.set(key("a:2"), bytes("1"));
        store.expire(key("a:1"), Duration.ofSeconds(1));
        store.expire(key("a:2"), Duration.ofSeconds(1));
        clock.advance(Duration.ofSeconds(2));
        store.set(key("a:1"), bytes("12"));
        assertNull(store.get(key("a:2")));
        await().until(() -> {
            store.size();
            store.delete(key("a:2"));
            return usage.bytes() == 5;
        });
    }

    @Test
    void aWriteBeyondTheQuotaIsRefusedToTheByte() throws Exception {
        var quota = new Quota(counted(), 20);
        try (Transaction transaction = store.begin()) {
            transaction.limit(quota);
            store.set(key("a:1"), bytes("1234567"));
            store.set(key("a:2"), bytes("1234567"));
            assertRefused(() -> store.set(key("a:3"), bytes("")));
            assertRefused(() -> store.append(key("a:1"), bytes("8")));
            assertRefused(() -> store.atomically(Map.of(key("a:1"), Need.VALUE, key("a:3"), Need.NOTHING), false, verbs -> {
                verbs.set(key("a:1"), bytes("1"));
                return verbs.set(key("a:3"), bytes("12345"));
            }));
            store.atomically(Map.of(key("a:1"), Need.VALUE, key("a:3"), Need.NOTHING), false, verbs -> {
                verbs.set(key("a:1"), bytes("1"));
                return verbs.set(key("a:3"), bytes("123"));
            });
            store.set(key("b"), new byte[100]);
            transaction.commit();
        }
        assertEquals(20, quota.usage().bytes());
        store.set(key("a:2"), new byte[100]);
        assertEquals(113, quota.usage().bytes(), "a client without a quota, such as an operator");
        try (Transaction transaction = store.begin()) {
            transaction.limit(quota);
            assertRefused(() -> store.set(key("a:1"), bytes("12")));
            store.set(key("a:2"), new byte[90]);
            store.delete(key("a:2"));
            transaction.commit();
        }
        assertEquals(10, quota.usage().bytes());
        assertEquals(real(), quota.usage().bytes());
    }

    /// A write may be in several parts, each of whose clients has a quota of its own.
    @Test
    void aWriteThatOneQuotaRefusesIsInNoNumber() throws Exception {
        Usage first = counted();
        Usage second = store.usage("second", SPACE);
        assertTrue(second.awaitCount(Duration.ofSeconds(60)));
        for (Usage limited : List.of(first, second)) {
            try (Transaction transaction = store.begin()) {
                transaction.limit(new Quota(limited, 5));
                assertRefused(() -> store.set(key("a:1"), bytes("123")));
                assertEquals(Map.of("a", 0L, "second", 0L), store.usages());
            }
        }
        store.set(key("a:1"), bytes("123"));
        assertEquals(Map.of("a", 6L, "second", 6L), store.usages());
    }

    /// A count that fails costs no write anything afterwards, and is made anew.
    @Test
    void aPartThatCouldNotBeCountedIsForgottenAndTheOthersGoOn() throws Exception {
        store.set(key("a:1"), bytes("1"));
        Usage good = counted();
        var isSeen = new CountDownLatch(1);
        Space broken = new Space() {
            @Override
            public boolean contains(byte[] key) {
                awaitOrFail(isSeen);
                throw new IllegalStateException("for the test");
            }

            @Override
            public List<byte[]> prefixes() {
                return SPACE.prefixes();
            }
        };
        Usage bad = store.usage("bad", broken);
        assertEquals(Map.of("a", 4L), store.usages(), "not before it is counted");
        isSeen.countDown();
        assertFalse(bad.awaitCount(Duration.ofSeconds(60)));
        assertFalse(bad.isCounted());
        store.set(key("a:2"), bytes("1"));
        assertEquals(8, good.bytes());
        Usage again = store.usage("bad", SPACE);
        assertTrue(again.awaitCount(Duration.ofSeconds(60)));
        assertEquals(Map.of("a", 8L, "bad", 8L), store.usages());
    }

    private static void awaitOrFail(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void assertRefused(Executable write) {
        StoreException refusal = assertThrows(StoreException.class, write);
        assertEquals(Reason.QUOTA, refusal.reason());
        assertTrue(refusal.getMessage().startsWith("the store is full for your key, whose keys take "), refusal.getMessage());
    }

    /// Others write, delete and hold the same keys while it counts, again and again.
    @Test
    void isExactWhileOthersWrite() throws Exception {
        for (int round = 0; round < 5; round++) {
            int seed = round;
            var isOver = new AtomicBoolean();
            // Not virtual ones: on one processor they would let nothing else run.
            try (var threads = Executors.newCachedThreadPool()) {
                List<Future<?>> writers = IntStream.range(0, 4).<Future<?>>mapToObj(i -> threads.submit(() -> {
                    var random = new Random(100 * seed + i);
                    for (int step = 0; !isOver.get() || step < 200; step++) {
                        write(random);
                    }
                    return null;
                })).toList();
                await().until(() -> store.size() > 20);
                Usage usage = store.usage("round" + round, SPACE);
                assertTrue(usage.awaitCount(Duration.ofSeconds(60)));
                isOver.set(true);
                for (Future<?> writer : writers) {
                    writer.get();
                }
                assertEquals(real(), usage.bytes());
            }
        }
        long real = real();
        store.usages().forEach((name, bytes) -> assertEquals(real, bytes, name));
    }

    private void write(Random random) throws StoreException {
        Key one = key((random.nextInt(10) == 0 ? "a:x" : random.nextInt(10) == 0 ? "b" : "a:") + random.nextInt(KEYS));
        Key other = key("a:" + random.nextInt(KEYS));
        byte[] value = new byte[random.nextInt(20) == 0 ? 9_000 : random.nextInt(50)];
        switch (random.nextInt(6)) {
            case 0, 1 -> store.set(one, value);
            case 2 -> store.delete(one);
            case 3 -> store.append(one, new byte[1]);
            case 4 -> store.copy(one, other);
            default -> store.atomically(one.equals(other) ? Map.of(one, Need.VALUE) : Map.of(one, Need.VALUE, other, Need.VALUE), false,
                    verbs -> {
                        verbs.delete(one);
                        return verbs.set(other, value);
                    });
        }
    }
}
