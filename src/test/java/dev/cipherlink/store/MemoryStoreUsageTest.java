package dev.cipherlink.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class MemoryStoreUsageTest extends StoreUsageContract {
    private static final int MANY_KEYS = 120_000;

    @Override
    public KeyValueStore open(StoreLimits limits) {
        return new MemoryStore(limits, clock, ManualClock.WALL_NANOS);
    }

    /// KEYS and COUNT of all clients waited while the keys of one were counted.
    @Test
    void listingsGetTheirTurnWhileItCounts() throws Exception {
        long bytes = 0;
        for (int i = 0; i < MANY_KEYS; i++) {
            Key key = Key.of(("a:" + i).getBytes(UTF_8));
            store.set(key, new byte[1]);
            bytes += key.bytes().length + 1;
        }
        var listed = new CompletableFuture<Integer>();
        var looks = new AtomicInteger();
        Usage usage = store.usage("slow", new Usage.Space() {
            @Override
            public boolean contains(byte[] key) {
                int look = looks.incrementAndGet();
                if (look == 1) {
                    begin();
                } else if (look == MANY_KEYS) {
                    listed.orTimeout(60, TimeUnit.SECONDS).join();
                }
                return SPACE.contains(key);
            }

            @Override
            public List<byte[]> prefixes() {
                return SPACE.prefixes();
            }

            /// Lists a key, as another client, which waits for its turn.
            private void begin() {
                Thread other = Thread.ofVirtual().start(() -> {
                    try {
                        listed.complete(store.keys("a:".getBytes(UTF_8), 1, new byte[0]).size());
                    } catch (StoreException e) {
                        listed.completeExceptionally(e);
                    }
                });
                await().until(() -> other.getState() == Thread.State.WAITING);
            }
        });
        assertTrue(usage.awaitCount(Duration.ofSeconds(100)));
        assertEquals(1, listed.get());
        assertEquals(bytes, usage.bytes());
    }

    /// Without memory for the count of a new key, the key stayed in the order: it was counted and looked at for ever.
    @Test
    void takesBackANewKeyForWhichThereIsNoMemory() throws Exception {
        var hasMemory = new AtomicBoolean(true);
        Usage usage = store.usage("scarce", new Usage.Space() {
            @Override
            public boolean contains(byte[] key) {
                if (!hasMemory.get()) {
                    throw new OutOfMemoryError("for the test");
                }
                return SPACE.contains(key);
            }

            @Override
            public List<byte[]> prefixes() {
                return SPACE.prefixes();
            }
        });
        assertTrue(usage.awaitCount(Duration.ofSeconds(60)));
        Key key = Key.of("a:1".getBytes(UTF_8));
        hasMemory.set(false);
        assertThrows(OutOfMemoryError.class, () -> store.set(key, new byte[1]));
        hasMemory.set(true);
        var memory = (MemoryStore) store;
        assertEquals(0, memory.keptKeys());
        assertEquals(0, memory.usedBytes());
        assertEquals(0, usage.bytes());
        store.set(key, new byte[1]);
        assertEquals(1, memory.keptKeys());
        assertEquals(4, usage.bytes());
    }
}
