package dev.cipherlink.server.sessions;

import dev.cipherlink.store.Key;
import dev.cipherlink.store.KeyValueStore;
import dev.cipherlink.store.StoreException;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/// `RANDOMKEY`: narrows a prefix down, byte by byte, until few keys begin with it, and chooses one of them. Each key is possible,
/// though not each as likely, unless it lies below more than [#MAX_STEPS] prefixes where many keys branch off.
final class RandomKey {
    /// Keys among which it chooses in the end.
    private static final int PAGE = 1_000;
    /// Limits the listings of a request, for keys that are prefixes of each other.
    private static final int MAX_STEPS = 64;
    private static final byte[] NO_BYTES = {};

    private RandomKey() {
    }

    /// Blocks for short listings.
    ///
    /// @return null if there are no keys
    static Key choose(KeyValueStore store) throws StoreException {
        var random = ThreadLocalRandom.current();
        byte[] prefix = NO_BYTES;
        List<Key> keys = store.keys(prefix, PAGE + 1, NO_BYTES);
        for (int i = 0; i < MAX_STEPS && keys.size() > PAGE; i++) {
            prefix = longest(store, prefix, keys);
            Key first = keys.getFirst();
            if (first.bytes().length == prefix.length && random.nextInt(PAGE) == 0) {
                // The prefix itself is a key, which no longer prefix leads to.
                return first;
            }
            Key longer = first.bytes().length == prefix.length ? keys.get(1) : first;
            byte[] next = withNextByte(store, prefix, longer.bytes()[prefix.length] & 0xff);
            List<Key> fewer = next == null ? List.of() : store.keys(next, PAGE + 1, NO_BYTES);
            if (fewer.isEmpty()) {
                // Deleted meanwhile.
                break;
            }
            prefix = next;
            keys = fewer;
        }
        return keys.isEmpty() ? null : keys.get(random.nextInt(keys.size()));
    }

    /// A prefix with one more byte, that of the first key from a random place on. Behind the last key it tries a smaller one.
    ///
    /// @param low the smallest next byte
    /// @return null if there are no such keys any more
    private static byte[] withNextByte(KeyValueStore store, byte[] prefix, int low) throws StoreException {
        for (int high = 1 << Byte.SIZE; high > low;) {
            high = ThreadLocalRandom.current().nextInt(low, high);
            List<Key> next = store.keys(prefix, 1, high == low ? prefix : end(prefix, high - 1));
            if (!next.isEmpty()) {
                return Arrays.copyOf(next.getFirst().bytes(), prefix.length + 1);
            }
        }
        return null;
    }

    /// Behind all keys that begin with this prefix and this byte: UTF-8 has no byte 255.
    private static byte[] end(byte[] prefix, int next) {
        byte[] end = Arrays.copyOf(prefix, prefix.length + 2);
        end[prefix.length] = (byte) next;
        end[prefix.length + 1] = (byte) 0xff;
        return end;
    }

    /// The longest prefix of all keys that begin with this one: a long common part takes one step.
    ///
    /// @param keys the first of them, at least two
    private static byte[] longest(KeyValueStore store, byte[] prefix, List<Key> keys) throws StoreException {
        byte[] last = keys.getLast().bytes();
        int shared = Arrays.mismatch(keys.getFirst().bytes(), last);
        if (shared == prefix.length) {
            return prefix;
        }
        byte[] longest = Arrays.copyOf(last, shared);
        return store.keys(prefix, 1, end(Arrays.copyOf(last, shared - 1), last[shared - 1])).isEmpty() ? longest : prefix;
    }
}
