package dev.cipherlink.store;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/// The bytes that the keys of a part of the store take, for quotas: those of each key and its value. An expired key counts until it is
/// removed. Changed with each write, before it can be seen; counted once, when it is first asked for. Thread-safe.
public final class Usage {
    private final Space space;
    private final AtomicLong bytes = new AtomicLong();
    private final CompletableFuture<Void> counted = new CompletableFuture<>();
    /// While it is counted key by key: those that are in the number. Null for an engine that keeps writes out for a moment instead.
    private volatile Set<Key> seen;

    /// A part of the store.
    public interface Space {
        boolean contains(byte[] key);

        /// Prefixes of all its keys; none begins with another.
        List<byte[]> prefixes();
    }

    /// The most bytes to which the writes of one client may bring a part of the store.
    public record Quota(Usage usage, long maxBytes) {
    }

    private Usage(Space space) {
        this.space = space;
    }

    public Space space() {
        return space;
    }

    /// Less than there are while it is counted.
    public long bytes() {
        return bytes.get();
    }

    /// Whether [#bytes] is all that there is.
    public boolean isCounted() {
        return counted.isDone() && !counted.isCompletedExceptionally();
    }

    /// Blocks until it is counted.
    ///
    /// @return false if it was not in time, or failed
    public boolean awaitCount(Duration patience) throws InterruptedException {
        try {
            counted.get(patience.toNanos(), TimeUnit.NANOSECONDS);
            return true;
        } catch (ExecutionException | TimeoutException e) {
            return false;
        }
    }

    /// Adds what was there before it was installed.
    public void addCounted(long more) {
        bytes.addAndGet(more);
    }

    /// Counts a key as it is, unless it is in the number; under its lock.
    ///
    /// @return the cell
    <C> C see(Key key, C cell, long size) {
        Set<Key> keys = seen;
        if (keys != null && space.contains(key.bytes()) && keys.add(key)) {
            bytes.addAndGet(size);
        }
        return cell;
    }

    /// @return whether it may grow so
    private boolean mayAdd(long more, long maxBytes) {
        long before = bytes.get();
        while (more <= 0 || before + more <= maxBytes) {
            if (bytes.compareAndSet(before, before + more)) {
                return true;
            }
            before = bytes.get();
        }
        return false;
    }

    /// All that a store counts.
    public static final class Usages {
        private static final Usage[] NONE = {};

        private final Map<String, Usage> byName = new ConcurrentHashMap<>();
        private volatile Usage[] all = NONE;

        /// Counts what is there.
        public interface Counter {
            /// @param install has changes counted from then on
            void count(Usage usage, Runnable install) throws StoreException;
        }

        /// A key whose entry takes other bytes than before; 0 if there is none.
        public record Growth(Key key, long before, long after) {
        }

        /// What [#reserve] has added.
        public static final class Reserved {
            public static final Reserved NOTHING = new Reserved(NONE, new long[0]);

            private final Usage[] usages;
            private final long[] bytes;

            private Reserved(Usage[] usages, long[] bytes) {
                this.usages = usages;
                this.bytes = bytes;
            }

            /// The write was not done.
            public void takeBack() {
                for (int i = 0; i < usages.length; i++) {
                    usages[i].bytes.addAndGet(-bytes[i]);
                }
            }
        }

        /// That of this part; the first call begins to count it, on a thread of its own.
        ///
        /// @param name the same for the same part
        public Usage of(String name, Space space, Counter counter) {
            return byName.computeIfAbsent(name, _ -> {
                var usage = new Usage(space);
                Thread.ofVirtual().name("cipherlink-count").start(() -> count(name, usage, counter));
                return usage;
            });
        }

        private void count(String name, Usage usage, Counter counter) {
            try {
                counter.count(usage, () -> install(usage));
                usage.counted.complete(null);
            } catch (StoreException | RuntimeException | Error e) {
                byName.remove(name);
                remove(usage);
                usage.counted.completeExceptionally(e);
            }
        }

        private synchronized void install(Usage usage) {
            Usage[] more = Arrays.copyOf(all, all.length + 1);
            more[all.length] = usage;
            all = more;
        }

        private synchronized void remove(Usage usage) {
            all = Arrays.stream(all).filter(each -> each != usage).toArray(Usage[]::new);
        }

        /// Has an engine without a gate count key by key.
        ///
        /// @param looks calls the consumer with each key that is there, once changes are counted
        void countEach(Usage usage, Runnable install, Looks looks, Consumer<Key> look) throws StoreException {
            usage.seen = ConcurrentHashMap.newKeySet();
            install.run();
            looks.forEach(key -> {
                if (usage.space.contains(key.bytes())) {
                    look.accept(key);
                }
            });
            usage.seen = null;
        }

        /// A walk over all keys.
        interface Looks {
            void forEach(Consumer<Key> look) throws StoreException;
        }

        /// The bytes of all parts that are counted, by name.
        Map<String, Long> bytes() {
            var bytes = new TreeMap<String, Long>();
            byName.forEach((name, usage) -> {
                if (usage.isCounted()) {
                    bytes.put(name, usage.bytes());
                }
            });
            return bytes;
        }

        /// Whether a write of the key has to know what was there.
        public boolean covers(Key key) {
            for (Usage usage : all) {
                if (usage.space.contains(key.bytes())) {
                    return true;
                }
            }
            return false;
        }

        /// Whether no write needs [#reserve].
        public boolean isEmpty() {
            return all.length == 0;
        }

        /// Counts changes that become one, under the locks of their keys.
        ///
        /// @param quota of the client that makes them; null for none
        /// @throws StoreException `QUOTA`: nothing was counted
        public Reserved reserve(List<Growth> changes, Quota quota) throws StoreException {
            Usage[] usages = all;
            var reserved = new Reserved(usages, new long[usages.length]);
            for (int i = 0; i < usages.length; i++) {
                for (Growth change : changes) {
                    usages[i].see(change.key, change, change.before);
                    reserved.bytes[i] += usages[i].space.contains(change.key.bytes()) ? change.after - change.before : 0;
                }
            }
            for (int i = 0; i < usages.length; i++) {
                long more = reserved.bytes[i];
                if (quota == null || quota.usage != usages[i]) {
                    usages[i].bytes.addAndGet(more);
                } else if (!usages[i].mayAdd(more, quota.maxBytes)) {
                    // Only those before it were added.
                    for (int done = 0; done < i; done++) {
                        usages[done].bytes.addAndGet(-reserved.bytes[done]);
                    }
                    throw StoreException.overQuota(usages[i].bytes(), quota.maxBytes, more);
                }
            }
            return reserved;
        }
    }
}
